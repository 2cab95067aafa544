//! Rows that count more than others.

use crate::float::Float;
use crate::tape::{IntoVar, Var};

/// Σ wᵢ·lᵢ / Σ wᵢ: the mean of losses that are weighted row by row. The losses are those of
/// [`Reduction::None`](crate::loss::Reduction::None), the weights one for each of their entries, or of a shape
/// that broadcasts to theirs.
///
/// ```
/// use wengert::prelude::*;
/// use wengert::train::weighted_mean;
/// let tape = Tape::new();
/// let p = tape.var([[1.0], [4.0]]);
/// let losses = Mse::new().reduction(Reduction::None).of(p, 0.0);
/// let loss = weighted_mean(losses, Tensor::from([[3.0], [1.0]]));
/// assert_eq!(loss.item(), (3.0 * 1.0 + 1.0 * 16.0) / 4.0);
/// assert_eq!(loss.backward()[p], [[1.5], [2.0]]);
/// ```
///
/// # Panics
/// If the shapes do not broadcast.
#[track_caller]
#[doc(alias = "sample_weight")]
pub fn weighted_mean<'t, T: Float>(losses: Var<'t, T>, weights: impl IntoVar<'t, T>) -> Var<'t, T> {
    let weights = weights.into_var(losses.tape());
    let weighted = losses * weights;
    // Each weight counts as often as it was broadcast.
    let times = T::from_f64(weighted.numel() as f64 / weights.numel() as f64);
    weighted.sum() / (weights.sum() * times)
}
