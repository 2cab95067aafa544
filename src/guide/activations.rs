//! Activations: the bend between the layers, and what it lets back through.
//!
//! An activation f takes the weighted sum z of a neuron and makes its output of it. Forward, its bend is what keeps a stack of layers from
//! being one layer. Backward, its slope f′(z) is a factor of everything that goes back to the neuron's weights: where the slope is 0 they
//! learn nothing. So there are two questions about each, what it does and where its slope vanishes.
//!
//! | f | formula | range | derivative | where it vanishes or dies |
//! |---|---|---|---|---|
//! | [ReLU](#relu) | max(0, z) | [0, ∞) | 1 if z > 0, else 0 | z ≤ 0: a unit that is always there is dead |
//! | [leaky ReLU](#leaky-relu) | z if z > 0, else 0.01z | (−∞, ∞) | 1 if z > 0, else 0.01 | nowhere |
//! | [ELU (α = 1)](#elu-α--1) | z if z > 0, else eᶻ − 1 | (−1, ∞) | 1 if z > 0, else eᶻ | far left |
//! | [GELU](#gelu) | z·Φ(z) | about (−0.17, ∞) | Φ(z) + z·φ(z) | far left; 0 once near −0.75 |
//! | [SiLU](#silu) | z·σ(z) | about (−0.28, ∞) | σ(z)(1 + z(1 − σ(z))) | far left; 0 once near −1.28 |
//! | [sigmoid σ](#sigmoid) | 1/(1 + e⁻ᶻ) | (0, 1) | σ(1 − σ), at most 1/4 | both ends |
//! | [tanh](#tanh) | (eᶻ − e⁻ᶻ)/(eᶻ + e⁻ᶻ) | (−1, 1) | 1 − tanh² | both ends |
//! | [softplus](#softplus) | ln(1 + eᶻ) | (0, ∞) | σ(z) | far left |
//! | [softmax](#softmax-of-two-classes) | eᶻⁱ / Σ eᶻʲ | (0, 1), sum 1 | pᵢ(δᵢⱼ − pⱼ) | where one p is near 1 |
//!
//! Φ and φ are the distribution and the density of a standard normal number, δᵢⱼ is 1 for i = j and 0 else. The numbers, from the engine:
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::f64();
//! let slope = |f: fn(Var<'_, f64>) -> Var<'_, f64>, z: f64| {
//!     let tape = Tape::f64();
//!     let z = tape.var(z);
//!     f(z).backward()[z].item()
//! };
//! for (z, of_relu) in [(2.0, 1.0), (-2.0, 0.0), (0.0, 0.0)] {
//!     assert_eq!(slope(|z| z.relu(), z), of_relu);
//! }
//! assert_eq!(slope(|z| z.leaky_relu(0.01), -2.0), 0.01);
//! assert_eq!(slope(|z| z.elu(1.0), -2.0), (-2f64).exp());
//! assert_eq!(slope(|z| z.sigmoid(), 0.0), 0.25);
//! assert_eq!(slope(|z| z.tanh(), 0.0), 1.0);
//! assert_eq!(slope(|z| z.softplus(), 0.0), 0.5);
//! assert_eq!(slope(|z| z.silu(), 0.0), 0.5);
//! assert_eq!(slope(|z| z.gelu(), 0.0), 0.5);
//! assert!(slope(|z| z.sigmoid(), 20.0) < 1e-8); // vanished
//! assert!(slope(|z| z.gelu(), -0.7518).abs() < 1e-3);
//! assert!(slope(|z| z.silu(), -1.2785).abs() < 1e-3);
//! let p = tape.var([0.0, 0.0]).softmax(0);
//! assert_eq!(p.value(), [0.5, 0.5]);
//! ```
//!
//! # What to look for
//!
//! Going back, a layer multiplies the gradient by the weights and by f′(z). Twenty sigmoid layers multiply it by at most
//! (1/4)²⁰ ≈ 10⁻¹²: the first layers stand still. That is *vanishing*. Units of tanh do better, near 0, where the slope is 1;
//! units of ReLU pass on all or nothing. One that is off for every row of the data gets no gradient and stays off: it has *died*,
//! mostly after a step that was too long. A small slope on the left, or a smooth one, lets it come back.
//!
//! ```
//! use wengert::prelude::*;
//! let through_twenty = |f: fn(Var<'_, f64>) -> Var<'_, f64>| {
//!     let tape = Tape::f64();
//!     let z = tape.var(0.5);
//!     (0..20).fold(z, |z, _| f(z)).backward()[z].item()
//! };
//! assert!(through_twenty(|z| z.sigmoid()) < 1e-12);
//! assert!(through_twenty(|z| z.tanh()) > 1e-2);
//! assert_eq!(through_twenty(|z| z.relu()), 1.0);
//! ```
//!
//! In hidden layers begin with ReLU, or GELU and SiLU where smoothness is wanted (second derivatives of ReLU are 0). At the
//! output the task decides: nothing for a number, a sigmoid for a probability, softmax for one of several classes; and in training
//! the last two are better left to the [loss](super::losses).
//!
//! How the weights start belongs to it: z should neither shrink nor grow from layer to layer. [`Scheme`](crate::Scheme) names the
//! usual ways, Xavier's for sigmoid and tanh, Kaiming's for ReLU, which lets half of its input through and so needs twice the variance.
//!
//! When a layer does not learn, [`Gradients::report`](crate::Gradients::report) says whether its units are off or saturated.
//!
//! # The pictures
//!
//! Blue is f, orange its derivative, both as the engine computes them.
//!
//! ## ReLU
//!
//! A kink at 0, where the slope is taken as 0. Cheap, and exact zeros on the left; there it passes nothing back.
//!
#![doc = include_str!("pictures/style.html")]
#![doc = include_str!("pictures/relu.svg")]
//!
//! ## Leaky ReLU
//!
//! The same with 1 % on the left: never dead, never quite off.
//!
#![doc = include_str!("pictures/leaky_relu.svg")]
//!
//! ## ELU, α = 1
//!
//! Smooth at 0 for α = 1, and −1 far left: the mean of its outputs is nearer to 0 than with ReLU.
//!
#![doc = include_str!("pictures/elu.svg")]
//!
//! ## GELU
//!
//! z times the chance that a standard normal number lies below z. It dips below 0 before it lets go, and the slope is negative there.
//!
#![doc = include_str!("pictures/gelu.svg")]
//!
//! ## SiLU
//!
//! z times a sigmoid; much like GELU, and cheaper. Also called swish.
//!
#![doc = include_str!("pictures/silu.svg")]
//!
//! ## Sigmoid
//!
//! A probability. The slope is 1/4 at best, and at z = ±5 it is below 0.007.
//!
#![doc = include_str!("pictures/sigmoid.svg")]
//!
//! ## Tanh
//!
//! A sigmoid stretched to (−1, 1), 2σ(2z) − 1: centred, with slope 1 in the middle, and the same flat ends.
//!
#![doc = include_str!("pictures/tanh.svg")]
//!
//! ## Softplus
//!
//! A ReLU without a kink, always positive; its slope is the sigmoid. For what must be positive, such as a variance.
//!
#![doc = include_str!("pictures/softplus.svg")]
//!
//! ## Softmax of two classes
//!
//! The first one's probability, where its logit is z and the other's is 0. Softmax makes probabilities of any number of *logits*, numbers
//! without bounds. With two classes it is the sigmoid of the difference of the logits. Adding one number to all logits changes nothing, so the largest is subtracted first, and no eᶻ overflows.
//!
#![doc = include_str!("pictures/softmax.svg")]
//!
//! Before: [A neuron, biological and artificial](super::neuron) · Next: [An MLP, and why a stack of linear layers is not one](super::mlp)
