//! Losses, in numbers that can be redone by hand.
//!
//! A loss says in one number how wrong a prediction is. For numbers: the mean of (ŷ − y)². For yes or no: −ln of the
//! probability given to what was true. With p = σ(z), the slope of that in z is p − y: as large as the mistake, never
//! vanishing while it is wrong.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::f64();
//! let guess = tape.var([1.0, 4.0]);
//! let loss = mse(guess, Tensor::from([0.0, 2.0]));
//! assert_eq!(loss.item(), 2.5); // (1 + 4)/2
//! assert_eq!(loss.backward()[guess], [1.0, 2.0]); // 2(ŷ − y)/n
//!
//! let z = tape.var(0.0); // p = 1/2
//! let loss = bce_with_logits(z, 1.0);
//! assert!((loss.item() - 2f64.ln()).abs() < 1e-15);
//! assert_eq!(loss.backward()[z], -0.5); // p − y
//! ```
//!
//! Before: [An MLP, and why a stack of linear layers is not one](super::mlp) · Next: [Optimizers](super::optimizers)
