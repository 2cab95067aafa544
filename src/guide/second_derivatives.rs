//! Second derivatives, in numbers that can be redone by hand.
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
#![doc = include_str!("pictures/style.html")]
//!
//! Before: [Writing your own operation](super::own_op) · Next: [A model of one’s own](super::own_model)
