//! RMSprop: p ← p − η·g / (√v + ε), from a running mean v of g².

use super::core::{self, Core, Step, optimizer};
use super::group::Group;
use super::pass::{pass1, pass2, pass3};
use super::setting::{below_one, must, not_negative, settings};
use super::{Optimizer, State};
use crate::error::Error;
use crate::float::Float;
use crate::params::Params;
use crate::tape::Gradients;

/// RMSprop (Hinton's lecture 6, 2012; centred: Graves 2013).
///
/// ```text
/// g ← g + λp                           weight decay λ, 0 at first
/// v ← αv + (1 − α)g²                   α = 0.99
/// a ← αa + (1 − α)g                    centred only; otherwise a = 0
/// b ← μb + g / (√(v − a²) + ε)         ε = 10⁻⁸; momentum μ, 0 at first
/// p ← p − ηb
/// ```
/// Where rounding makes v − a² negative it counts as 0.
///
/// ```
/// use wengert::prelude::*;
/// let mut params: Params<f64> = Params::new();
/// let w = params.add("w", [1.0, 1.0]);
/// let mut rmsprop = RmsProp::new(0.01);
/// let grads = Tape::eval(&params).param(w).backward_with([5.0, -0.001]);
/// rmsprop.step(&mut params, &grads);
/// // v is g²/100 after the first step, so that step has length 10η, however steep it is.
/// assert!(params[w].max_abs_diff(&Tensor::from([0.9, 1.1])) < 1e-4);
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "RMSprop")]
pub struct RmsProp<T: Float = f32>(Core<T, Rule>);

#[derive(Debug, Clone)]
struct Rule {
    alpha: f64,
    eps: f64,
    momentum: f64,
    centered: bool,
}

optimizer!(RmsProp, Rule { alpha: 0.99, eps: 1e-8, momentum: 0.0, centered: false });
settings!(RmsProp: eps, weight_decay);

impl<T: Float> RmsProp<T> {
    /// α: how long the mean of the squared gradient remembers; 0.99 at first.
    ///
    /// # Panics
    /// If it is not in [0, 1).
    #[must_use]
    #[track_caller]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.0.rule.alpha = must(below_one("alpha", alpha));
        self
    }

    /// μ: how much of the last step goes on; 0 at first.
    ///
    /// # Panics
    /// If it is negative, infinite or NaN.
    #[must_use]
    #[track_caller]
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.0.rule.momentum = must(not_negative("momentum", momentum));
        self
    }

    /// Divides by the gradient's standard deviation instead of its root mean square.
    #[must_use]
    pub fn centered(mut self) -> Self {
        self.0.rule.centered = true;
        self
    }
}

impl core::Rule for Rule {
    fn name(&self) -> &'static str {
        "RmsProp"
    }

    fn buffers(&self) -> [Option<&'static str>; 3] {
        [
            Some("square_avg"),
            (self.momentum != 0.0).then_some("momentum_buffer"),
            self.centered.then_some("grad_avg"),
        ]
    }

    #[inline(always)]
    fn update<T: Float>(&self, step: Step<'_>, p: &mut [T], g: &[T], [v, b, a]: [&mut [T]; 3]) {
        let [rate, l2, eps, momentum] = [step.rate, step.l2, self.eps, self.momentum].map(T::from_f64);
        let [alpha, new] = [self.alpha, 1.0 - self.alpha].map(T::from_f64);
        // What is not kept is 0 on its way in and of no use on its way out.
        let next = |p, g, v, b, a| {
            let g = g + l2 * p;
            let v = alpha * v + new * g * g;
            let a = alpha * a + new * g;
            let square = if self.centered { Float::max(v - a * a, T::ZERO) } else { v };
            let b = momentum * b + g / (square.sqrt() + eps);
            (p - rate * b, v, b, a)
        };
        let zero = T::ZERO;
        match (self.momentum != 0.0, self.centered) {
            (false, false) => pass1(p, g, v, |p, g, [v]| {
                let (p, v, ..) = next(p, g, v, zero, zero);
                (p, [v])
            }),
            (true, false) => pass2(p, g, v, b, |p, g, [v, b]| {
                let (p, v, b, _) = next(p, g, v, b, zero);
                (p, [v, b])
            }),
            (false, true) => pass2(p, g, v, a, |p, g, [v, a]| {
                let (p, v, _, a) = next(p, g, v, zero, a);
                (p, [v, a])
            }),
            (true, true) => pass3(p, g, v, b, a, |p, g, [v, b, a]| {
                let (p, v, b, a) = next(p, g, v, b, a);
                (p, [v, b, a])
            }),
        }
    }
}
