//! A tape by hand: a list of what was computed, read backward for the derivatives.
//!
//! Write down y = (a + b)·b at a = 2, b = 3, one operation a line:
//!
//! ```text
//! v0 = a = 2
//! v1 = b = 3
//! v2 = v0 + v1 = 5
//! v3 = v2 · v1 = 15
//! ```
//!
//! That list is the tape. Now go up from the last line, asking of each value how much y moves with it. Of v3: 1, for it is y.
//! v3 is v2 times v1, so v2 gets 3 and v1 gets 5. v2 is v0 plus v1, so both get the 3 of v2. Now v0 has 3, and v1 has 5 + 3 = 8.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new();
//! let (a, b) = (tape.var(2.0), tape.var(3.0));
//! let y = (a + b) * b;
//! let grads = y.backward();
//! assert_eq!((y.item(), grads[a].item(), grads[b].item()), (15.0, 3.0, 8.0));
//! assert_eq!(tape.len(), 4); // the four lines
//! println!("{}", tape.explain(y)); // the same list, with every number
//! ```
//!
//! The crate draws the same tape. Each box has its value in blue and, marked ∂, how much y moves with it in orange: its *gradient*, or
//! *adjoint*. Beside each arrow stands the *local derivative*: how much the box at its tip moves with the box where it begins.
//!
#![doc = include_str!("pictures/style.html")]
#![doc = include_str!("pictures/tape.svg")]
//!
//! # The whole idea, in thirty lines
//!
//! Nothing is hidden in it. Here is a tape for sums and products that you could have written; it has all that matters. A node
//! remembers its value, and for each input the local derivative, a number that is known when the operation runs.
//!
//! ```
//! #[derive(Default)]
//! struct MyTape {
//!     nodes: Vec<Node>,
//! }
//!
//! struct Node {
//!     value: f64,
//!     /// Which node, and ∂(this)/∂(that).
//!     inputs: Vec<(usize, f64)>,
//! }
//!
//! impl MyTape {
//!     fn push(&mut self, value: f64, inputs: Vec<(usize, f64)>) -> usize {
//!         self.nodes.push(Node { value, inputs });
//!         self.nodes.len() - 1
//!     }
//!     fn add(&mut self, a: usize, b: usize) -> usize {
//!         let (x, y) = (self.nodes[a].value, self.nodes[b].value);
//!         self.push(x + y, vec![(a, 1.0), (b, 1.0)])
//!     }
//!     fn mul(&mut self, a: usize, b: usize) -> usize {
//!         let (x, y) = (self.nodes[a].value, self.nodes[b].value);
//!         self.push(x * y, vec![(a, y), (b, x)])
//!     }
//!     fn backward(&self, root: usize) -> Vec<f64> {
//!         let mut grads = vec![0.0; self.nodes.len()];
//!         grads[root] = 1.0; // the seed
//!         for id in (0..=root).rev() {
//!             for &(input, local) in &self.nodes[id].inputs {
//!                 grads[input] += local * grads[id];
//!             }
//!         }
//!         grads
//!     }
//! }
//!
//! let mut tape = MyTape::default();
//! let (a, b) = (tape.push(2.0, vec![]), tape.push(3.0, vec![]));
//! let sum = tape.add(a, b);
//! let y = tape.mul(sum, b);
//! assert_eq!(tape.nodes[y].value, 15.0);
//! assert_eq!(tape.backward(y), [3.0, 8.0, 3.0, 1.0]);
//! ```
//!
//! Three things in `backward` are easily got wrong, and the next two chapters are about them: local times upstream (`local * grads[id]`),
//! adding up (`+=`, for b is used twice), and the order (`.rev()`).
//!
//! wengert is this with tensors for numbers, more operations, and care for speed and for mistakes.
//!
//! Before: [What a derivative is](super::derivative) · Next: [The chain rule](super::chain_rule)
