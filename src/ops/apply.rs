//! Operations in a hurry (`apply`), and the end of a derivative's way (`detach`).

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::shape::{Shape, ShapeError};
use crate::tape::{Keep, Op, Pullback, Var, inline_unit};
use crate::tensor::Tensor;
use std::fmt;
use std::rc::Rc;

/// yᵢ = f(xᵢ), with f and f′ as they were given.
struct Apply<T> {
    name: &'static str,
    f: Box<dyn Fn(T) -> T>,
    df: Rc<dyn Fn(T) -> T>,
}

/// f′(x). It has no rule: f″ was not given.
struct ApplyDerivative<T> {
    name: &'static str,
    df: Rc<dyn Fn(T) -> T>,
}

impl<T: Float> Op<T> for Apply<T> {
    fn name(&self) -> &'static str {
        self.name
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0].clone())
    }
    fn forward(&self, x: &[&Tensor<T>], _: Shape, _: &mut Keep<T>) -> Tensor<T> {
        x[0].map(&self.f)
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || {
            let derivative = ApplyDerivative { name: self.name, df: self.df.clone() };
            g * p.tape().record(derivative, &[p.x(0)])
        });
    }
}

impl<T: Float> Op<T> for ApplyDerivative<T> {
    fn name(&self) -> &'static str {
        "derivative"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0].clone())
    }
    fn forward(&self, x: &[&Tensor<T>], _: Shape, _: &mut Keep<T>) -> Tensor<T> {
        x[0].map(&*self.df)
    }
    fn vjp<'t>(&self, _: &Pullback<'t, T>, _: Var<'t, T>) {
        panic!(
            "`{}` was given a first derivative only: for a second one, implement `Op` with a rule in `Var`s",
            self.name
        );
    }
    fn attributes(&self) -> String {
        format!("of {}", self.name)
    }
}

impl<T> fmt::Debug for Apply<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Apply({})", self.name)
    }
}

impl<T> fmt::Debug for ApplyDerivative<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApplyDerivative({})", self.name)
    }
}

/// The same value without a derivative.
#[derive(Debug)]
struct Detach;
inline_unit!(Detach);

impl<T: Float> Op<T> for Detach {
    fn name(&self) -> &'static str {
        "detach"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0].clone())
    }
    fn forward(&self, x: &[&Tensor<T>], _: Shape, _: &mut Keep<T>) -> Tensor<T> {
        x[0].clone()
    }
    fn vjp<'t>(&self, _: &Pullback<'t, T>, _: Var<'t, T>) {}
    fn differentiable(&self) -> bool {
        false
    }
}

impl<'t, T: Float> Var<'t, T> {
    /// An elementwise operation in a hurry: f, and its derivative as a function of x. Its second
    /// derivative panics; an [`Op`] of your own has all.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0]);
    /// let y = x.apply("cube", |x| x * x * x, |x| 3.0 * x * x);
    /// assert_eq!(y.sum().backward()[x], [3.0, 12.0]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn apply(
        self,
        name: &'static str,
        f: impl Fn(T) -> T + 'static,
        df: impl Fn(T) -> T + 'static,
    ) -> Self {
        self.tape().record(Apply { name, f: Box::new(f), df: Rc::new(df) }, &[self])
    }

    /// The same value, through which no gradient flows.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var(3.0);
    /// assert_eq!((x + (x * 2.0).detach()).backward()[x], 1.0);
    /// ```
    #[doc(alias = "stop_gradient")]
    #[track_caller]
    #[must_use]
    pub fn detach(self) -> Self {
        self.tape().record_inline(Detach, &[self])
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    // The gradient is 0 on purpose, whatever the numbers say.
    let detach = sample!("detach", x.detach(), [x = inputs([3], -1.0, 1.0, 0)]);
    vec![detach.with_gradients([Tensor::zeros([3])])]
}
