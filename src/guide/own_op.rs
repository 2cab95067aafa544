//! Writing your own operation, in numbers that can be redone by hand.
//!
//! An operation is a shape rule, a forward computation, and a rule for going back, said in `Var`s. Here is x/(1 + |x|), whose
//! slope is 1/(1 + |x|)²:
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
//! assert_eq!(tape.record(Softsign, &[x]).backward()[x], 0.25);
//! ```
//!
#![doc = include_str!("pictures/style.html")]
//!
//! Before: [Checking gradients](super::checking) · Next: [Second derivatives](super::second_derivatives)
