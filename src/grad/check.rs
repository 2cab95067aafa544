//! `GradCheck`: how to check, and the order in which things are looked at.

use super::entries::compare;
use super::fast;
use super::nodes;
use super::report::{CheckFailed, Report};
use super::subject::{Closure, Function, Model, Slope, Way};
use super::verdict::{Reason, Verdict};
use super::watch::{Watch, same_bits};
use crate::float::Float;
use crate::params::Params;
use crate::rng::Rng;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// How to check. [`gradcheck`](super::gradcheck) and [`gradcheck_model`](super::gradcheck_model)
/// use the defaults.
///
/// ```
/// use wengert::grad::GradCheck;
/// use wengert::prelude::*;
/// let x = Tensor::linspace(-2.0, 2.0, 1000);
/// // Three random directions instead of a thousand entries, orders 1 and 2.
/// let report = GradCheck::new().seed(7).fast().order(2).check(|[x]| x.tanh() * x, [x])?;
/// assert!(report.passed());
/// # Ok::<(), wengert::grad::CheckFailed>(())
/// ```
#[derive(Debug, Clone)]
pub struct GradCheck {
    seed: u64,
    order: u32,
    probes: Option<usize>,
    max_elems: usize,
    nondet_tol: f64,
    training: Option<u64>,
    allowed: Vec<Reason>,
}

impl Default for GradCheck {
    fn default() -> Self {
        Self::new()
    }
}

impl GradCheck {
    /// Every entry of every input, first order, seed 0, no dropout.
    pub fn new() -> Self {
        GradCheck {
            seed: 0,
            order: 1,
            probes: None,
            max_elems: usize::MAX,
            nondet_tol: 0.0,
            training: None,
            allowed: Vec::new(),
        }
    }

    /// What the random cotangents and directions come from.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Up to which order, 1 if not set. Order 2 takes the gradient for a function of the inputs
    /// and the cotangent, and checks its derivative: what a Hessian-vector product or a gradient
    /// penalty needs.
    ///
    /// # Panics
    /// If it is 0.
    #[must_use]
    pub fn order(mut self, order: u32) -> Self {
        assert!(order > 0, "GradCheck::order: the first derivative is of order 1");
        self.order = order;
        self
    }

    /// Compares along random directions, three for each input unless [`probes`](Self::probes) says otherwise, and
    /// not entry by entry: the number of evaluations does not grow with the number of entries. A wrong
    /// entry that a direction has met is then sought by halving, in ⌈log₂ n⌉ further directions.
    ///
    /// Directions are Gaussian in units of the input's root mean square s. For an error e in the
    /// gradient, what a direction sees is normally distributed with standard deviation s·‖e‖, so
    /// that it misses the error, being within a tolerance τ of 0, with probability at most
    /// √(2/π)·τ/(s·‖e‖) < 0.8·τ/(s·‖e‖). The tolerance is what the numbers can show along this
    /// direction, about 10⁻⁹ of the directional derivative's typical size. Each probe has a
    /// cotangent of its own.
    #[must_use]
    pub fn fast(mut self) -> Self {
        self.probes = self.probes.or(Some(3));
        self
    }

    /// [`fast`](Self::fast) along this many directions for each input.
    ///
    /// # Panics
    /// If `probes` is 0.
    #[must_use]
    pub fn probes(mut self, probes: usize) -> Self {
        assert!(probes > 0, "GradCheck::probes: it takes a direction at least");
        self.probes = Some(probes);
        self
    }

    /// Compares at most this many entries of each input, chosen at random.
    ///
    /// # Panics
    /// If it is 0.
    #[must_use]
    pub fn max_elems(mut self, entries: usize) -> Self {
        assert!(entries > 0, "GradCheck::max_elems: it takes an entry at least");
        self.max_elems = entries;
        self
    }

    /// By how much, relative to the largest entry, two backward passes may differ. 0 if not set:
    /// they are to agree bit for bit.
    #[must_use]
    pub fn nondet_tol(mut self, tolerance: f64) -> Self {
        self.nondet_tol = tolerance;
        self
    }

    /// Checks a model with dropout on, under masks of this seed, the same ones at every evaluation.
    #[must_use]
    pub fn training(mut self, seed: u64) -> Self {
        self.training = Some(seed);
        self
    }

    /// Accepts a check that is inconclusive for this reason.
    #[must_use]
    pub fn allow(mut self, reason: Reason) -> Self {
        self.allowed.push(reason);
        self
    }

