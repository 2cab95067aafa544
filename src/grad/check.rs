//! Checking a function entry by entry.

use super::numeric::{self, Derivative, Steps};
use super::report::{CheckFailed, Entry, InputReport, Report};
use super::subject::{Closure, Model, Slope, Subject, Way, pull, values};
use super::verdict::{Reason, Tolerance, Verdict};
use crate::float::Float;
use crate::params::Params;
use crate::rng::Rng;
use crate::shape::Shape;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How to check. The defaults are those of [`gradcheck`](super::gradcheck).
#[derive(Debug, Clone)]
pub struct GradCheck {
    seed: u64,
    order: u32,
}

impl Default for GradCheck {
    fn default() -> Self {
        Self::new()
    }
}

impl GradCheck {
    /// Every entry, first order, seed 0.
    pub fn new() -> Self {
        GradCheck { seed: 0, order: 1 }
    }

    /// Where the random cotangents come from.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Up to which order: 2 checks the derivative of the derivative, too.
    #[must_use]
    pub fn order(mut self, order: u32) -> Self {
        self.order = order;
        self
    }

    /// Checks a function of `Var`s at these inputs.
    ///
    /// # Errors
    /// If the verdict is not Pass or Kink.
    pub fn check<F, I, const N: usize>(&self, f: F, inputs: [I; N]) -> Result<Report, CheckFailed>
    where
        I: Into<Tensor<f64>>,
        F: for<'t> Fn([Var<'t, f64>; N]) -> Var<'t, f64>,
    {
        self.result(self.run(&Closure { f, inputs: inputs.map(Into::into) }))
    }

    /// Checks a model with respect to every parameter that is not frozen.
    ///
    /// # Errors
    /// If the verdict is not Pass or Kink.
    pub fn check_model<F>(&self, params: &Params<f64>, f: F) -> Result<Report, CheckFailed>
    where
        F: for<'t> Fn(&'t Tape<'t, f64>) -> Var<'t, f64>,
    {
        self.result(self.run(&Model { f, params }))
    }

    fn result(&self, report: Report) -> Result<Report, CheckFailed> {
        if report.passed() { Ok(report) } else { Err(CheckFailed(Box::new(report))) }
    }

    /// Checks all orders, as long as the one below is right.
    pub(crate) fn run<T: Float>(&self, subject: &dyn Subject<T>) -> Report {
        let mut report = Report {
            verdict: Verdict::Pass,
            seed: self.seed,
            element: T::NAME,
            inputs: Vec::new(),
            evaluations: 0,
        };
        self.run_order(subject, 1, &mut report);
        report
    }

    fn run_order<T: Float>(&self, subject: &dyn Subject<T>, order: u32, report: &mut Report) {
        let inputs = subject.inputs();
        let at: Vec<Tensor<T>> = inputs.iter().map(|input| input.value.clone()).collect();
        let outputs = values(subject, &at);
        let cotangents = random_cotangents(&outputs, &mut Rng::new(self.seed ^ u64::from(order)));
        let gradients = [Way::Backward, Way::Recorded].map(|way| pull(subject, &at, &cotangents, way));
        let base = lanes(&outputs, &outputs, &cotangents);
        if at.is_empty() {
            report.verdict = report.verdict.worse(Verdict::Inconclusive(Reason::NothingToCheck));
        }
        for (number, input) in inputs.iter().enumerate() {
            let mut found = InputReport::new(number, &input.name, input.value.shape(), order);
            let scale = typical(&input.value);
            for flat in 0..input.value.numel() {
                let x = input.value.data()[flat];
                let line = |t: f64| {
                    let moved = x + T::from_f64(t);
                    let mut at = at.clone();
                    at[number].data_mut()[flat] = moved;
                    report.evaluations += 1;
                    ((moved - x).to_f64(), sample(subject, &at, &outputs, &cotangents, base.len()))
                };
                let numeric = numeric::derivative(line, &base, scale.max(x.to_f64().abs()), Steps::of::<T>());
                for gradients in &gradients {
                    found.enter(
                        flat,
                        gradients[number].data()[flat].to_f64(),
                        &numeric,
                        Tolerance::of::<T>(),
                    );
                }
            }
            if let Some(worst) = &found.worst {
                report.verdict = report.verdict.worse(worst.verdict);
            }
            report.inputs.push(found);
        }
        if order < self.order && report.verdict != Verdict::Fail {
            self.run_order(&Slope { of: subject, cotangents }, order + 1, report);
        }
    }
}

