//! A neuron, biological and artificial: a weighted sum, and a decision about it.
//!
//! # In the brain
//!
//! A nerve cell has many inputs and one output. On its *dendrites* sit *synapses*, thousands of them, at which the axons of
//! other cells end. At rest the cell is charged to about −70 mV. A pulse that arrives at a synapse moves that a little, up where the
//! synapse excites and down where it inhibits, and by how much is the synapse's strength. The cell body adds up what arrives. If the sum
//! comes above a threshold, at about −55 mV, the cell *fires*: a pulse of a millisecond runs down its *axon* to the synapses of
//! others. The pulse is always the same. What says more or less is how many there are in a second.
//!
//! What is learned is, as far as is known, mostly in the strengths of the synapses.
//!
//! # Here
//!
//! | in the brain | here |
//! |---|---|
//! | dendrites bring signals | inputs x₁, …, xₙ |
//! | synapses weigh them | weights w₁, …, wₙ: above 0 excites, below 0 inhibits |
//! | the cell body adds them up | z = Σ wᵢxᵢ + b |
//! | a threshold decides whether it fires | the bias b: −b is the threshold; an activation a = f(z) |
//! | the axon carries the result on | the output a, an input of others |
//! | pulses in a second | the size of a |
//! | synapses change | weights change, against their gradient |
//!
//! McCulloch and Pitts (1943) took the step f(z) = 1 if z ≥ 0, else 0, and showed that such cells compute whatever logic does.
//! Rosenblatt (1958) let one learn its weights from examples: the [perceptron](crate::nn::Perceptron). But a step has the slope 0 wherever it
//! has one, so going backward nothing comes through it. A neuron that learns by gradients has a smooth f, or one with a kink;
//! the next chapter has [a table of them](super::activations).
//!
//! The likeness ends early. Real neurons speak in pulses over time, not in numbers at a tick of a clock; there are hundreds of kinds of
//! them; and nothing like a tape that runs backward has been found in the brain.
//!
//! # One neuron on the tape
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
//! assert_eq!(grads[b], 1.0);
//! ```
//!
//! The same, as the crate draws it: going forward the blue values, going back the orange gradients.
//!
#![doc = include_str!("pictures/style.html")]
#![doc = include_str!("pictures/neuron.svg")]
//!
//! That a weight's gradient is its input, times what comes from below, is worth remembering. An input of 0 teaches its weight nothing,
//! and an input a thousand times as large as another one moves its weight a thousand times as fast; so inputs are scaled first.
//!
//! # What one neuron can say
//!
//! Where z = 0 it wavers. With two inputs that is a line, with three a plane; w stands at right angles to it and points to the side where
//! z > 0, and b shifts it. So one neuron cuts its inputs in two along a straight line. That is enough for AND and for OR:
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new();
//! let corners = tape.constant([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
//! let fires = |w: [f32; 2], b: f32| (corners * tape.constant(w)).sum_axis(1) + b;
//! // AND: above 0 for (1, 1) alone.
//! assert_eq!(fires([1.0, 1.0], -1.5).value(), [-1.5, -0.5, -0.5, 0.5]);
//! // OR: below 0 for (0, 0) alone.
//! assert_eq!(fires([1.0, 1.0], -0.5).value(), [-0.5, 0.5, 0.5, 1.5]);
//! ```
//!
#![doc = include_str!("pictures/and.svg")]
//!
//! No line has (0, 1) and (1, 0) on one side and (0, 0) and (1, 1) on the other, so no neuron alone computes XOR. [Three of
//! them](super::mlp) do.
//!
//! Before: [Broadcasting](super::broadcasting) · Next: [Activations](super::activations)
