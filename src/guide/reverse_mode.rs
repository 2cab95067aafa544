//! Reverse mode, and why its order: one pass for all inputs, and no value sends before it has everything.
//!
//! # Why backward
//!
//! The chain rule does not say where to begin. Beginning at an input and going down the tape (*forward mode*), one pass tells how
//! everything moves with that input; a million weights take a million passes. Beginning at the result and going up (*reverse mode*),
//! one pass tells how the result moves with everything. A network has many weights and one loss, so gradients go backward.
//!
//! | | one pass gives | passes for n inputs and m results |
//! |---|---|---|
//! | forward mode | every result by one input | n |
//! | reverse mode | one result by every input | m |
//!
//! A pass backward costs about twice a pass forward: where forward computes a product, backward computes one for each factor. Its price
//! is memory. Backward needs the values of forward (for a·b it needs a and b), so the tape keeps them until it has gone back.
//!
//! # Why in this order
//!
//! A value may send its gradient on only when all its uses have reported. Here c and d are used twice each:
//!
//! ```
//! use wengert::prelude::*;
//! use wengert::viz::Mistake;
//!
//! let tape = Tape::f64();
//! let (a, b) = (tape.var(2.0).named("a"), tape.var(3.0).named("b"));
//! let (c, d) = (a + b, a * b);
//! let y = (c + d) + c * d;
//! let grads = y.backward();
//! assert_eq!(grads[a], 25.0); // 1 + b + 2ab + b²
//! assert_eq!(grads[b], 19.0); // 1 + a + 2ab + a²
//!
//! // The same tape, gone back on as it should not be.
//! let explained = tape.explain(y);
//! let wrong = explained.mistakes().unwrap();
//! let of = |mistake| [a, b].map(|v| wrong.get(mistake, v).unwrap().item());
//! assert_eq!(of(Mistake::NoOrder), [29.0, 22.0]);
//! assert_eq!(of(Mistake::Overwrite), [1.0, 1.0]);
//! assert_eq!(of(Mistake::Twice), [100.0, 76.0]);
//! ```
//!
#![doc = include_str!("pictures/style.html")]
#![doc = include_str!("pictures/reverse_mode.svg")]
//!
//! Three ways to get it wrong, all of which people have programmed:
//!
//! - **No order.** A recursion goes from y to e, from e to c, and from c on to a and b, before f has reported to c. When f does, c
//!   sends all it has once more, what it sent before included: what was counted once is counted twice.
//! - **`=` for `+=`.** The last use to report wipes out those before it. On a tape where no value is used twice nobody notices.
//! - **Backward twice.** A second pass begins on top of what the first one left, and the leftovers are sent on again. Where gradients
//!   are stored in the values, somebody has to set them to zero each time; here they are a new value that `backward` returns.
//!
//! A right order is any in which a node comes after all that use it: a *topological order*, backward. Other engines sort for it. A tape
//! need not: a node is written down after its inputs, so its uses stand below it, and reading from the bottom to the top is always right.
//!
//! The page that `tape.explain(y).html()` gives replays each of these mistakes step by step, beside what is right.
//!
//! # With tensors
//!
//! Nothing changes when values are vectors and matrices, but the local derivative is then a matrix, the *Jacobian* J, and the gradient
//! that comes from below is a vector g. What an operation sends is the product gᵀJ. It is never made by writing J down: for the
//! matrix product Y = A·B the rule is Ā = Ȳ·Bᵀ and B̄ = Aᵀ·Ȳ, where a bar means *gradient of y with respect to*.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new();
//! let (a, b) = (tape.var([[1.0, 2.0]]), tape.var([[3.0], [4.0]]));
//! let y = a.matmul(b); // [1, 2] · [2, 1] = [1, 1]
//! let grads = y.sum().backward(); // Ȳ = [[1]]
//! assert_eq!(grads[a], [[3.0, 4.0]]); // Bᵀ
//! assert_eq!(grads[b], [[1.0], [2.0]]); // Aᵀ
//! ```
//!
//! Before: [The chain rule](super::chain_rule) · Next: [Broadcasting](super::broadcasting)
