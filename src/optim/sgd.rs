//! Stochastic gradient descent: p ← p − ηb, with momentum b ← μb + (1 − d)g.

use super::core::{self, Core, Step, optimizer};
use super::group::Group;
use super::pass::{pass0, pass1};
use super::setting::{below_one, must, not_negative, settings};
use super::{Optimizer, State};
use crate::error::Error;
use crate::float::Float;
use crate::params::Params;
use crate::tape::Gradients;

/// Stochastic gradient descent, with momentum, Nesterov's too (Sutskever et al. 2013).
///
/// ```text
/// g ← g + λp                           weight decay λ
/// b ← g                                at the first step,
/// b ← μb + (1 − d)g                    later: momentum μ, dampening d
/// p ← p − ηb                           or, Nesterov, p ← p − η(g + μb)
/// ```
/// Without momentum, p ← p − ηg.
///
/// ```
/// use wengert::prelude::*;
/// let mut params: Params = Params::new();
/// let w = params.add("w", 1.0);
/// let mut sgd = Sgd::new(0.25).momentum(0.5);
/// for expected in [0.75, 0.375] {
///     let grads = Tape::eval(&params).param(w).backward(); // the gradient is 1
///     sgd.step(&mut params, &grads);
///     assert_eq!(params[w], expected);
/// }
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "SGD")]
pub struct Sgd<T: Float = f32>(Core<T, Rule>);

#[derive(Debug, Clone, Default)]
struct Rule {
    momentum: f64,
    dampening: f64,
    nesterov: bool,
}

optimizer!(Sgd, Rule::default());
settings!(Sgd: weight_decay);

impl<T: Float> Sgd<T> {
    /// μ: how much of the last step goes on; 0 at first, 0.9 is common.
    ///
    /// # Panics
    /// If it is negative, infinite or NaN.
    #[must_use]
    #[track_caller]
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.0.rule.momentum = must(not_negative("momentum", momentum));
        self.checked()
    }

    /// d: how much weaker the gradient enters the momentum after the first step; 0 at first.
    ///
    /// # Panics
    /// If it is not in [0, 1), or with Nesterov's momentum.
    #[must_use]
    #[track_caller]
    pub fn dampening(mut self, dampening: f64) -> Self {
        self.0.rule.dampening = must(below_one("dampening", dampening));
        self.checked()
    }

    /// Looks a step ahead: the gradient counts as if taken after the momentum's move.
    ///
    /// # Panics
    /// If no momentum was set before, or with dampening.
    #[must_use]
    #[track_caller]
    pub fn nesterov(mut self) -> Self {
        self.0.rule.nesterov = true;
        self.checked()
    }

    #[track_caller]
    fn checked(self) -> Self {
        let Rule { momentum, dampening, nesterov } = self.0.rule;
        assert!(
            !nesterov || momentum > 0.0 && dampening == 0.0,
            "Nesterov's momentum needs a momentum, set before it, and no dampening; \
             momentum is {momentum}, dampening {dampening}"
        );
        self
    }
}

impl core::Rule for Rule {
    fn name(&self) -> &'static str {
        "Sgd"
    }

    fn buffers(&self) -> [Option<&'static str>; 3] {
        [(self.momentum != 0.0).then_some("momentum_buffer"), None, None]
    }

    #[inline(always)]
    fn update<T: Float>(&self, step: Step<'_>, p: &mut [T], g: &[T], [b, ..]: [&mut [T]; 3]) {
        let [rate, l2, momentum] = [step.rate, step.l2, self.momentum].map(T::from_f64);
        if self.momentum == 0.0 {
            return pass0(p, g, |p, g, []| (p - rate * (g + l2 * p), []));
        }
        // The first gradient is taken whole: b is 0 then, and only the dampening is to be lifted.
        let fresh = T::from_f64(if step.count == 1 { 1.0 } else { 1.0 - self.dampening });
        pass1(p, g, b, |p, g, [b]| {
            let g = g + l2 * p;
            let b = momentum * b + fresh * g;
            let direction = if self.nesterov { g + momentum * b } else { b };
            (p - rate * direction, [b])
        });
    }
}
