//! What a derivative is, in numbers that can be redone by hand.
//!
//! A derivative says how fast a result moves when its input moves. Take f(x) = x² at x = 3, and move x by h.
//! The result moves by (3 + h)² − 9 = 6h + h². For each unit of h that is 6 + h; as h shrinks, 6 is left.
//!
//! ```
//! use wengert::prelude::*;
//! let f = |x: f64| x * x;
//! assert_eq!((f(3.5) - f(3.0)) / 0.5, 6.5);
//! assert_eq!((f(3.25) - f(3.0)) / 0.25, 6.25);
//!
//! let tape = Tape::f64();
//! let x = tape.var(3.0);
//! assert_eq!((x * x).backward()[x], 6.0); // no h: the tape knows the rule
//! ```
//!
//! A finite h always leaves an error; the tape applies the rules of calculus instead, so it leaves none but rounding.
//!
#![doc = include_str!("pictures/style.html")]
//!
//! Next: [A tape by hand](super::tape_by_hand)
