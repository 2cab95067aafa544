//! `Linear`: y = x·Wᵀ + b, the dense layer.

use super::Module;
use crate::float::Float;
use crate::init::{Init, Scheme};
use crate::params::ParamId;
use crate::tape::Var;
use std::sync::Arc;

/// A dense layer: every output sees every input. Its weight is [out, in], its bias \[out\].
///
/// ```
/// use wengert::prelude::*;
/// let mut params = Params::<f32>::new();
/// let layer = Linear::new(&mut params.init(&mut Rng::new(0)).scope("head"), 3, 2);
/// assert_eq!(params["head.weight"].shape().dims(), [2, 3]);
/// let tape = Tape::eval(&params);
/// let y = layer.forward(tape.constant(Tensor::ones([5, 3])));
/// assert_eq!(y.shape().dims(), [5, 2]);
/// ```
#[doc(alias = "Dense")]
#[derive(Debug, Clone)]
pub struct Linear {
    name: Arc<str>,
    weight: ParamId,
    bias: Option<ParamId>,
}

impl Linear {
    /// From `inputs` to `outputs` features. The weight starts by the scheme of `init` (unless it
    /// says otherwise, U(−1/√in, 1/√in)), the bias from U(−1/√in, 1/√in), both as in PyTorch.
    ///
    /// # Panics
    /// If a parameter of this name is there already: give each layer a scope of its own.
    #[track_caller]
    pub fn new<T: Float>(init: &mut Init<T>, inputs: usize, outputs: usize) -> Self {
        let mut layer = Self::without_bias(init, inputs, outputs);
        let bound = 1.0 / (inputs.max(1) as f64).sqrt();
        layer.bias = Some(init.param("bias", [outputs], Scheme::Uniform { low: -bound, high: bound }));
        layer
    }

    /// [`new`](Self::new) without a bias.
    ///
    /// # Panics
    /// If a parameter of this name is there already.
    #[track_caller]
    pub fn without_bias<T: Float>(init: &mut Init<T>, inputs: usize, outputs: usize) -> Self {
        let weight = init.param("weight", [outputs, inputs], init.scheme());
        Self { name: init.path().into(), weight, bias: None }
    }

    /// A layer on parameters that are there already: tied weights.
    pub fn from_ids(name: impl Into<Arc<str>>, weight: ParamId, bias: Option<ParamId>) -> Self {
        Self { name: name.into(), weight, bias }
    }

    /// The weight, [out, in].
    pub fn weight(&self) -> ParamId {
        self.weight
    }

    /// The bias, \[out\].
    pub fn bias(&self) -> Option<ParamId> {
        self.bias
    }
}

impl<T: Float> Module<T> for Linear {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let tape = x.tape();
        let _layer = tape.layer(self.name.clone());
        #[allow(clippy::manual_map)] // a closure would blame this line, not the user's
        let bias = match self.bias {
            Some(bias) => Some(tape.param(bias)),
            None => None,
        };
        x.linear(tape.param(self.weight), bias)
    }
}
