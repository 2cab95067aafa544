//! `Sequential`: one layer after the other.

use super::{Activation, Dropout, Flatten, Linear, Module};
use crate::float::Float;
use crate::init::Init;
use crate::tape::Var;
use std::panic::Location;
use std::sync::Arc;

/// Layers one after the other. Every layer counts in the numbering, as in PyTorch: the first
/// dense layer below is `network.0`, the second `network.3`.
///
/// ```
/// use wengert::prelude::*;
/// let mut params = Params::<f32>::new();
/// let mut rng = Rng::new(42);
/// let network = Sequential::builder(&mut params.init(&mut rng).scope("network"))
///     .linear(30, 64).relu().dropout(0.3)
///     .linear(64, 32).relu().dropout(0.2)
///     .linear(32, 1).sigmoid()
///     .build();
/// assert_eq!(params.iter().next().unwrap().0, "network.0.weight");
/// assert_eq!(params.numel(), 4097);
/// ```
pub struct Sequential<T: Float = f32> {
    /// Each with its name, such as `network.3`.
    layers: Vec<(Arc<str>, Box<dyn Module<T>>)>,
}

impl<T: Float> Sequential<T> {
    /// Starts one whose parameters are made by `init`.
    pub fn builder<'i, 'p>(init: &'i mut Init<'p, T>) -> SequentialBuilder<'i, 'p, T> {
        SequentialBuilder { init, layers: Vec::new() }
    }

    /// The number of layers.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there are none; the output is then the input.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }
}

impl<T: Float> Module<T> for Sequential<T> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let mut x = x;
        // A call through `dyn` forgets who called; the tape is told.
        let _caller = x.tape().blame(Location::caller());
        for (name, layer) in &self.layers {
            let _layer = x.tape().layer(name.clone());
            x = layer.forward(x);
        }
        x
    }
}

impl<T: Float> std::fmt::Debug for Sequential<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sequential of {} layers", self.len())
    }
}

/// A [`Sequential`] in the making.
#[must_use = "call `build` at the end"]
pub struct SequentialBuilder<'i, 'p, T: Float> {
    init: &'i mut Init<'p, T>,
    layers: Vec<(Arc<str>, Box<dyn Module<T>>)>,
}

impl<T: Float> SequentialBuilder<'_, '_, T> {
    /// A layer of any kind, made by `make` in a scope of its own.
    pub fn layer<M: Module<T> + 'static>(self, make: impl FnOnce(&mut Init<'_, T>) -> M) -> Self {
        let mut scope = self.init.scope(self.layers.len());
        let layer = make(&mut scope);
        let path = scope.path().into();
        self.push(path, layer)
    }

    fn push(mut self, path: Arc<str>, layer: impl Module<T> + 'static) -> Self {
        self.layers.push((path, Box::new(layer)));
        self
    }

    /// A dense layer with bias.
    ///
    /// # Panics
    /// If a network was made in this scope already.
    #[doc(alias = "dense")]
    #[track_caller]
    pub fn linear(self, inputs: usize, outputs: usize) -> Self {
        let mut scope = self.init.scope(self.layers.len());
        let layer = Linear::new(&mut scope, inputs, outputs);
        let path = scope.path().into();
        self.push(path, layer)
    }

    /// An activation function.
    pub fn activation(self, activation: Activation) -> Self {
        self.layer(|_| activation)
    }

    /// max(x, 0).
    pub fn relu(self) -> Self {
        self.activation(Activation::Relu)
    }

    /// Between −1 and 1.
    pub fn tanh(self) -> Self {
        self.activation(Activation::Tanh)
    }

    /// Between 0 and 1.
    pub fn sigmoid(self) -> Self {
        self.activation(Activation::Sigmoid)
    }

    /// A probability distribution over the last axis.
    pub fn softmax(self) -> Self {
        self.activation(Activation::Softmax(-1))
    }

    /// Dropout with this probability.
    ///
    /// # Panics
    /// If it is not in 0..=1.
    #[track_caller]
    pub fn dropout(self, p: f64) -> Self {
        let dropout = Dropout::new(p);
        self.layer(|_| dropout)
    }

    /// All axes but the first into one.
    pub fn flatten(self) -> Self {
        self.layer(|_| Flatten)
    }

    /// The finished network.
    pub fn build(self) -> Sequential<T> {
        Sequential { layers: self.layers }
    }
}
