//! A neuron, biological and artificial, in numbers that can be redone by hand.
//!
//! | in the brain | here |
//! |---|---|
//! | dendrites bring signals | inputs x₁, …, xₙ |
//! | synapses weigh them | weights w₁, …, wₙ |
//! | the cell body adds them up | z = Σ wᵢxᵢ + b |
//! | a threshold decides whether it fires | an activation a = f(z) |
//! | the axon carries the result on | the output, an input of others |
//!
//! The likeness is loose: a real neuron speaks in pulses over time. The [perceptron](crate::nn::Perceptron) fires at z ≥ 0. A
//! step has no useful slope, so a neuron that learns by gradients has a smooth f, or one with a kink.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new();
//! let x = tape.constant([1.0, 2.0]);
//! let (w, b) = (tape.var([0.5, -1.0]), tape.var(2.5));
//! let z = (w * x).sum() + b; // 0.5 − 2 + 2.5 = 1
//! let a = z.relu();
//! let grads = a.backward();
//! assert_eq!(a.item(), 1.0);
//! assert_eq!(grads[w], [1.0, 2.0]); // a weight's gradient is its input
//! ```
//!
//! The whole neuron on its tape, as the crate draws it: going forward the blue values, going back the orange gradients.
//!
#![doc = include_str!("pictures/style.html")]
#![doc = include_str!("pictures/neuron.svg")]
//!
//! Before: [Broadcasting](super::broadcasting) · Next: [Activations](super::activations)
