//! Adagrad: p ← p − η·g / (√s + ε), from the sum s of all g² so far.

use super::core::{self, Core, Step, optimizer};
use super::group::Group;
use super::pass::pass1;
use super::setting::{must, not_negative, settings};
use super::{Optimizer, State};
use crate::error::Error;
use crate::float::Float;
use crate::params::Params;
use crate::tape::Gradients;

/// Adagrad (Duchi, Hazan and Singer 2011): entries that rarely have a gradient take long steps.
///
/// ```text
/// g ← g + λp                           weight decay λ, 0 at first
/// s ← s + g²
/// p ← p − η / (1 + (t − 1)ρ) · g / (√s + ε)      decay of the rate ρ, 0 at first; ε = 10⁻¹⁰
/// ```
///
/// ```
/// use wengert::prelude::*;
/// let mut params: Params<f64> = Params::new();
/// let w = params.add("w", 1.0);
/// let mut adagrad = Adagrad::new(0.5);
/// for expected in [0.5, 0.5 - 0.5 / 2f64.sqrt()] {
///     let grads = Tape::eval(&params).param(w).backward(); // the gradient is 1
///     adagrad.step(&mut params, &grads);
///     assert!((params[w].item() - expected).abs() < 1e-9);
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Adagrad<T: Float = f32>(Core<T, Rule>);

#[derive(Debug, Clone)]
struct Rule {
    rate_decay: f64,
    start: f64,
    eps: f64,
}

optimizer!(Adagrad, Rule { rate_decay: 0.0, start: 0.0, eps: 1e-10 });
settings!(Adagrad: eps, weight_decay);

impl<T: Float> Adagrad<T> {
    /// ρ: step t has the rate η / (1 + (t − 1)ρ); 0 at first.
    ///
    /// # Panics
    /// If it is negative, infinite or NaN.
    #[must_use]
    #[track_caller]
    #[doc(alias = "lr_decay")]
    pub fn learning_rate_decay(mut self, decay: f64) -> Self {
        self.0.rule.rate_decay = must(not_negative("learning rate decay", decay));
        self
    }

    /// What s starts from: more makes the first steps shorter; 0 at first.
    ///
    /// # Panics
    /// If it is negative, infinite or NaN.
    #[must_use]
    #[track_caller]
    pub fn initial_accumulator_value(mut self, start: f64) -> Self {
        self.0.rule.start = must(not_negative("initial accumulator value", start));
        self
    }
}

impl core::Rule for Rule {
    fn name(&self) -> &'static str {
        "Adagrad"
    }

    fn buffers(&self) -> [Option<&'static str>; 3] {
        [Some("sum"), None, None]
    }

    #[inline(always)]
    fn update<T: Float>(&self, step: Step<'_>, p: &mut [T], g: &[T], [sum, ..]: [&mut [T]; 3]) {
        let rate = step.rate / (1.0 + (step.count - 1) as f64 * self.rate_decay);
        let [rate, l2, eps] = [rate, step.l2, self.eps].map(T::from_f64);
        if step.count == 1 {
            sum.fill(T::from_f64(self.start));
        }
        pass1(p, g, sum, |p, g, [sum]| {
            let g = g + l2 * p;
            let sum = sum + g * g;
            (p - rate * g / (sum.sqrt() + eps), [sum])
        });
    }
}
