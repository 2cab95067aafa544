//! The chain rule: along a path rates multiply, and where paths meet they add.
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
//! On the tape, read from the bottom to the top, a box's gradient is the number beside the arrow times the gradient at the arrow's tip:
//! *local × upstream*. An operation has to know only its own derivative, and none of what comes after it.
//!
#![doc = include_str!("pictures/style.html")]
#![doc = include_str!("pictures/chain_rule.svg")]
//!
//! # Several paths
//!
//! Where x reaches y on several paths, each brings a product of its own, and they are added. In y = x·sin x there are two: x is a factor,
//! and x is inside the sine. Move x, and both move y:
//!
//! dy/dx = sin x (through the factor) + x·cos x (through the sine).
//!
//! School calls it the product rule; here it is a value that is used twice. That was also the 5 + 3 of the chapter before, and it is
//! why `backward` says `+=`.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::f64();
//! let x = tape.var(0.5).named("x");
//! let y = (x * x.sin()).named("y");
//! assert_eq!(y.backward()[x].item(), 0.5f64.sin() + 0.5 * 0.5f64.cos());
//! // Every use, what it sent, and the sum so far:
//! let text = tape.explain(y).node(x).to_string();
//! assert!(text.contains("sum over 2 uses"));
//! ```
//!
#![doc = include_str!("pictures/two_paths.svg")]
//!
//! The whole rule, for a value v and all its uses w:
//!
//! ∂y/∂v = Σ over w of ∂w/∂v · ∂y/∂w
//!
//! Everything a tape does going back is this line, once for each value.
//!
//! Before: [A tape by hand](super::tape_by_hand) · Next: [Reverse mode, and why its order](super::reverse_mode)
