//! Comparing entry by entry: a gradient against the numbers, and what is said about it.

use super::numeric::Derivative;
use super::pattern::diagnose;
use super::report::{Entry, InputReport};
use super::subject::Way;
use super::verdict::{Reason, Tolerance, Verdict};
use super::watch::Watch;
use crate::float::Float;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// One entry's two derivatives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compared {
    pub(crate) flat: usize,
    pub(crate) analytic: f64,
    pub(crate) numeric: Derivative,
    pub(crate) verdict: Verdict,
}

impl Compared {
    pub(crate) fn is_wrong(&self) -> bool {
        self.verdict == Verdict::Fail
    }
}

/// How many entries at a kink, or of which nothing is known, are named.
const NAMED: usize = 3;

/// Compares these entries of one input, by both ways of going backward: `gradients[w]` are those
/// of [`Way::BOTH`]`[w]`. The report is about the way that does worse.
pub(crate) fn compare<T: Float>(
    watch: &Watch<'_, T>,
    gradients: &[Vec<Tensor<T>>; 2],
    input: usize,
    flats: &[usize],
    order: u32,
) -> InputReport {
    let tolerance = Tolerance::of::<T>();
    let claims = |flat: usize| gradients.each_ref().map(|gradients| gradients[input].data()[flat].to_f64());
    let number = |&flat: &usize| watch.entry(input, flat, &claims(flat));
    let numeric: Vec<Derivative> = flats.iter().map(number).collect();
    let by_way: [Vec<Compared>; 2] = [0, 1].map(|way| {
        let gradient = &gradients[way][input];
        let one = |(&flat, &numeric): (&usize, &Derivative)| {
            let analytic = gradient.data()[flat].to_f64();
            let verdict = judge(watch, tolerance, analytic, 0.0, &numeric);
            Compared { flat, analytic, numeric, verdict }
        };
        flats.iter().zip(&numeric).map(one).collect()
    });
    let wrong = by_way.each_ref().map(|entries| entries.iter().filter(|entry| entry.is_wrong()).count());
    let worse = &by_way[usize::from(wrong[1] > wrong[0])];

    let mut report = InputReport::new(watch, input, order);
    report.checked = flats.len();
    report.ways =
        Way::BOTH.into_iter().zip(wrong).filter(|(_, wrong)| *wrong > 0).map(|(way, _)| way).collect();
    for compared in worse {
        report.enter(*compared, tolerance);
    }
    report.pattern = diagnose(watch, input, worse, flats.len() == report.entries);
    report
}

/// The verdict on one number, seen that a result which is not finite may spoil the engine's.
pub(crate) fn judge<T: Float>(
    watch: &Watch<'_, T>,
    tolerance: Tolerance,
    analytic: f64,
    scale: f64,
    numeric: &Derivative,
) -> Verdict {
    // A cotangent of 0 was sent back to where the result is not finite, and 0 · ∞ is NaN.
    if analytic.is_nan() && watch.not_finite() > 0 {
        return Verdict::Inconclusive(Reason::NotFinite);
    }
    tolerance.judge(analytic, scale, numeric)
}

impl InputReport {
    pub(crate) fn new<T: Float>(watch: &Watch<'_, T>, number: usize, order: u32) -> Self {
        let shape = watch.at[number].shape().clone();
        InputReport {
            number,
            name: watch.inputs[number].name.clone(),
            entries: shape.numel(),
            shape,
            order,
            checked: 0,
            probes: 0,
            failed: 0,
            at_least: false,
            worst: None,
            ways: Vec::new(),
            pattern: None,
            kinks: 0,
            kinks_at: Vec::new(),
            inconclusive: 0,
            inconclusive_at: Vec::new(),
            error: 0.0,
            resolution: 0.0,
        }
    }

    /// Counts one entry in.
    pub(crate) fn enter(&mut self, compared: Compared, tolerance: Tolerance) {
        let Compared { flat, analytic, numeric, verdict } = compared;
        let entry = Entry {
            flat,
            index: unravel(flat, &self.shape),
            analytic,
            numeric: numeric.value,
            estimate: numeric.error,
            sides: [numeric.least, numeric.greatest],
            step: numeric.step,
            verdict,
        };
        match verdict {
            Verdict::Pass => {
                // A derivative that is 0 by symmetry is small against the slope nearby.
                let size = analytic.abs().max(numeric.value.abs()).max(numeric.slope);
                self.error = self.error.max(if size > 0.0 { entry.absolute() / size } else { 0.0 });
                self.resolution = self.resolution.max(tolerance.resolution(&numeric));
            }
            Verdict::Kink => {
                self.kinks += 1;
                self.kinks_at.extend((self.kinks <= NAMED).then_some(entry));
            }
            Verdict::Inconclusive(_) => {
                self.inconclusive += 1;
                self.inconclusive_at.extend((self.inconclusive <= NAMED).then_some(entry));
            }
            Verdict::Fail => {
                self.failed += 1;
                if self.worst.as_ref().is_none_or(|worst| entry.relative() > worst.relative()) {
                    self.worst = Some(entry);
                }
            }
        }
    }
}

/// Where a flat index lies along each axis.
fn unravel(mut flat: usize, shape: &Shape) -> Vec<usize> {
    let mut index = vec![0; shape.rank()];
    for (i, &extent) in index.iter_mut().zip(shape.iter()).rev() {
        *i = flat % extent;
        flat /= extent;
    }
    index
}
