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
/// In a training, the weights are a third part of the batches:
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::prelude::*;
/// use wengert::train::{Trainer, weighted_mean};
/// # let mut params: Params = Params::new();
/// # let (mut sgd, mut rng) = (Sgd::new(0.1), Rng::new(0));
/// let w = params.add("w", 0.0);
/// let (x, y) = (Tensor::ones([2, 1]), Tensor::from([[0.0], [1.0]]));
/// let weights = Tensor::from([[1.0], [3.0]]);
/// let rows = DataLoader::from_dataset((x, y, weights), 2)?;
/// Trainer::new(&mut params, &mut sgd, &mut rng).fit(&rows, 50, |tape, (x, y, weights)| {
///     let losses = Mse::new().reduction(Reduction::None).of(tape.constant(x) * tape.param(w), y);
///     weighted_mean(losses, weights)
/// })?;
/// assert!((params["w"].item() - 0.75).abs() < 1e-3); // the weighted mean of 0 and 1
/// # Ok(()) }
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
