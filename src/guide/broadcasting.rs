//! Broadcasting, in numbers that can be redone by hand.
//!
//! A bias of 3 numbers is added to each row of a [2, 3] matrix. Each of its numbers is used twice, once a row; so its gradient
//! is the sum over the rows. What was copied going forward is summed going backward.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new();
//! let x = tape.var([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
//! let bias = tape.var([0.5, 0.5, 0.5]);
//! let grads = (x + bias).sum().backward();
//! assert_eq!(grads[bias], [2.0, 2.0, 2.0]);
//! assert_eq!(grads[x], [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]);
//! ```
//!
#![doc = include_str!("pictures/style.html")]
//!
//! Before: [Reverse mode, and why its order](super::reverse_mode) · Next: [A neuron, biological and artificial](super::neuron)
