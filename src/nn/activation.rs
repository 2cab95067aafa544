//! Layers without parameters: activation functions, dropout, flattening.

use super::Module;
use crate::float::Float;
use crate::tape::Var;

/// An activation function as a layer. Each is also a method of [`Var`], where its formula and
/// derivative are told.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// x itself: no activation.
    Identity,
    /// [`Var::relu`]
    #[doc(alias = "ReLU")]
    Relu,
    /// [`Var::leaky_relu`] with this slope; 0.01 is usual.
    #[doc(alias = "LeakyReLU")]
    LeakyRelu(f64),
    /// [`Var::elu`] with this α; 1 is usual.
    #[doc(alias = "ELU")]
    Elu(f64),
    /// [`Var::gelu`], exact.
    #[doc(alias = "GELU")]
    Gelu,
    /// [`Var::gelu_tanh`], the approximation.
    GeluTanh,
    /// [`Var::silu`]
    #[doc(alias = "SiLU")]
    Silu,
    /// [`Var::softplus`]
    Softplus,
    /// [`Var::sigmoid`]
    Sigmoid,
    /// [`Var::tanh`]
    Tanh,
    /// [`Var::softmax`] along this axis; −1 for classes.
    Softmax(isize),
    /// [`Var::log_softmax`] along this axis; −1 for classes.
    LogSoftmax(isize),
}

impl<T: Float> Module<T> for Activation {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        match *self {
            Activation::Identity => x,
            Activation::Relu => x.relu(),
            Activation::LeakyRelu(slope) => x.leaky_relu(slope),
            Activation::Elu(alpha) => x.elu(alpha),
            Activation::Gelu => x.gelu(),
            Activation::GeluTanh => x.gelu_tanh(),
            Activation::Silu => x.silu(),
            Activation::Softplus => x.softplus(),
            Activation::Sigmoid => x.sigmoid(),
            Activation::Tanh => x.tanh(),
            Activation::Softmax(axis) => x.softmax(axis),
            Activation::LogSoftmax(axis) => x.log_softmax(axis),
        }
    }
}

/// [`Var::dropout`] as a layer: on training tapes each entry is dropped with this probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout(f64);

impl Dropout {
    /// With this probability.
    ///
    /// # Panics
    /// If it is not in 0..=1.
    #[track_caller]
    pub fn new(p: f64) -> Self {
        assert!((0.0..=1.0).contains(&p), "Dropout: the probability must be in 0..=1, not {p}");
        Dropout(p)
    }
}

impl<T: Float> Module<T> for Dropout {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        x.dropout(self.0)
    }
}

/// [n, a, b, ..] to [n, a·b·..]: what stands between images and a dense layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flatten;

impl<T: Float> Module<T> for Flatten {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let shape = x.shape();
        let rows = shape.first().copied().unwrap_or(1);
        x.reshape([rows, shape.iter().skip(1).product()])
    }
}