    /// Checks a function of `Var`s, with a result of any shape, at these inputs.
    ///
    /// Every input is a variable of its own, also if the same tensor is given twice.
    ///
    /// # Errors
    /// If the report has not [`passed`](Report::passed).
    ///
    /// # Panics
    /// If the function panics at the inputs themselves. Where it does so near them it is taken
    /// to have left its domain.
    pub fn check<F, I, const N: usize>(&self, f: F, inputs: [I; N]) -> Result<Report, CheckFailed>
    where
        I: Into<Tensor<f64>>,
        F: for<'t> Fn([Var<'t, f64>; N]) -> Var<'t, f64>,
    {
        self.result(self.run(&Closure { f, inputs: inputs.map(Into::into) }))
    }

    /// [`check`](Self::check) of a function that exists in `f32` only. Rounding lets it see far
    /// less; the report says [how much](Report::resolution).
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_f32<F, I, const N: usize>(&self, f: F, inputs: [I; N]) -> Result<Report, CheckFailed>
    where
        I: Into<Tensor<f32>>,
        F: for<'t> Fn([Var<'t, f32>; N]) -> Var<'t, f32>,
    {
        self.result(self.run(&Closure { f, inputs: inputs.map(Into::into) }))
    }

    /// Checks a model with respect to every parameter that is not frozen. The store is not
    /// touched; a model in `f32` is checked by [casting](Params::cast) its store.
    ///
    /// # Errors
    /// If the report has not [`passed`](Report::passed).
    ///
    /// # Panics
    /// If the model panics at the parameters themselves.
    pub fn check_model<F>(&self, params: &Params<f64>, f: F) -> Result<Report, CheckFailed>
    where
        F: for<'t> Fn(&'t Tape<'t, f64>) -> Var<'t, f64>,
    {
        self.result(self.run(&Model { f, params, training: self.training }))
    }

    fn result(&self, report: Report) -> Result<Report, CheckFailed> {
        if report.passed() { Ok(report) } else { Err(CheckFailed::new(report)) }
    }

    /// Checks all orders, as long as the one below is right.
    pub(crate) fn run<T: Float>(&self, function: &dyn Function<T>) -> Report {
        let mut report = Report {
            verdict: Verdict::Pass,
            reasons: Vec::new(),
            allowed: self.allowed.clone(),
            seed: self.seed,
            element: T::NAME,
            inputs: Vec::new(),
            tape: None,
            evaluations: 0,
        };
        self.run_order(function, 1, &mut report);
        report
    }

    fn run_order<T: Float>(&self, function: &dyn Function<T>, order: u32, report: &mut Report) {
        let mut rng = Rng::new(self.seed ^ u64::from(order) << 56);
        let watch = Watch::new(&function, &mut rng);
        let done = self.compare_inputs(&watch, order, &mut rng, report);
        report.evaluations += watch.evaluations();
        if report.verdict == Verdict::Fail {
            let at = &watch.at;
            function.record(at, &mut |tape, _, _| report.tape = Some(nodes::check_all(tape, self.seed)));
        } else if done && order < self.order {
            let cotangents = watch.cotangents;
            self.run_order(&Slope { of: function, cotangents }, order + 1, report);
        }
    }

    /// Returns whether the comparison could be made at all.
    fn compare_inputs<T: Float>(
        &self,
        watch: &Watch<'_, T>,
        order: u32,
        rng: &mut Rng,
        report: &mut Report,
    ) -> bool {
        let stop = |report: &mut Report, reason| {
            report.conclude(Verdict::Inconclusive(reason));
            false
        };
        if watch.inputs.is_empty() {
            return stop(report, Reason::NothingToCheck);
        }
        if !watch.repeats() {
            return stop(report, Reason::NonDeterministicForward);
        }
        if watch.not_finite() > 0 {
            report.conclude(Verdict::Inconclusive(Reason::NotFinite));
        }
        let pull = || Way::BOTH.map(|way| watch.subject.pull(&watch.cotangents, way));
        let gradients = pull();
        if !self.agree(&gradients, &pull()) {
            return stop(report, Reason::NonDeterministicBackward);
        }
        if let Some(probes) = self.probes {
            let reports = fast::compare(watch, gradients, probes, order, rng);
            reports.into_iter().for_each(|input| report.add(input));
            return true;
        }
        for (number, x) in watch.at.iter().enumerate() {
            let flats = some_of(x.numel(), self.max_elems, rng);
            report.add(compare(watch, &gradients, number, &flats, order));
        }
        true
    }

    fn agree<T: Float>(&self, a: &[Vec<Tensor<T>>; 2], b: &[Vec<Tensor<T>>; 2]) -> bool {
        a.iter().zip(b).all(|(a, b)| {
            let near = |(a, b): (&Tensor<T>, &Tensor<T>)| {
                let largest = a.data().iter().map(|a| a.to_f64().abs()).fold(0.0, f64::max);
                a.max_abs_diff(b) <= self.nondet_tol * largest
            };
            same_bits(a, b) || a.iter().zip(b).all(near)
        })
    }
}

/// At most `most` of the numbers below n, in order.
fn some_of(n: usize, most: usize, rng: &mut Rng) -> Vec<usize> {
    let mut all: Vec<usize> = (0..n).collect();
    if n > most {
        rng.shuffle(&mut all);
        all.truncate(most);
        all.sort_unstable();
    }
    all
}
