//! `Mlp`: the multi-layer perceptron, dense layers with a non-linearity between them.

use super::{Activation, Linear, Module};
use crate::float::Float;
use crate::init::Init;
use crate::tape::Var;

/// A multi-layer perceptron: dense layers of the given widths, an activation (ReLU, unless said
/// otherwise) after each but the last, and, if asked for, dropout after that and an activation at
/// the end.
///
/// ```
/// use wengert::prelude::*;
/// let mut params = Params::<f32>::new();
/// let mut rng = Rng::new(0);
/// let digits = Mlp::new(&mut params.init(&mut rng), [784, 256, 128, 10]);
/// assert_eq!(params.numel(), 235_146);
/// let tape = Tape::inference(&params);
/// let logits = digits.forward(tape.constant(Tensor::zeros([2, 784])));
/// assert_eq!(logits.shape().dims(), [2, 10]);
/// ```
#[derive(Debug, Clone)]
pub struct Mlp {
    layers: Vec<Linear>,
    hidden: Activation,
    output: Activation,
    dropout: f64,
}

impl Mlp {
    /// With these widths, from the inputs to the outputs. The layers are named `layers.0`,
    /// `layers.1`, ..
    ///
    /// # Panics
    /// If there are fewer than two widths, or a network was made in this scope already.
    #[track_caller]
    pub fn new<T: Float>(init: &mut Init<T>, widths: impl AsRef<[usize]>) -> Self {
        let widths = widths.as_ref();
        assert!(widths.len() >= 2, "Mlp: at least the widths of input and output are needed, got {widths:?}");
        let mut init = init.scope("layers");
        let mut layers = Vec::new(); // by a loop: a closure would blame this line, not the user's
        for (i, pair) in widths.windows(2).enumerate() {
            layers.push(Linear::new(&mut init.scope(i), pair[0], pair[1]));
        }
        Self { layers, hidden: Activation::Relu, output: Activation::Identity, dropout: 0.0 }
    }

    /// The activation between the layers.
    #[must_use]
    pub fn activation(mut self, activation: Activation) -> Self {
        self.hidden = activation;
        self
    }

    /// The activation at the end; none, unless said otherwise: the output is then logits.
    #[must_use]
    pub fn output(mut self, activation: Activation) -> Self {
        self.output = activation;
        self
    }

    /// Dropout after each hidden activation.
    ///
    /// # Panics
    /// If the probability is not in 0..=1.
    #[must_use]
    #[track_caller]
    pub fn dropout(mut self, p: f64) -> Self {
        assert!((0.0..=1.0).contains(&p), "Mlp: the dropout probability must be in 0..=1, not {p}");
        self.dropout = p;
        self
    }

    /// The dense layers.
    pub fn layers(&self) -> &[Linear] {
        &self.layers
    }
}

impl<T: Float> Module<T> for Mlp {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let mut x = x;
        for (i, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if i + 1 < self.layers.len() {
                x = self.hidden.forward(x).dropout(self.dropout);
            }
        }
        self.output.forward(x)
    }
}
