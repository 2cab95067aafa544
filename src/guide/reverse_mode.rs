//! Reverse mode, and why its order, in numbers that can be redone by hand.
//!
//! A network has a million weights and one loss. Going from a weight forward gives one derivative a pass; going from the loss
//! backward gives all of them in one pass. That is why gradients go backward.
//!
//! The order matters. A value may send its gradient on only when all its uses have reported. Here c and d are used twice each:
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new();
//! let (a, b) = (tape.var(2.0), tape.var(3.0));
//! let (c, d) = (a + b, a * b);
//! let y = (c + d) + c * d;
//! let grads = y.backward();
//! assert_eq!(grads[a], 25.0); // 1 + b + 2ab + b²
//! assert_eq!(grads[b], 19.0); // 1 + a + 2ab + a²
//! ```
//!
//! Send c's gradient on after its first report, and again after the second, and what was counted once is counted twice.
//! A node stands on the tape after its inputs, so the reverse of the tape is always a right order.
//!
#![doc = include_str!("pictures/style.html")]
//!
//! Before: [The chain rule](super::chain_rule) · Next: [Broadcasting](super::broadcasting)
