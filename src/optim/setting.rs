//! Settings: the ranges they must lie in, and the builder methods that several optimizers have.
//! A setting out of range is an `Error` to configuration from outside, a panic at the user's
//! line to a program.

use crate::error::Error;

/// 0 ≤ x < ∞: learning rates, weight decay, momentum.
pub(super) fn not_negative(what: &str, x: f64) -> Result<f64, Error> {
    check(what, x, x.is_finite() && x >= 0.0, "finite and not negative")
}

/// 0 ≤ x < 1: the weight of the past in a running mean.
pub(super) fn below_one(what: &str, x: f64) -> Result<f64, Error> {
    check(what, x, (0.0..1.0).contains(&x), "at least 0 and below 1")
}

/// 0 < x < ∞: factors.
pub(super) fn positive(what: &str, x: f64) -> Result<f64, Error> {
    check(what, x, x.is_finite() && x > 0.0, "finite and above 0")
}

/// 0 ≤ x ≤ 1: a part of a whole.
pub(super) fn share(what: &str, x: f64) -> Result<f64, Error> {
    check(what, x, (0.0..=1.0).contains(&x), "between 0 and 1")
}

/// n ≥ 1: periods and lengths.
pub(super) fn at_least_one(what: &str, n: usize) -> Result<usize, Error> {
    check(what, n, n > 0, "at least 1")
}

/// The value, or a panic with the error's words.
#[track_caller]
pub(super) fn must<A>(setting: Result<A, Error>) -> A {
    match setting {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

fn check<A: std::fmt::Display>(what: &str, x: A, holds: bool, range: &str) -> Result<A, Error> {
    if holds { Ok(x) } else { Err(Error::config(format!("{what} {x} is not allowed: it must be {range}"))) }
}

/// Builder methods that several optimizers have, by name.
macro_rules! settings {
    ($name:ident: $($setting:ident),+) => {
        impl<T: Float> $name<T> {
            $(settings!(@$setting);)+
        }
    };
    (@betas) => {
        /// β₁ and β₂: how long the means of the gradient and of its square remember.
        ///
        /// # Panics
        /// If one is not in [0, 1).
        #[must_use]
        #[track_caller]
        pub fn betas(mut self, beta1: f64, beta2: f64) -> Self {
            self.0.rule.betas = (must(below_one("beta1", beta1)), must(below_one("beta2", beta2)));
            self
        }
    };
    (@eps) => {
        /// ε: keeps the division finite.
        ///
        /// # Panics
        /// If it is negative, infinite or NaN.
        #[must_use]
        #[track_caller]
        pub fn eps(mut self, eps: f64) -> Self {
            self.0.rule.eps = must(not_negative("eps", eps));
            self
        }
    };
    (@amsgrad) => {
        /// Divides by the root of the largest v so far, so that step sizes do not grow again.
        #[must_use]
        pub fn amsgrad(mut self) -> Self {
            self.0.rule.amsgrad = true;
            self
        }
    };
    (@weight_decay) => {
        /// λ: adds λp to the gradient, which is the gradient of an L2 penalty λ/2·‖p‖².
        ///
        /// # Panics
        /// If it is negative, infinite or NaN.
        #[must_use]
        #[track_caller]
        #[doc(alias = "l2")]
        pub fn weight_decay(self, weight_decay: f64) -> Self {
            Self(self.0.weight_decay(weight_decay))
        }
    };
    (@decoupled_weight_decay) => {
        /// Weight decay multiplies p by 1 − ηλ, as in [`AdamW`](crate::optim::AdamW), instead of
        /// adding to the gradient.
        #[must_use]
        pub fn decoupled_weight_decay(self) -> Self {
            Self(self.0.decoupled())
        }
    };
}
pub(super) use settings;
