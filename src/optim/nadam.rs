//! NAdam: Adam with Nesterov's look ahead.

use super::core::{self, Core, Step, optimizer};
use super::group::Group;
use super::pass::pass2;
use super::setting::{below_one, must, not_negative, settings};
use super::{Optimizer, State};
use crate::error::Error;
use crate::float::Float;
use crate::params::Params;
use crate::tape::Gradients;

/// NAdam (Dozat 2016): Adam whose mean of the gradient looks a step ahead, with a momentum μ that
/// grows towards β₁.
///
/// ```text
/// g ← g + λp                           weight decay λ, 0 at first
/// m ← β₁m + (1 − β₁)g                  β₁ = 0.9
/// v ← β₂v + (1 − β₂)g²                 β₂ = 0.999
/// μₜ = β₁(1 − ½·0.96^(ψt))             momentum decay ψ = 0.004
/// m̂ = μₜ₊₁ m / (1 − μ₁μ₂ .. μₜ₊₁) + (1 − μₜ) g / (1 − μ₁μ₂ .. μₜ)
/// v̂ = v / (1 − β₂ᵗ)
/// p ← p − η m̂ / (√v̂ + ε)               ε = 10⁻⁸
/// ```
///
/// ```
/// use wengert::prelude::*;
/// let mut params: Params<f64> = Params::new();
/// let w = params.add("w", 3.0);
/// let mut nadam = NAdam::new(0.1);
/// for _ in 0..200 {
///     let grads = (Tape::eval(&params).param(w) - 2.0).square().backward();
///     nadam.step(&mut params, &grads);
/// }
/// assert!((params[w].item() - 2.0).abs() < 1e-3);
/// ```
#[derive(Debug, Clone)]
pub struct NAdam<T: Float = f32>(Core<T, Rule>);

#[derive(Debug, Clone)]
struct Rule {
    betas: (f64, f64),
    eps: f64,
    momentum_decay: f64,
}

optimizer!(NAdam, Rule { betas: (0.9, 0.999), eps: 1e-8, momentum_decay: 4e-3 });
settings!(NAdam: betas, eps, weight_decay, decoupled_weight_decay);

impl<T: Float> NAdam<T> {
    /// ψ: how fast the momentum grows from β₁/2 towards β₁; 0.004 at first.
    ///
    /// # Panics
    /// If it is negative, infinite or NaN.
    #[must_use]
    #[track_caller]
    pub fn momentum_decay(mut self, momentum_decay: f64) -> Self {
        self.0.rule.momentum_decay = must(not_negative("momentum decay", momentum_decay));
        self
    }
}

impl Rule {
    /// μₜ
    fn momentum(&self, t: f64) -> f64 {
        self.betas.0 * (1.0 - 0.5 * 0.96f64.powf(t * self.momentum_decay))
    }
}

impl core::Rule for Rule {
    /// μ₁μ₂ .. μₜ
    const NUMBER: Option<&'static str> = Some("mu_product");

    fn name(&self) -> &'static str {
        "NAdam"
    }

    fn buffers(&self) -> [Option<&'static str>; 3] {
        [Some("exp_avg"), Some("exp_avg_sq"), None]
    }

    #[inline(always)]
    fn update<T: Float>(&self, step: Step<'_>, p: &mut [T], g: &[T], [m, v, _]: [&mut [T]; 3]) {
        let (beta1, beta2) = self.betas;
        let t = step.count as f64;
        let (now, next) = (self.momentum(t), self.momentum(t + 1.0));
        *step.number *= now;
        let rate_g = step.rate * (1.0 - now) / (1.0 - *step.number);
        let rate_m = step.rate * next / (1.0 - *step.number * next);
        let root = 1.0 / (1.0 - beta2.powf(t)).sqrt();

        let [l2, shrink, root, eps] = [step.l2, step.shrink, root, self.eps].map(T::from_f64);
        let [rate_g, rate_m] = [rate_g, rate_m].map(T::from_f64);
        let [beta1, new1, beta2, new2] = [beta1, 1.0 - beta1, beta2, 1.0 - beta2].map(T::from_f64);
        pass2(p, g, m, v, |p, g, [m, v]| {
            let g = g + l2 * p;
            let (m, v) = (beta1 * m + new1 * g, beta2 * v + new2 * g * g);
            (shrink * p - (rate_g * g + rate_m * m) / (v.sqrt() * root + eps), [m, v])
        });
    }
}
