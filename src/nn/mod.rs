//! Networks: layers that hold parameter ids, and ways of putting them together.
//!
//! A model is a plain struct. It needs no derive: its layers hold [`ParamId`]s into a
//! [`Params`] store, and [`Module::forward`] says what it computes.
//!
//! ```
//! use wengert::prelude::*;
//!
//! struct Net {
//!     hidden: Linear,
//!     output: Linear,
//! }
//!
//! impl Net {
//!     fn new<T: Float>(init: &mut Init<T>) -> Self {
//!         Self {
//!             hidden: Linear::new(&mut init.scope("hidden"), 4, 8),
//!             output: Linear::new(&mut init.scope("output"), 8, 1),
//!         }
//!     }
//! }
//!
//! impl<T: Float> Module<T> for Net {
//!     fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
//!         self.output.forward(self.hidden.forward(x).relu())
//!     }
//! }
//!
//! let mut params = Params::<f32>::new();
//! let net = Net::new(&mut params.init(&mut Rng::new(0)));
//! let tape = Tape::inference(&params);
//! assert_eq!(net.forward(tape.constant(Tensor::zeros([3, 4]))).shape().dims(), [3, 1]);
//! ```
//!
//! [`ParamId`]: crate::ParamId
//! [`Params`]: crate::Params

mod activation;
mod linear;
mod mlp;
mod perceptron;
mod sequential;
mod summary;

pub use activation::{Activation, Dropout, Flatten};
pub use linear::Linear;
pub use mlp::Mlp;
pub use perceptron::Perceptron;
pub use sequential::{Sequential, SequentialBuilder};
pub use summary::{Summary, SummaryRow, summary};

use crate::float::Float;
use crate::tape::Var;

/// Something that computes one value from another on a tape.
///
/// What has several inputs or outputs is an ordinary method of its own; this trait is for parts
/// that fit into a [`Sequential`], a [`summary`] or a training loop.
pub trait Module<T: Float = f32> {
    /// The output for the input `x`, recorded on x's tape.
    ///
    /// # Panics
    /// If the shape of `x` does not fit.
    // Not #[track_caller] here: every implementation would inherit it, and a mistake inside a
    // user's own `forward` would be blamed on whoever called that. Our layers carry it.
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T>;
}
