//! `Init`: starting weights, and the names of parameters.
//!
//! With fan_in the number of inputs that feed one output and fan_out the reverse:
//!
//! | scheme | distribution | source |
//! |---|---|---|
//! | Xavier (Glorot) uniform | U(−a, a), a = gain·√(6 / (fan_in + fan_out)) | Glorot and Bengio, 2010 |
//! | Xavier (Glorot) normal | N(0, σ²), σ = gain·√(2 / (fan_in + fan_out)) | the same |
//! | Kaiming (He) uniform | U(−a, a), a = gain·√(3 / fan_in) | He et al., 2015 |
//! | Kaiming (He) normal | N(0, σ²), σ = gain/√fan_in | the same |
//! | fan-in | U(−a, a), a = 1/√fan_in | what PyTorch's `Linear` starts from |

use crate::float::Float;
use crate::params::{ParamId, Params};
use crate::rng::Rng;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// Makes parameters: draws their starting values and names them by scope. Layers take one.
///
/// ```
/// use wengert::prelude::*;
/// let (mut params, mut rng) = (Params::<f32>::new(), Rng::new(0));
/// let mut init = params.init(&mut rng).weights(Scheme::kaiming_normal());
/// Linear::new(&mut init.scope("hidden"), 784, 256);
/// let names: Vec<_> = params.iter().map(|(name, _)| name.to_string()).collect();
/// assert_eq!(names, ["hidden.weight", "hidden.bias"]);
/// ```
#[derive(Debug)]
pub struct Init<'a, T: Float = f32> {
    params: &'a mut Params<T>,
    rng: &'a mut Rng,
    path: String,
    weights: Scheme,
}

/// How a parameter starts. The formulas stand at the head of [this module](self).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Scheme {
    /// Every entry this number.
    Constant(f64),
    /// Drawn evenly between two numbers.
    Uniform {
        /// The smallest.
        low: f64,
        /// The largest, not included.
        high: f64,
    },
    /// Drawn from a normal distribution.
    Normal {
        /// Its mean.
        mean: f64,
        /// Its standard deviation.
        std: f64,
    },
    /// Glorot and Bengio's, uniform.
    XavierUniform {
        /// A factor: 1 for linear and sigmoid, 5/3 for tanh, √2 for ReLU.
        gain: f64,
    },
    /// Glorot and Bengio's, normal.
    XavierNormal {
        /// A factor: 1 for linear and sigmoid, 5/3 for tanh, √2 for ReLU.
        gain: f64,
    },
    /// He's, uniform.
    KaimingUniform {
        /// A factor: √2 for ReLU.
        gain: f64,
    },
    /// He's, normal.
    KaimingNormal {
        /// A factor: √2 for ReLU.
        gain: f64,
    },
    /// U(−1/√fan_in, 1/√fan_in): what PyTorch's `Linear` starts from. The default.
    FanIn,
}

impl Scheme {
    /// Xavier, uniform, gain 1.
    #[doc(alias = "glorot_uniform")]
    pub fn xavier_uniform() -> Self {
        Scheme::XavierUniform { gain: 1.0 }
    }

    /// Xavier, normal, gain 1.
    #[doc(alias = "glorot_normal")]
    pub fn xavier_normal() -> Self {
        Scheme::XavierNormal { gain: 1.0 }
    }

    /// Kaiming, uniform, with ReLU's gain √2.
    #[doc(alias = "he_uniform")]
    pub fn kaiming_uniform() -> Self {
        Scheme::KaimingUniform { gain: std::f64::consts::SQRT_2 }
    }

    /// Kaiming, normal, with ReLU's gain √2.
    #[doc(alias = "he_normal")]
    pub fn kaiming_normal() -> Self {
        Scheme::KaimingNormal { gain: std::f64::consts::SQRT_2 }
    }

    /// Draws a tensor. A fan of 0 counts as 1.
    ///
    /// # Panics
    /// If a number of the scheme is not finite, a standard deviation negative, or `low` above `high`.
    #[track_caller]
    pub fn draw<T: Float>(self, shape: impl Into<Shape>, rng: &mut Rng) -> Tensor<T> {
        let makes_sense = match self {
            Scheme::Constant(value) => value.is_finite(),
            Scheme::Uniform { low, high } => low.is_finite() && high.is_finite() && low <= high,
            Scheme::Normal { mean, std } => mean.is_finite() && std.is_finite() && std >= 0.0,
            Scheme::XavierUniform { gain }
            | Scheme::XavierNormal { gain }
            | Scheme::KaimingUniform { gain }
            | Scheme::KaimingNormal { gain } => gain.is_finite(),
            Scheme::FanIn => true,
        };
        assert!(makes_sense, "nothing can be drawn from {self:?}");
        let shape = shape.into();
        let (fan_in, fan_out) = fans(&shape);
        let uniform = |a: f64, rng: &mut Rng| Tensor::rand_in(-a, a, &shape, rng);
        let normal = |mean: f64, std: f64, rng: &mut Rng| {
            Tensor::from_fn(&shape, |_| T::from_f64(mean + std * rng.normal()))
        };
        match self {
            Scheme::Constant(value) => Tensor::full(&shape, T::from_f64(value)),
            Scheme::Uniform { low, high } => Tensor::rand_in(low, high, &shape, rng),
            Scheme::Normal { mean, std } => normal(mean, std, rng),
            Scheme::XavierUniform { gain } => uniform(gain * (6.0 / (fan_in + fan_out)).sqrt(), rng),
            Scheme::XavierNormal { gain } => normal(0.0, gain * (2.0 / (fan_in + fan_out)).sqrt(), rng),
            Scheme::KaimingUniform { gain } => uniform(gain * (3.0 / fan_in).sqrt(), rng),
            Scheme::KaimingNormal { gain } => normal(0.0, gain / fan_in.sqrt(), rng),
            Scheme::FanIn => uniform(1.0 / fan_in.sqrt(), rng),
        }
    }
}

