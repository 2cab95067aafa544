//! The chain rule, in numbers that can be redone by hand.
//!
//! If x moves u three times as fast, and u moves y fourteen times as fast, x moves y 42 times as fast: rates multiply.
//! Take y = u² with u = 3x + 1, at x = 2. There u = 7, du/dx = 3, dy/du = 2u = 14, so dy/dx = 14 · 3 = 42.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new();
//! let x = tape.var(2.0);
//! // A value in between keeps its gradient when asked.
//! let u = (x * 3.0 + 1.0).keep_grad();
//! let grads = u.square().backward();
//! assert_eq!((grads[u].item(), grads[x].item()), (14.0, 42.0));
//! ```
//!
//! Where x reaches y by several ways, the ways are added: that is the 5 + 3 of the chapter before.
//!
#![doc = include_str!("pictures/style.html")]
//!
//! Before: [A tape by hand](super::tape_by_hand) · Next: [Reverse mode, and why its order](super::reverse_mode)
