//! A tape by hand, in numbers that can be redone by hand.
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
//! The crate draws the same tape: values in blue, gradients in orange, local derivatives on the edges.
//!
#![doc = include_str!("pictures/style.html")]
#![doc = include_str!("pictures/tape.svg")]
//!
//! Before: [What a derivative is](super::derivative) · Next: [The chain rule](super::chain_rule)
