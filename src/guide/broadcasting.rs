//! Broadcasting: what is copied going forward is summed going backward.
//!
//! A bias of 3 numbers is added to each row of a [2, 3] matrix. Each of its numbers is used twice, once a row; so its gradient
//! is the sum over the rows. That is the chain rule again: a value's gradient is the sum over its uses.
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
#![doc = include_str!("pictures/broadcasting.svg")]
//!
//! # The rule
//!
//! Write the two shapes below each other, the last axes in line. Axes are equal, or one of them is 1 or missing: then that operand is
//! repeated along the axis. Anything else is an error, and says both shapes.
//!
//! | a | b | a + b | a is summed over | b is summed over |
//! |---|---|---|---|---|
//! | \[2, 3\] | \[3\] | \[2, 3\] | | axis 0 |
//! | \[2, 3\] | \[2, 1\] | \[2, 3\] | | axis 1 |
//! | \[2, 1\] | \[1, 3\] | \[2, 3\] | axis 1 | axis 0 |
//! | \[2, 3\] | \[\] | \[2, 3\] | | both |
//! | \[2, 3\] | \[2\] | an error: 3 is not 2 | | |
//!
//! A gradient always has the shape of its value: whatever an operation did on the way, going back ends with [2, 1] for what was [2, 1].
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new();
//! let column = tape.var([[1.0], [2.0]]); // [2, 1]
//! let row = tape.var([[10.0, 20.0, 30.0]]); // [1, 3]
//! let table = column * row;
//! assert_eq!(table.value(), [[10.0, 20.0, 30.0], [20.0, 40.0, 60.0]]);
//! let grads = table.sum().backward();
//! assert_eq!(grads[column], [[60.0], [60.0]]); // 10 + 20 + 30
//! assert_eq!(grads[row], [[3.0, 3.0, 3.0]]); // 1 + 2
//! ```
//!
//! Each entry of the table uses one number of the column and one of the row; the local derivative is the other factor.
//!
//! # The other way round
//!
//! What is summed going forward is copied going backward: each of n numbers moves their sum as much as it moves itself, and their mean
//! an nth as much. Copying and summing are each other's backward, and most shapes that puzzle people in a gradient are one of the two.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new();
//! let x = tape.var([1.0, 2.0, 3.0, 6.0]);
//! assert_eq!(x.sum().backward()[x], [1.0, 1.0, 1.0, 1.0]);
//! assert_eq!(x.mean().backward()[x], [0.25, 0.25, 0.25, 0.25]);
//! ```
//!
//! # A trap
//!
//! Predictions of shape \[n, 1\] minus targets of shape \[n\] are by this rule an \[n, n\] table of differences, and its mean is a loss that
//! trains quietly towards nonsense. The [losses](super::losses) here refuse it; in a formula of your own, look at the shape once.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new();
//! let predictions = tape.var([[1.0], [2.0], [3.0]]);
//! let targets = tape.constant([1.0, 2.0, 3.0]);
//! assert_eq!((predictions - targets).shape(), [3, 3]);
//! ```
//!
//! Before: [Reverse mode, and why its order](super::reverse_mode) · Next: [A neuron, biological and artificial](super::neuron)
