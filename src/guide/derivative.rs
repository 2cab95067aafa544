//! What a derivative is: how fast a result moves when its input moves.
//!
//! Take f(x) = x² at x = 3, and move x by h. The result moves by (3 + h)² − 9 = 6h + h². For each unit of h that is
//! 6 + h; as h shrinks, 6 is left. That 6 is f′(3), the *derivative*, or slope.
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
//! `var` puts a number on the tape whose derivative is wanted, `backward` finds all derivatives of a result at once, and `grads[x]` is the
//! one by x. (`Tape::f64` counts in 16 digits, `Tape::new` in 7, which is enough to train and less to carry.)
//!
//! In the picture, lines through two points of the curve (*secants*) turn into the *tangent*, the line with the slope that
//! the tape gives:
//!
#![doc = include_str!("pictures/style.html")]
#![doc = include_str!("pictures/derivative.svg")]
//!
//! # What it is good for
//!
//! Near 3 the tangent stands in for the curve: f(3 + h) ≈ 9 + 6h, and what is missing, h², is small beside h. So the derivative answers
//! the question that training asks of each weight: *if I move it a little, does the loss go up or down, and how much?* Here, to lower
//! f, lower x.
//!
//! With several inputs there is a derivative for each, found with the others held still: a *partial derivative*. All of them together
//! are the *gradient*. For f(a, b) = a·b it is (b, a): at (2, 5), a unit of a is worth 5, and a unit of b is worth 2. Of all directions
//! of the same length, the gradient's is the one in which f grows fastest.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::f64();
//! let (a, b) = (tape.var(2.0), tape.var(5.0));
//! let grads = (a * b).backward();
//! assert_eq!((grads[a].item(), grads[b].item()), (5.0, 2.0));
//! ```
//!
//! # Three ways to get one
//!
//! - *By differences*, as above. Each input costs another evaluation of f, and there is no good h: a large one bends away from the
//!   tangent, a tiny one drowns in rounding. That is good for [checking](super::checking), and for nothing else.
//! - *By a formula* for f′, worked out on paper. It is exact, but for a program with branches and loops nobody writes it down.
//! - *By a tape*, which writes down what a program does, one elementary operation at a time. Each of these has a derivative that is
//!   known, and the rules of calculus put them together. It is exact but for rounding, and costs about as much as the program itself,
//!   however many inputs there are.
//!
//! The third is called *automatic differentiation*. The next chapter does it with pencil and paper.
//!
//! Next: [A tape by hand](super::tape_by_hand)
