//! Second derivatives: going backward is a computation too, so write it down and go back on it.
//!
//! [`grad`](crate::Var::grad) goes back like `backward`, but records what it does. Its result is a value on the tape like any other, and has a
//! gradient of its own. For x³: 3x², then 6x, then 6.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::f64();
//! let x = tape.var(2.0);
//! let first = x.powi(3).grad(x);
//! let second = first.grad(x);
//! let third = second.grad(x);
//! assert_eq!((first.item(), second.item(), third.item()), (12.0, 12.0, 6.0));
//! ```
//!
//! Tanh and its first three derivatives, each the gradient of the one before:
//!
#![doc = include_str!("pictures/style.html")]
#![doc = include_str!("pictures/second_derivatives.svg")]
//!
//! # What they say
//!
//! The first derivative is the slope, the second how the slope changes: the *curvature*. Where f is a loss, curvature says how far a step
//! may go. Newton's method steps by f′/f″ and needs no learning rate; on a parabola it arrives at once:
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::f64();
//! let w = tape.var(10.0);
//! let loss = (w - 3.0).square() * 5.0;
//! let slope = loss.grad(w); // 10(w − 3) = 70
//! let curvature = slope.grad(w); // 10
//! assert_eq!((w - slope / curvature).item(), 3.0);
//! ```
//!
//! With n inputs the second derivatives are a table, the *Hessian* H, of n² numbers: too many for a network. But what one wants of it is mostly
//! a product Hu with some direction u, and that takes one more pass: the gradient of g·u, where g is the gradient.
//!
//! ```
//! use wengert::grad::{hessian, hvp};
//! use wengert::prelude::*;
//! fn f(x: Var<'_, f64>) -> Var<'_, f64> {
//!     x.powi(3).sum() + x.prod()
//! }
//! let at = [1.0, 2.0];
//! // 6xᵢ on the diagonal, 1 beside it.
//! assert_eq!(hessian(f, at), [[6.0, 1.0], [1.0, 12.0]]);
//! // H·(1, −1), the table never made.
//! assert_eq!(hvp(f, at, [1.0, -1.0]), [5.0, -11.0]);
//! ```
//!
//! # Gradients in a loss
//!
//! Since a gradient is a value, a loss may be made of it. That is how a network learns to obey a differential equation, or not to jump: its
//! slope is a part of what is judged. `backward` then goes through the slope to the weights.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::f64();
//! let (w, x) = (tape.var(2.0), tape.var(0.5));
//! let y = (w * x).tanh();
//! let slope = y.grad(x); // w(1 − tanh²(wx))
//! let loss = (slope - 1.0).square(); // a slope of 1 is asked for
//! let grads = loss.backward();
//! let h = 1e-6;
//! let at = |w: f64| (w * (1.0 - (w * 0.5).tanh().powi(2)) - 1.0).powi(2);
//! assert!((grads[w].item() - (at(2.0 + h) - at(2.0 - h)) / (2.0 * h)).abs() < 1e-8);
//! ```
//!
//! It needs an activation that bends smoothly. Relu's slope is constant on both sides, so its second derivative is 0 and teaches nothing: take
//! tanh, SiLU or GELU.
//!
//! Before: [Writing your own operation](super::own_op) · Next: [A model of one’s own](super::own_model)