impl InputReport {
    fn new(number: usize, name: &str, shape: &Shape, order: u32) -> Self {
        InputReport {
            number,
            name: name.to_string(),
            shape: shape.clone(),
            order,
            checked: 0,
            failed: 0,
            kinks: 0,
            inconclusive: 0,
            worst: None,
            error: 0.0,
            resolution: 0.0,
        }
    }

    fn enter(&mut self, flat: usize, analytic: f64, numeric: &Derivative, tolerance: Tolerance) {
        let verdict = tolerance.judge(analytic, 0.0, numeric);
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
        self.checked += 1;
        match verdict {
            Verdict::Pass => {
                self.error = self.error.max(entry.relative());
                self.resolution = self.resolution.max(tolerance.resolution(0.0, numeric));
            }
            Verdict::Kink => self.kinks += 1,
            Verdict::Inconclusive(_) => self.inconclusive += 1,
            Verdict::Fail => self.failed += 1,
        }
        let worse = self.worst.as_ref().is_none_or(|worst| {
            let both = worst.verdict.worse(verdict);
            both != worst.verdict || (both == verdict && entry.relative() > worst.relative())
        });
        if worse {
            self.worst = Some(entry);
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

/// The size that entries of a tensor typically have (root mean square); 1 if all are 0.
fn typical<T: Float>(x: &Tensor<T>) -> f64 {
    let squares: f64 = x.data().iter().map(|x| x.to_f64().powi(2)).sum();
    let typical = (squares / x.numel().max(1) as f64).sqrt();
    if typical > 0.0 && typical.is_finite() { typical } else { 1.0 }
}

/// Cotangents with entries of either sign and a size between ½ and 3⁄2: random, for a seed of ones
/// hides errors that cancel in a sum, and never near 0, so that no entry is looked away from.
/// 0 where the result is not finite: nothing can be said of that entry.
fn random_cotangents<T: Float>(outputs: &[Tensor<T>], rng: &mut Rng) -> Vec<Tensor<T>> {
    let mut cotangent = |y: &T| {
        let size = rng.uniform_in(0.5, 1.5) as f32;
        let signed = if rng.uniform() < 0.5 { -size } else { size };
        if y.is_finite() { T::from_f64(signed.into()) } else { T::ZERO }
    };
    let one = |y: &Tensor<T>| Tensor::from_fn(y.shape(), |i| cotangent(&y.data()[i]));
    outputs.iter().map(one).collect()
}

/// More lanes than this are folded together.
const LANES: usize = 4096;

/// v·y entry by entry, in f64: what a step along a line is watched by. The results' entries are
/// numbered through, and entry i goes to lane i modulo [`LANES`].
fn lanes<T: Float>(outputs: &[Tensor<T>], like: &[Tensor<T>], cotangents: &[Tensor<T>]) -> Vec<f64> {
    let count = like.iter().map(Tensor::numel).sum::<usize>().min(LANES);
    let mut lanes = vec![0.0; count];
    let pairs = outputs.iter().zip(cotangents).flat_map(|(y, v)| y.data().iter().zip(v.data()));
    for (i, (y, v)) in pairs.enumerate().filter(|(_, (_, v))| **v != T::ZERO) {
        lanes[i % LANES] += v.to_f64() * y.to_f64();
    }
    lanes
}

/// The lanes at a point, NaN where the function has no value or one of another shape.
fn sample<T: Float>(
    subject: &dyn Subject<T>,
    at: &[Tensor<T>],
    like: &[Tensor<T>],
    cotangents: &[Tensor<T>],
    count: usize,
) -> Vec<f64> {
    // A function may refuse a point out of its domain by a panic; the step is made smaller then.
    match catch_unwind(AssertUnwindSafe(|| values(subject, at))) {
        Ok(outputs) if outputs.iter().map(Tensor::shape).eq(like.iter().map(Tensor::shape)) => {
            lanes(&outputs, like, cotangents)
        }
        _ => vec![f64::NAN; count],
    }
}
