//! Optimizers: p ← p − η·(a direction made from the gradients so far).
//!
//! | optimizer | direction, with g the gradient | when |
//! |---|---|---|
//! | [`Sgd`] | g | simple problems, full control |
//! | [`Sgd`] with momentum | b ← μb + g | better convergence than plain SGD |
//! | [`Adam`] | m̂ / (√v̂ + ε), running means of g and g² | the usual first choice |
//! | [`AdamW`] | the same, with weight decay beside the gradient | networks that need regularising |
//! | [`RmsProp`] | g / (√v + ε) | recurrent networks, reinforcement learning |
//! | [`Adagrad`] | g / (√Σg² + ε) | sparse features |
//! | [`NAdam`], [`RAdam`] | Adam, with Nesterov's look ahead, or a warm-up of its own | where Adam is unsteady |
//!
//! Around a step: [`schedule`] sets the learning rate, a [`Group`] gives some parameters settings of
//! their own, [`clip_grad_norm`] shortens gradients, [`WeightAverage`] averages what the steps
//! leave, [`State`] is what a checkpoint holds.
//!
//! The formulas are PyTorch's, defaults included. A parameter without a gradient (frozen, or not
//! used by the loss) is skipped: neither it nor what the optimizer remembers of it changes.
//!
//! ```
//! use wengert::prelude::*;
//! let mut params: Params = Params::new();
//! let w = params.add("w", 3.0);
//! let mut sgd = Sgd::new(0.1).momentum(0.9);
//! for step in 0..200 {
//!     sgd.set_learning_rate(0.1 / (1.0 + 0.01 * step as f64));
//!     let tape = Tape::eval(&params);
//!     let grads = (tape.param(w) - 2.0).square().backward();
//!     sgd.step(&mut params, &grads);
//! }
//! assert!((params[w].item() - 2.0).abs() < 1e-3);
//! ```

pub mod schedule;

mod adagrad;
mod adam;
mod average;
mod clip;
mod core;
mod group;
mod nadam;
mod pass;
mod radam;
mod rmsprop;
mod setting;
mod sgd;
mod state;

pub use adagrad::Adagrad;
#[cfg(feature = "unstable-kernels")]
pub(crate) use adam::update_slices as update_adam;
pub use adam::{Adam, AdamW};
pub use average::WeightAverage;
pub use clip::{clip_grad_norm, clip_grad_value, grad_norm};
pub use group::Group;
pub use nadam::NAdam;
pub use radam::RAdam;
pub use rmsprop::RmsProp;
pub use schedule::Schedule;
pub use sgd::Sgd;
pub(crate) use state::Reader;
pub use state::State;

use crate::error::Error;
use crate::float::Float;
use crate::params::Params;
use crate::tape::Gradients;

/// What changes parameters along their gradients.
///
/// A rule of your own implements it too, and works wherever one of ours does:
///
/// ```
/// use wengert::optim::State;
/// use wengert::prelude::*;
///
/// /// p ← p − η·sign(g)
/// struct SignDescent(f64);
///
/// impl Optimizer for SignDescent {
///     fn step(&mut self, params: &mut Params, grads: &Gradients) {
///         for id in params.ids() {
///             if let Some(g) = grads.param(id) {
///                 let p = params.value_mut(id).data_mut();
///                 p.iter_mut().zip(g.data()).for_each(|(p, g)| *p -= self.0 as f32 * g.signum());
///             }
///         }
///     }
///     fn learning_rate(&self) -> f64 {
///         self.0
///     }
///     fn set_learning_rate(&mut self, learning_rate: f64) {
///         self.0 = learning_rate;
///     }
///     fn state(&self, _: &Params) -> State {
///         State::new("SignDescent")
///     }
///     fn load_state(&mut self, _: &Params, _: &State) -> Result<(), Error> {
///         Ok(()) // It remembers nothing.
///     }
/// }
///
/// let mut params: Params = Params::new();
/// let w = params.add("w", [3.0, -4.0]);
/// let grads = Tape::eval(&params).param(w).square().backward_with(Tensor::ones([2]));
/// SignDescent(0.5).step(&mut params, &grads);
/// assert_eq!(params[w], [2.5, -3.5]);
/// ```
pub trait Optimizer<T: Float = f32> {
    /// Changes every parameter that has a gradient and is not frozen, in place.
    ///
    /// A loss lives on its tape, which borrows the parameters: `backward()` and `item()` come before this.
    ///
    /// # Panics
    /// Before anything is changed: if the gradients, or the steps before, are of another store
    /// than the parameters, or if a gradient has another shape than its parameter.
    #[track_caller]
    fn step(&mut self, params: &mut Params<T>, grads: &Gradients<T>);

    /// η: how far a step goes.
    #[doc(alias = "lr")]
    fn learning_rate(&self) -> f64;

    /// Sets η for the steps to come; that is all a schedule does.
    ///
    /// # Panics
    /// If it is negative, infinite or NaN.
    #[track_caller]
    fn set_learning_rate(&mut self, learning_rate: f64);

    /// All it remembers between steps, by the parameters' names: what a checkpoint holds. The
    /// settings (momentum, weight decay, ..) are the program's and are not part of it.
    ///
    /// # Panics
    /// If the steps were of another store.
    #[doc(alias = "state_dict")]
    #[track_caller]
    fn state(&self, params: &Params<T>) -> State<T>;

    /// Takes up where `state` was read: the steps that follow give the same bits.
    ///
    /// # Errors
    /// If the state is another optimizer's, or does not fit the parameters: says which names and
    /// shapes differ. Nothing is changed then.
    #[doc(alias = "load_state_dict")]
    fn load_state(&mut self, params: &Params<T>, state: &State<T>) -> Result<(), Error>;
}
