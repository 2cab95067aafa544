//! An MLP, and why a stack of linear layers is not one: bends between the layers are what makes depth count.
//!
//! A *layer* is a row of neurons that see the same inputs: their weights are the rows of a matrix W, their biases a vector b, and together
//! they compute f(Wx + b). A *multi-layer perceptron* is layers one after another, each seeing the outputs of the one before.
//!
//! # Without a bend there is one layer only
//!
//! Leave f away, and two layers are W₂(W₁x + b₁) + b₂ = (W₂W₁)x + (W₂b₁ + b₂): one layer, with another matrix. However many there are, a line
//! stays a line, and no line separates the corners of XOR. One kink between the layers is enough:
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new();
//! // Four samples, a row each; so the product is x·w, with w on the right.
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
//! # Learned, and not written down
//!
//! [`Mlp`](crate::nn::Mlp) stacks [`Linear`](crate::nn::Linear) layers with an activation between them. Their weights live in
//! [`Params`](crate::Params), drawn at random. A *loss* says how wrong the network is, and an *optimizer* moves the weights against the loss's
//! gradient; the next two chapters are about these. From the four rows alone that finds a solution of its own:
//!
//! ```
//! use wengert::prelude::*;
//!
//! let x = Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
//! let y = Tensor::from([[0.0], [1.0], [1.0], [0.0]]);
//! let (mut rng, mut params) = (Rng::new(6), Params::<f64>::new());
//! let mlp = Mlp::new(&mut params.init(&mut rng), [2, 4, 1]).activation(Activation::Tanh);
//! let mut adam = Adam::new(0.05);
//! for _ in 0..300 {
//!     let tape = Tape::eval(&params);
//!     let loss = bce_with_logits(mlp.forward(tape.constant(&x)), &y);
//!     let grads = loss.backward();
//!     adam.step(&mut params, &grads);
//! }
//! let tape = Tape::inference(&params);
//! let p = mlp.forward(tape.constant(&x)).sigmoid().value();
//! assert!(p.max_abs_diff(&y) < 0.1, "{p}");
//! ```
//!
//! The places where it hesitates, p = 1/2, are no longer one straight line:
//!
#![doc = include_str!("pictures/xor_learned.svg")]
//!
//! Random weights matter. If all units of a layer began alike, they would get the same gradient, step alike, and stay one unit for
//! ever. And not every start ends well: with two hidden units, which are enough, more than half of the seeds from 0 to 11 stay stuck with
//! two corners at p = 1/2; with four units none does. Try it.
//!
//! # How far that goes
//!
//! One hidden layer, if it is wide enough, comes as close as one likes to any continuous function on a bounded region (Cybenko
//! 1989, Hornik 1991); each unit adds a fold. That says nothing about how many units it takes, or whether descent finds them.
//! More layers fold what was folded before, and often need fewer units. The example `universal_approximation` shows a wider layer come
//! closer, and `playground` writes a page on which one sees every neuron's fold grow, epoch by epoch.
//!
//! Before: [Activations](super::activations) · Next: [Losses](super::losses)
