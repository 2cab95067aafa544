//! Diagnosis: what the wrong entries have in common says which mistake was made.

use super::entries::Compared;
use super::watch::Watch;
use crate::float::Float;
use crate::shape::Shape;
use crate::tensor::Tensor;
use std::fmt;

/// A mistake that explains every wrong entry of an input.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Pattern {
    /// The engine's gradient is 0 everywhere and the numbers are not.
    Detached,
    /// The numbers are 0 everywhere and the engine's gradient is not.
    Unused,
    /// analytic = −numeric
    SignFlipped,
    /// analytic = c · numeric
    Factor(f64),
    /// analytic = n · numeric for a whole number n > 2: as where the 1/n of a mean is missing.
    MissingMean(usize),
    /// analytic = numeric / n for a whole number n > 2: as where a mean is taken for a sum.
    ExtraMean(usize),
    /// analytic = numericᵀ in the last two axes.
    Transposed,
    /// Of the entries along an axis of the result to which the input was broadcast, one alone was
    /// counted.
    NotSummed {
        /// The result's axis.
        axis: usize,
        /// Its extent.
        extent: usize,
    },
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Detached => f.write_str("analytic is 0 everywhere: is the input detached?"),
            Pattern::Unused => f.write_str(
                "numeric is 0 everywhere: the input is unused, or no step is large enough to matter",
            ),
            Pattern::SignFlipped => f.write_str("analytic = −numeric: the sign is flipped"),
            Pattern::Factor(2.0) => f.write_str("analytic = 2 × numeric: a factor 2 too many"),
            Pattern::Factor(0.5) => f.write_str("analytic = 0.5 × numeric: a factor 2 is missing"),
            Pattern::Factor(c) => write!(f, "analytic = {c:.9} × numeric"),
            Pattern::MissingMean(n) => {
                write!(f, "analytic = {n} × numeric: 1/N is missing (N = {n}: a batch, an axis?)")
            }
            Pattern::ExtraMean(n) => {
                write!(f, "analytic = numeric / {n}: 1/N too many (N = {n}: a batch, an axis?)")
            }
            Pattern::Transposed => f.write_str("analytic equals the transpose of numeric"),
            Pattern::NotSummed { axis, extent } => write!(
                f,
                "a broadcast axis is not summed: along axis {axis} of the result (extent {extent}) \
                 one entry alone is counted"
            ),
        }
    }
}

/// What explains the wrong entries of an input, if one thing does. `all` says that `entries` are
/// all the entries there are.
pub(crate) fn diagnose<T: Float>(
    watch: &Watch<'_, T>,
    input: usize,
    entries: &[Compared],
    all: bool,
) -> Option<Pattern> {
    let wrong: Vec<&Compared> = entries.iter().filter(|entry| entry.is_wrong()).collect();
    if wrong.is_empty() {
        return None;
    }
    if wrong.iter().all(|entry| entry.analytic == 0.0) {
        return entries.iter().all(|entry| entry.analytic == 0.0).then_some(Pattern::Detached);
    }
    let still = |entry: &Compared| {
        let numeric = &entry.numeric;
        numeric.value == 0.0 && numeric.least == 0.0 && numeric.greatest == 0.0 && !entry.analytic.is_nan()
    };
    if wrong.iter().all(|entry| entry.numeric.value == 0.0) {
        return entries.iter().all(still).then_some(Pattern::Unused);
    }
    let largest = watch.at.iter().chain(&watch.outputs).map(Tensor::numel).max().unwrap_or(0);
    ratio(&wrong, largest)
        .or_else(|| (all && is_transposed(entries, watch.at[input].shape())).then_some(Pattern::Transposed))
        .or_else(|| not_summed(watch, input, &wrong))
}

/// a = b within what the numbers can show.
fn close(a: f64, b: f64, error: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()) + 10.0 * error
}

/// One factor between the engine's gradient and the numbers; `most` is the largest count in sight.
fn ratio(wrong: &[&Compared], most: usize) -> Option<Pattern> {
    // The largest entry knows the factor best.
    let largest = wrong.iter().max_by(|a, b| a.numeric.value.abs().total_cmp(&b.numeric.value.abs()))?;
    let c = largest.analytic / largest.numeric.value;
    let fits = |entry: &&Compared| {
        close(entry.analytic, c * entry.numeric.value, (c.abs() + 1.0) * entry.numeric.error)
    };
    if !c.is_finite() || !wrong.iter().all(fits) {
        return None;
    }
    let whole = |c: f64| {
        c > 2.5 && close(c, c.round(), 0.0) && (c - c.round()).abs() < 1e-3 && c <= most as f64 + 0.5
    };
    match c {
        c if close(c, -1.0, 0.0) => Some(Pattern::SignFlipped),
        c if close(c, 2.0, 0.0) => Some(Pattern::Factor(2.0)),
        c if close(c, 0.5, 0.0) => Some(Pattern::Factor(0.5)),
        c if whole(c) => Some(Pattern::MissingMean(c.round() as usize)),
        c if whole(1.0 / c) => Some(Pattern::ExtraMean((1.0 / c).round() as usize)),
        // Any single entry has some factor; two that share an odd one are no accident.
        c => (wrong.len() > 1).then_some(Pattern::Factor(c)),
    }
}

fn is_transposed(entries: &[Compared], shape: &Shape) -> bool {
    let [.., rows, columns] = *shape.dims() else { return false };
    let size = rows * columns;
    rows > 1
        && columns > 1
        && entries.iter().all(|entry| {
            let (matrix, at) = (entry.flat / size * size, entry.flat % size);
            let (i, j) = (at / columns, at % columns);
            let other = &entries[matrix + j * rows + i];
            close(other.analytic, entry.numeric.value, entry.numeric.error)
        })
}

/// Whether the engine's gradient is what a cotangent would give that has one entry along an axis.
fn not_summed<T: Float>(watch: &Watch<'_, T>, input: usize, wrong: &[&Compared]) -> Option<Pattern> {
    let [result] = &watch.outputs[..] else { return None };
    let (x, y) = (watch.at[input].shape(), result.shape());
    if !x.expands_to(y) {
        return None;
    }
    let missing = y.rank() - x.rank();
    let broadcast = |axis: usize| y[axis] > 1 && (axis < missing || x[axis - missing] == 1);
    let explains = |axis: usize, only: usize| {
        let (_, extent, inner) = y.around(axis);
        let v = &watch.cotangents[0];
        let kept = |flat: usize| flat / inner % extent == only;
        let cut = Tensor::from_fn(y, |flat| if kept(flat) { v.data()[flat] } else { T::ZERO });
        let watch = watch.under(vec![cut]);
        wrong.iter().take(6).all(|entry| {
            let numeric = watch.entry(input, entry.flat, &[]);
            close(entry.analytic, numeric.value, numeric.error)
        })
    };
    (0..y.rank())
        .filter(|&axis| broadcast(axis))
        .find(|&axis| explains(axis, 0) || explains(axis, y[axis] - 1))
        .map(|axis| Pattern::NotSummed { axis, extent: y[axis] })
}
