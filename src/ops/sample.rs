//! `Sample`: an operation at a point, in both element types, for whoever wants to check it.

use crate::float::Float;
use crate::rng::Rng;
use crate::shape::Shape;
use crate::tape::Var;
use crate::tensor::Tensor;

/// An operation called at a point: what the proof sweep evaluates and differentiates.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sample {
    /// The operation's name, as its node carries it.
    pub op: &'static str,
    /// The call, as it stands in the source.
    pub call: &'static str,
    /// The inputs. They are exact in f32.
    pub inputs: Vec<Tensor<f64>>,
    /// The call in f64.
    pub f64: for<'t> fn(&[Var<'t, f64>]) -> Var<'t, f64>,
    /// The call in f32.
    pub f32: for<'t> fn(&[Var<'t, f32>]) -> Var<'t, f32>,
    /// Where the derivative is a matter of convention (a kink, a tie) or worth stating (±0): the
    /// exact gradients of Σ y with respect to each input. Numbers cannot confirm these.
    pub gradients: Option<Vec<Tensor<f64>>>,
}

impl Sample {
    /// States the exact gradients of Σ y.
    #[must_use]
    pub(crate) fn with_gradients<const N: usize>(mut self, gradients: [Tensor<f64>; N]) -> Self {
        self.gradients = Some(gradients.into());
        self
    }
}

/// `sample!("tanh", x.tanh(), [x = tensor])`: the call is written once and compiled for both
/// element types.
macro_rules! sample {
    ($op:literal, $call:expr, [$($x:ident = $value:expr),* $(,)?]) => {
        $crate::ops::Sample {
            op: $op,
            call: stringify!($call),
            inputs: vec![$($crate::tensor::Tensor::<f64>::from($value)),*],
            f64: |inputs| {
                let [$($x),*] = inputs else { unreachable!("a sample is called with its inputs") };
                $(let $x = *$x;)*
                $call
            },
            f32: |inputs| {
                let [$($x),*] = inputs else { unreachable!("a sample is called with its inputs") };
                $(let $x = *$x;)*
                $call
            },
            gradients: None,
        }
    };
}
pub(crate) use sample;

/// Random entries between two bounds, exact in f32 and so that no two are equal or nearly so: a
/// permutation of evenly spaced numbers, shaken a little. Ties and kinks are then tried where a
/// sample asks for them, and not by accident.
pub(crate) fn inputs(shape: impl Into<Shape>, low: f64, high: f64, seed: u64) -> Tensor<f64> {
    let shape = shape.into();
    let mut rng = Rng::new(seed);
    let n = shape.numel();
    let mut order: Vec<usize> = (0..n).collect();
    rng.shuffle(&mut order);
    let step = (high - low) / n.max(1) as f64;
    Tensor::from_fn(shape, |i| {
        let at = order[i] as f64 + rng.uniform_in(0.2, 0.8);
        f64::from((low + step * at) as f32)
    })
}

/// The samples of one operation.
#[cfg_attr(not(debug_assertions), inline)]
pub fn samples_of(op: &str) -> Vec<Sample> {
    super::registry().into_iter().filter(|sample| sample.op == op).collect()
}

impl Sample {
    /// The call in the element type `T`, on variables.
    pub fn call<'t, T: Float>(&self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        // T is f32 or f64; the function of the right type is found by asking both.
        let f64: &dyn std::any::Any = &self.f64;
        let f32: &dyn std::any::Any = &self.f32;
        let f = f64
            .downcast_ref::<for<'a> fn(&[Var<'a, T>]) -> Var<'a, T>>()
            .or_else(|| f32.downcast_ref::<for<'a> fn(&[Var<'a, T>]) -> Var<'a, T>>());
        f.expect("an element type is f32 or f64")(inputs)
    }
}
