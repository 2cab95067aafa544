//! Activations, in numbers that can be redone by hand.
//!
//! | f | formula | range | derivative | where it vanishes or dies |
//! |---|---|---|---|---|
//! | ReLU | max(0, z) | [0, ∞) | 1 if z > 0, else 0 | z ≤ 0: a unit that is always there is dead |
//! | leaky ReLU | z if z > 0, else 0.01z | (−∞, ∞) | 1 if z > 0, else 0.01 | nowhere |
//! | ELU (α = 1) | z if z > 0, else eᶻ − 1 | (−1, ∞) | 1 if z > 0, else eᶻ | far left |
//! | GELU | z·Φ(z) | about (−0.17, ∞) | Φ(z) + z·φ(z) | far left; 0 once near −0.75 |
//! | SiLU | z·σ(z) | about (−0.28, ∞) | σ(z)(1 + z(1 − σ(z))) | far left; 0 once near −1.28 |
//! | sigmoid σ | 1/(1 + e⁻ᶻ) | (0, 1) | σ(1 − σ), at most 1/4 | both ends |
//! | tanh | (eᶻ − e⁻ᶻ)/(eᶻ + e⁻ᶻ) | (−1, 1) | 1 − tanh² | both ends |
//! | softplus | ln(1 + eᶻ) | (0, ∞) | σ(z) | far left |
//! | softmax | eᶻⁱ / Σ eᶻʲ | (0, 1), sum 1 | pᵢ(δᵢⱼ − pⱼ) | where one p is near 1 |
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::f64();
//! let slope = |f: fn(Var<'_, f64>) -> Var<'_, f64>, z: f64| {
//!     let tape = Tape::f64();
//!     let z = tape.var(z);
//!     f(z).backward()[z].item()
//! };
//! assert_eq!((slope(|z| z.relu(), 2.0), slope(|z| z.relu(), -2.0), slope(|z| z.relu(), 0.0)), (1.0, 0.0, 0.0));
//! assert_eq!(slope(|z| z.leaky_relu(0.01), -2.0), 0.01);
//! assert_eq!((slope(|z| z.sigmoid(), 0.0), slope(|z| z.tanh(), 0.0)), (0.25, 1.0));
//! assert_eq!((slope(|z| z.softplus(), 0.0), slope(|z| z.silu(), 0.0), slope(|z| z.gelu(), 0.0)), (0.5, 0.5, 0.5));
//! assert!(slope(|z| z.sigmoid(), 20.0) < 1e-8); // vanished
//! assert!(slope(|z| z.gelu(), -0.7518).abs() < 1e-3 && slope(|z| z.silu(), -1.2785).abs() < 1e-3);
//! let p = tape.var([0.0, 0.0]).softmax(0);
//! assert_eq!(p.value(), [0.5, 0.5]);
//! ```
//!
//! When a layer does not learn, [`Gradients::report`](crate::Gradients::report) says whether its units are off or saturated.
//!
//! Before: [A neuron, biological and artificial](super::neuron) · Next: [An MLP, and why a stack of linear layers is not one](super::mlp)
//!
//! # The pictures
//!
//! Blue is f, orange its derivative, both as the engine computes them.
//!
//! ReLU
//!
#![doc = include_str!("pictures/relu.svg")]
//!
//! Leaky ReLU
//!
#![doc = include_str!("pictures/leaky_relu.svg")]
//!
//! ELU, α = 1
//!
#![doc = include_str!("pictures/elu.svg")]
//!
//! GELU
//!
#![doc = include_str!("pictures/gelu.svg")]
//!
//! SiLU
//!
#![doc = include_str!("pictures/silu.svg")]
//!
//! Sigmoid
//!
#![doc = include_str!("pictures/sigmoid.svg")]
//!
//! Tanh
//!
#![doc = include_str!("pictures/tanh.svg")]
//!
//! Softplus
//!
#![doc = include_str!("pictures/softplus.svg")]
//!
//! Softmax of two classes: the first one’s probability, where its logit is z and the other’s is 0
//!
#![doc = include_str!("pictures/softmax.svg")]
