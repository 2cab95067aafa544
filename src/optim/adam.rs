//! Adam: p ← p − η·m̂ / (√v̂ + ε), from running means m of the gradient and v of its square.

use super::core::{self, Core, Step, optimizer};
use super::group::Group;
use super::pass::{pass2, pass3};
use super::setting::{below_one, must, not_negative, settings};
use super::{Optimizer, State};
use crate::error::Error;
use crate::float::Float;
use crate::params::Params;
use crate::tape::Gradients;

/// Adam (Kingma and Ba 2015): every entry has a step size of its own.
///
/// ```text
/// g ← g + λp                           weight decay λ, 0 at first
/// m ← β₁m + (1 − β₁)g                  β₁ = 0.9
/// v ← β₂v + (1 − β₂)g²                 β₂ = 0.999
/// m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)
/// p ← p − η m̂ / (√v̂ + ε)               ε = 10⁻⁸
/// ```
/// AMSGrad (Reddi, Kale and Kumar 2018) puts the largest v so far in v's place.
///
/// ```
/// use wengert::prelude::*;
/// let mut params: Params<f64> = Params::new();
/// let w = params.add("w", [1.0, 1.0]);
/// let mut adam = Adam::new(0.1);
/// let grads = Tape::eval(&params).param(w).backward_with([5.0, -0.001]);
/// adam.step(&mut params, &grads);
/// // The first step has the length η, however steep it is.
/// assert!(params[w].max_abs_diff(&Tensor::from([0.9, 1.1])) < 1e-5);
/// ```
#[derive(Debug, Clone)]
pub struct Adam<T: Float = f32>(Core<T, Rule>);

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019): p ← (1 − ηλ)p before
/// [`Adam`]'s step, so that the decay is not divided by √v̂. λ = 0.01 at first.
///
/// ```
/// use wengert::prelude::*;
/// let mut params: Params<f64> = Params::new();
/// let w = params.add("w", 2.0);
/// let mut adamw = AdamW::new(0.5).weight_decay(0.1);
/// let grads = (Tape::eval(&params).param(w) * 0.0).backward();
/// adamw.step(&mut params, &grads);
/// assert_eq!(params[w], 2.0 * (1.0 - 0.5 * 0.1));
/// ```
#[derive(Debug, Clone)]
pub struct AdamW<T: Float = f32>(Core<T, Rule>);

#[derive(Debug, Clone)]
struct Rule {
    name: &'static str,
    betas: (f64, f64),
    eps: f64,
    amsgrad: bool,
}

impl Rule {
    fn new(name: &'static str) -> Self {
        Self { name, betas: (0.9, 0.999), eps: 1e-8, amsgrad: false }
    }
}

optimizer!(Adam, Rule::new("Adam"));
optimizer!(AdamW, Rule::new("AdamW"), |core: Core<T, Rule>| core.decoupled().weight_decay(0.01));

settings!(Adam: betas, eps, amsgrad, weight_decay);
settings!(AdamW: betas, eps, amsgrad);

impl<T: Float> AdamW<T> {
    /// λ: multiplies p by 1 − ηλ; 0.01 at first.
    ///
    /// # Panics
    /// If it is negative, infinite or NaN.
    #[must_use]
    #[track_caller]
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        Self(self.0.weight_decay(weight_decay))
    }
}

/// The step number `count` at the default settings, on slices: for the steps that `benches/`
/// write by hand.
#[cfg(feature = "unstable-kernels")]
pub(crate) fn update_slices<T: Float>(count: u64, rate: f64, p: &mut [T], g: &[T], m: &mut [T], v: &mut [T]) {
    let step = Step { count, rate, l2: 0.0, shrink: 1.0, number: &mut 1.0 };
    core::update(&Rule::new("Adam"), step, p, g, [m, v, &mut []]);
}

impl core::Rule for Rule {
    fn name(&self) -> &'static str {
        self.name
    }

    fn buffers(&self) -> [Option<&'static str>; 3] {
        [Some("exp_avg"), Some("exp_avg_sq"), self.amsgrad.then_some("max_exp_avg_sq")]
    }

    #[inline(always)]
    fn update<T: Float>(&self, step: Step<'_>, p: &mut [T], g: &[T], [m, v, largest]: [&mut [T]; 3]) {
        let (beta1, beta2) = self.betas;
        let t = step.count as f64;
        let size = step.rate / (1.0 - beta1.powf(t));
        let root = 1.0 / (1.0 - beta2.powf(t)).sqrt();
        let [l2, shrink, size, root, eps] = [step.l2, step.shrink, size, root, self.eps].map(T::from_f64);
        let [beta1, new1, beta2, new2] = [beta1, 1.0 - beta1, beta2, 1.0 - beta2].map(T::from_f64);
        let moments = |p, g, m, v| {
            let g = g + l2 * p;
            (beta1 * m + new1 * g, beta2 * v + new2 * g * g)
        };
        let next = |p, m, v: T| shrink * p - size * m / (v.sqrt() * root + eps);
        if self.amsgrad {
            pass3(p, g, m, v, largest, |p, g, [m, v, largest]| {
                let (m, v) = moments(p, g, m, v);
                let largest = Float::max(largest, v);
                (next(p, m, largest), [m, v, largest])
            });
        } else {
            pass2(p, g, m, v, |p, g, [m, v]| {
                let (m, v) = moments(p, g, m, v);
                (next(p, m, v), [m, v])
            });
        }
    }
}
