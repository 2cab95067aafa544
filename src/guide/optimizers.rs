//! Optimizers: from a gradient to a step.
//!
//! The gradient points uphill, so step against it: w ← w − ηg. For (w − 2)² at w = 3 the gradient is 2; with the learning rate
//! η = 0.1 the step leads to 2.8, and each further one takes away a fifth of what is left.
//!
//! Weights outlive a tape: they live in a store, [`Params`](crate::Params), by name. `param(w)` puts one on a tape, and `step` changes
//! the store.
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
//! # One formula each
//!
//! g is the gradient, η the learning rate, t the number of the step; everything is done entry by entry.
//!
//! | optimizer | step | what it is for |
//! |---|---|---|
//! | [`Sgd`](crate::optim::Sgd) | w ← w − ηg | the plain way |
//! | with momentum μ | b ← μb + g, w ← w − ηb | steps that agree add up, up to 1/(1 − μ) times as long; those that zigzag cancel |
//! | Nesterov's | w ← w − η(g + μb) | the same, looking one step ahead |
//! | [`Adagrad`](crate::optim::Adagrad) | s ← s + g², w ← w − ηg/√s | entries that rarely get a gradient; its steps only become shorter |
//! | [`RmsProp`](crate::optim::RmsProp) | v ← αv + (1 − α)g², w ← w − ηg/√v | Adagrad that forgets |
//! | [`Adam`](crate::optim::Adam) | m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², w ← w − η m̂/√v̂ | RMSprop with momentum; m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ) make up for the start at 0 |
//! | [`AdamW`](crate::optim::AdamW) | w ← (1 − ηλ)w, then Adam’s | weights kept small, whatever their gradients |
//! | [`NAdam`](crate::optim::NAdam) | Adam’s, with Nesterov’s look ahead | Adam that overshoots |
//! | [`RAdam`](crate::optim::RAdam) | momentum’s at first, Adam’s once v̂ is reliable | a warm-up of its own |
//!
//! A small ε in each root's denominator keeps 0/0 away.
//!
//! # A ravine
//!
//! Take L = (x² + 50y²)/2, from (10, 1): steep across, flat along. Plain descent needs η < 2/50, or y overshoots by more each time; and
//! with such an η, x takes away 4 % a step at best. Momentum carries x along. Adam divides each entry by the size of its own gradients,
//! so that the two directions look alike to it, and its first step has length η in both.
//!
//! ```
//! use wengert::prelude::*;
//!
//! fn descend(mut optimizer: impl Optimizer<f64>, steps: usize) -> f64 {
//!     let mut params = Params::<f64>::new();
//!     let w = params.add("w", [10.0, 1.0]);
//!     let mut last = 0.0;
//!     for _ in 0..steps {
//!         let tape = Tape::eval(&params);
//!         let half = tape.constant([0.5, 25.0]);
//!         let loss = (tape.param(w).square() * half).sum();
//!         last = loss.item();
//!         let grads = loss.backward();
//!         optimizer.step(&mut params, &grads);
//!     }
//!     last
//! }
//!
//! assert!(descend(Sgd::new(0.05), 100) > 1e10); // beyond 2/50: it diverges
//! let plain = descend(Sgd::new(0.03), 100);
//! let momentum = descend(Sgd::new(0.03).momentum(0.8), 100);
//! let adam = descend(Adam::new(0.5), 100);
//! assert!(momentum < plain / 100.0 && adam < 1.0);
//! ```
//!
#![doc = include_str!("pictures/style.html")]
#![doc = include_str!("pictures/optimizers.svg")]
//!
//! # The learning rate
//!
//! It matters more than the choice among these. Too large, and the loss jumps or grows; too small, and nothing seems to happen. Begin
//! with Adam at 10⁻³, or with momentum 0.9 at 10⁻², and go up and down by factors of 3; the example `lr_finder` suggests one from a short
//! run. Large in the beginning and small in the end is better than one rate: a [`schedule`](crate::optim::schedule) says how.
//! A rare huge gradient is shortened by [`clip_grad_norm`](crate::optim::clip_grad_norm).
//!
//! Before: [Losses](super::losses) · Next: [Checking gradients](super::checking)
