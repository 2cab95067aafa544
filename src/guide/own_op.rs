//! Writing your own operation: a shape rule, a forward computation, and a rule for going back.
//!
//! Most of the time you need none: a formula of operations that exist is differentiable as it stands.
//!
//! ```
//! use wengert::prelude::*;
//! fn softsign<'t>(x: Var<'t>) -> Var<'t> {
//!     x / (x.abs() + 1.0)
//! }
//! let tape = Tape::new();
//! let x = tape.var(1.0);
//! assert_eq!(softsign(x).backward()[x], 0.25);
//! ```
//!
//! An operation of one's own is worth it where the formula is slow, where it cancels or overflows, or where the gradient is to be
//! another one than that of the formula.
//!
//! # In a hurry
//!
//! For one function of one number, applied entry by entry, f and f′ are enough. There is no second derivative then, and asking for one panics
//! and says so.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::f64();
//! let x = tape.var([1.0, -3.0]);
//! let slope = |x: f64| 1.0 / (1.0 + x.abs()).powi(2);
//! let y = x.apply("softsign", |x| x / (1.0 + x.abs()), slope);
//! assert_eq!(y.sum().backward()[x], [0.25, 0.0625]);
//! ```
//!
//! # In full
//!
//! Here is x/(1 + |x|) as an [`Op`](crate::tape::Op), like those of the crate. Its slope is 1/(1 + |x|)²:
//!
//! ```
//! use wengert::prelude::*;
//! use wengert::tape::{Keep, Op, Pullback};
//!
//! #[derive(Debug)]
//! struct Softsign;
//!
//! impl<T: Float> Op<T> for Softsign {
//!     fn name(&self) -> &'static str {
//!         "softsign"
//!     }
//!     fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
//!         Ok(x[0].clone())
//!     }
//!     fn forward(&self, x: &[&Tensor<T>], _: Shape, _: &mut Keep<T>) -> Tensor<T> {
//!         x[0].map(|x| x / (T::ONE + x.abs()))
//!     }
//!     fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
//!         p.pull(0, || g / (p.x(0).abs() + T::ONE).square());
//!     }
//! }
//!
//! let at = Tensor::from([0.5, -3.0]);
//! gradcheck(|[x]| x.tape().record(Softsign, &[x]), [at]).unwrap();
//! let tape = Tape::new();
//! let x = tape.var(1.0);
//! let y = tape.record(Softsign, &[x]);
//! assert_eq!(y.backward()[x], 0.25);
//!
//! // The rule is said in `Var`s, so it can be differentiated again: −2/(1 + x)³.
//! assert_eq!(y.grad(x).grad(x).item(), -0.25);
//! // It is printed, drawn and checked like any other.
//! println!("{}", tape.explain(y));
//! ```
//!
//! - **`name`** is what tables, drawings and panics call it.
//! - **`shape`** gives the result's shape, or an error that names both shapes where the inputs do not fit. It is asked first, so `forward`
//!   never sees inputs that do not fit.
//! - **`forward`** computes the values. No tape in sight; it may use whatever is fast.
//! - **`vjp`** is the chain rule's *local × upstream*: from g, the gradient of the result, it makes that of each input and hands it over by
//!   `pull(i, ..)`. `p.x(i)` is input i, `p.y()` is the result. The closure does not run if nobody needs that gradient. Adding up over uses,
//!   and summing over what was broadcast, are not its business: the tape does both.
//!
//! Now the mistake that is easiest to make: a rule that is nearly right. Say the square was forgotten, and hold it against numbers as
//! [before](super::checking):
//!
//! ```
//! use wengert::prelude::*;
//! let forgotten = gradcheck(
//!     |[x]| x.apply("softsign", |x| x / (1.0 + x.abs()), |x| 1.0 / (1.0 + x.abs())),
//!     [Tensor::from([0.5, -3.0])],
//! );
//! assert!(forgotten.is_err());
//! ```
//!
//! Where the rule in `Var`s is too slow, [`Op::vjp_into`](crate::tape::Op::vjp_into) offers a place for the same rule on plain numbers. The example
//! `custom_model` uses an operation of its own in a network.
//!
//! Before: [Checking gradients](super::checking) · Next: [Second derivatives](super::second_derivatives)
