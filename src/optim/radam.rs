//! RAdam: Adam that waits until its mean of g² can be trusted.

use super::core::{self, Core, Step, optimizer};
use super::group::Group;
use super::pass::pass2;
use super::setting::{below_one, must, not_negative, settings};
use super::{Optimizer, State};
use crate::error::Error;
use crate::float::Float;
use crate::params::Params;
use crate::tape::Gradients;

/// RAdam (Liu et al. 2020): Adam with a warm-up of its own. While v is a mean of too few steps
/// (ρₜ ≤ 5) it is not used.
///
/// ```text
/// g ← g + λp                           weight decay λ, 0 at first
/// m ← β₁m + (1 − β₁)g                  β₁ = 0.9
/// v ← β₂v + (1 − β₂)g²                 β₂ = 0.999
/// ρ∞ = 2 / (1 − β₂) − 1,  ρₜ = ρ∞ − 2t β₂ᵗ / (1 − β₂ᵗ)
/// r = √((ρₜ − 4)(ρₜ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρₜ))
/// p ← p − η m / (1 − β₁ᵗ) · r √(1 − β₂ᵗ) / (√v + ε)     if ρₜ > 5; ε = 10⁻⁸
/// p ← p − η m / (1 − β₁ᵗ)                               otherwise
/// ```
///
/// ```
/// use wengert::prelude::*;
/// let mut params: Params<f64> = Params::new();
/// let w = params.add("w", 1.0);
/// let mut radam = RAdam::new(0.1);
/// let grads = (Tape::eval(&params).param(w) * 5.0).backward();
/// radam.step(&mut params, &grads);
/// assert!((params[w].item() - (1.0 - 0.1 * 5.0)).abs() < 1e-12); // v is not used yet
/// ```
#[derive(Debug, Clone)]
pub struct RAdam<T: Float = f32>(Core<T, Rule>);

#[derive(Debug, Clone)]
struct Rule {
    betas: (f64, f64),
    eps: f64,
}

optimizer!(RAdam, Rule { betas: (0.9, 0.999), eps: 1e-8 });
settings!(RAdam: betas, eps, weight_decay, decoupled_weight_decay);

impl Rule {
    /// r √(1 − β₂ᵗ), or nothing while v cannot be trusted.
    fn rectification(&self, t: f64) -> Option<f64> {
        let beta2 = self.betas.1;
        let correction = 1.0 - beta2.powf(t);
        let limit = 2.0 / (1.0 - beta2) - 1.0;
        let rho = limit - 2.0 * t * beta2.powf(t) / correction;
        let square = (rho - 4.0) * (rho - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * rho);
        (rho > 5.0).then(|| (square * correction).sqrt())
    }
}

impl core::Rule for Rule {
    fn name(&self) -> &'static str {
        "RAdam"
    }

    fn buffers(&self) -> [Option<&'static str>; 3] {
        [Some("exp_avg"), Some("exp_avg_sq"), None]
    }

    #[inline(always)]
    fn update<T: Float>(&self, step: Step<'_>, p: &mut [T], g: &[T], [m, v, _]: [&mut [T]; 3]) {
        let (beta1, beta2) = self.betas;
        let t = step.count as f64;
        let size = step.rate / (1.0 - beta1.powf(t));
        let rectification = self.rectification(t);
        let size = T::from_f64(size * rectification.unwrap_or(1.0));
        let [l2, shrink, eps] = [step.l2, step.shrink, self.eps].map(T::from_f64);
        let [beta1, new1, beta2, new2] = [beta1, 1.0 - beta1, beta2, 1.0 - beta2].map(T::from_f64);
        pass2(p, g, m, v, |p, g, [m, v]| {
            let g = g + l2 * p;
            let (m, v) = (beta1 * m + new1 * g, beta2 * v + new2 * g * g);
            let divisor = if rectification.is_some() { v.sqrt() + eps } else { T::ONE };
            (shrink * p - size * m / divisor, [m, v])
        });
    }
}