/// (fan_in, fan_out) of a weight [out, in, ..]; further axes are a kernel's extent.
fn fans(shape: &Shape) -> (f64, f64) {
    let kernel: usize = shape.iter().skip(2).product();
    let fan = |axis: usize| (shape.get(axis).copied().unwrap_or(1) * kernel).max(1) as f64;
    let fan_out = fan(0);
    (if shape.rank() > 1 { fan(1) } else { fan_out }, fan_out)
}

impl<'a, T: Float> Init<'a, T> {
    pub(crate) fn new(params: &'a mut Params<T>, rng: &'a mut Rng) -> Self {
        Self { params, rng, path: String::new(), weights: Scheme::FanIn }
    }

    /// How the weights of layers made from here on start. Biases are not touched by this.
    #[must_use]
    pub fn weights(mut self, scheme: Scheme) -> Self {
        self.weights = scheme;
        self
    }

    /// The scheme that layers take for their weights.
    pub fn scheme(&self) -> Scheme {
        self.weights
    }

    /// Where the parameters of a part of the model are made: their names start with `name.`.
    pub fn scope(&mut self, name: impl std::fmt::Display) -> Init<'_, T> {
        let path = self.qualified(name);
        Init { params: self.params, rng: self.rng, path, weights: self.weights }
    }

    /// The names of the scopes, joined by dots; empty at the top.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Makes a parameter.
    ///
    /// # Panics
    /// If the name is taken, or nothing can be drawn from the scheme ([`Scheme::draw`]).
    #[track_caller]
    pub fn param(
        &mut self,
        name: impl std::fmt::Display,
        shape: impl Into<Shape>,
        scheme: Scheme,
    ) -> ParamId {
        let value = scheme.draw(shape, self.rng);
        self.value(name, value)
    }

    /// Makes a parameter that starts at this value.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn value(&mut self, name: impl std::fmt::Display, value: impl Into<Tensor<T>>) -> ParamId {
        let name = self.qualified(name);
        self.params.add(name, value)
    }

    /// The source of randomness, for starting values of one's own making.
    pub fn rng(&mut self) -> &mut Rng {
        self.rng
    }

    fn qualified(&self, name: impl std::fmt::Display) -> String {
        if self.path.is_empty() { name.to_string() } else { format!("{}.{name}", self.path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean, standard deviation and largest magnitude of 40,000 draws for [out, in] = [100, 400].
    #[track_caller]
    fn check(scheme: Scheme, std: f64, bound: f64) {
        let drawn: Tensor<f64> = scheme.draw([100, 400], &mut Rng::new(7));
        let n = drawn.numel() as f64;
        let mean = drawn.data().iter().sum::<f64>() / n;
        let deviation = (drawn.data().iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        let largest = drawn.data().iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        assert!(mean.abs() < 4.0 * std / n.sqrt(), "{scheme:?}: mean {mean}");
        assert!((deviation / std - 1.0).abs() < 0.02, "{scheme:?}: deviation {deviation}, not {std}");
        assert!(largest <= bound && largest > 0.99 * bound.min(3.0 * std), "{scheme:?}: largest {largest}");
    }

    #[test]
    fn every_scheme_has_the_spread_of_its_formula() {
        let third = 1.0 / 3f64.sqrt(); // the deviation of U(−1, 1)
        let a = (6.0f64 / 500.0).sqrt();
        check(Scheme::xavier_uniform(), a * third, a);
        check(Scheme::xavier_normal(), (2.0f64 / 500.0).sqrt(), f64::INFINITY);
        let a = (6.0f64 / 400.0).sqrt();
        check(Scheme::kaiming_uniform(), a * third, a);
        check(Scheme::kaiming_normal(), (2.0f64 / 400.0).sqrt(), f64::INFINITY);
        check(Scheme::FanIn, 0.05 * third, 0.05);
    }

    #[test]
    fn the_plain_schemes_draw_what_they_say() {
        check(Scheme::Uniform { low: -2.0, high: 2.0 }, 2.0 / 3f64.sqrt(), 2.0);
        check(Scheme::Normal { mean: 0.0, std: 0.3 }, 0.3, f64::INFINITY);
        let shifted: Tensor<f64> = Scheme::Normal { mean: 5.0, std: 0.0 }.draw([3], &mut Rng::new(0));
        assert_eq!(shifted, [5.0; 3]);
        assert_eq!(Scheme::Constant(0.5).draw::<f64>([2], &mut Rng::new(0)), [0.5, 0.5]);
    }

    #[test]
    fn a_scheme_that_makes_no_sense_panics() {
        for scheme in [
            Scheme::Constant(f64::NAN),
            Scheme::Uniform { low: 1.0, high: 0.0 },
            Scheme::Uniform { low: 0.0, high: f64::INFINITY },
            Scheme::Normal { mean: 0.0, std: -1.0 },
            Scheme::KaimingNormal { gain: f64::NAN },
        ] {
            let drawn = std::panic::catch_unwind(|| scheme.draw::<f32>([2, 2], &mut Rng::new(0)));
            assert!(drawn.is_err(), "{scheme:?}");
        }
    }
}
