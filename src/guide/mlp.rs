//! An MLP, and why a stack of linear layers is not one, in numbers that can be redone by hand.
//!
//! Two linear layers in a row are one: W₂(W₁x) = (W₂W₁)x. However many there are, a line stays a line, and no line separates
//! the corners of XOR. One kink between the layers is enough:
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new();
//! let x = tape.constant([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
//! let (w1, w2) = (tape.var([[1.0, 1.0], [1.0, 1.0]]), tape.var([[1.0], [-2.0]]));
//! let twice = x.matmul(w1).matmul(w2);
//! let once = x.matmul(w1.matmul(w2));
//! assert_eq!(twice.value(), once.value()); // one layer after all
//!
//! let hidden = (x.matmul(w1) + tape.var([0.0, -1.0])).relu();
//! assert_eq!(hidden.matmul(w2).value(), [[0.0], [1.0], [1.0], [0.0]]); // XOR
//! ```
//!
//! The first hidden unit counts the ones, the second fires only when there are two; the output takes the second away twice.
//! Each is a line with a kink; their sum goes up and down again, which no line does:
//!
#![doc = include_str!("pictures/style.html")]
#![doc = include_str!("pictures/mlp.svg")]
//!
//! One hidden layer, if it is wide enough, comes as close as one likes to any continuous function on a bounded region (Cybenko
//! 1989, Hornik 1991); each unit adds a fold. That says nothing about how many units it takes, or whether descent finds them.
//! More layers fold what was folded before, and often need fewer units.
//!
//! [`Mlp`](crate::nn::Mlp) stacks such layers and [`Linear`](crate::nn::Linear) is one of them.
//!
//! Before: [Activations](super::activations) · Next: [Losses](super::losses)
