//! Optimizers, in numbers that can be redone by hand.
//!
//! The gradient points uphill, so step against it: w ← w − ηg. For (w − 2)² at w = 3 the gradient is 2; with η = 0.1 the step
//! leads to 2.8. [`Sgd`](crate::optim::Sgd) does that; [`Adam`](crate::optim::Adam) divides by the size that the gradients have had, so that its first step is about η
//! long however steep it is.
//!
//! ```
//! use wengert::prelude::*;
//! let mut params = Params::<f64>::new();
//! let w = params.add("w", 3.0);
//! let mut sgd = Sgd::new(0.1);
//! let grads = (Tape::eval(&params).param(w) - 2.0).square().backward();
//! sgd.step(&mut params, &grads);
//! assert!((params[w].item() - 2.8).abs() < 1e-12);
//! for _ in 0..100 {
//!     let grads = (Tape::eval(&params).param(w) - 2.0).square().backward();
//!     sgd.step(&mut params, &grads);
//! }
//! assert!((params[w].item() - 2.0).abs() < 1e-6);
//! ```
//!
//! Before: [Losses](super::losses) · Next: [Checking gradients](super::checking)
