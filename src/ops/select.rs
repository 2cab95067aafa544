//! Choosing between two values by a condition, and comparisons, which make conditions.
//!
//! Choosing is not multiplying by a mask: ∞ · 0 is NaN, and what is not chosen leaves no trace
//! here, forward or backward.

use super::elementwise::binary_shape;
use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::kernel::{broadcast, map};
use crate::shape::{self, Shape, ShapeError};
use crate::tape::{Inline, IntoVar, Keep, Op, Point, Pullback, Slots, Var, Words, inline_unit};
use crate::tensor::Tensor;
use std::mem::take;

/// (x, a, b) ↦ a where the condition on x holds, b elsewhere.
#[derive(Debug, Clone, Copy)]
struct Where {
    condition: Condition,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Condition {
    /// x > 0; NaN is not.
    Positive,
    /// x ≠ 0; NaN is.
    Nonzero,
}

impl Condition {
    #[inline(always)]
    fn holds<T: Float>(self, x: T) -> bool {
        match self {
            Condition::Positive => x > T::ZERO,
            Condition::Nonzero => x != T::ZERO,
        }
    }
}

impl Inline for Where {
    fn pack(&self) -> Option<Words> {
        Some([u64::from(self.condition == Condition::Nonzero), 0, 0])
    }
    fn unpack(words: &Words) -> Self {
        Where { condition: if words[0] == 1 { Condition::Nonzero } else { Condition::Positive } }
    }
}

impl<T: Float> Op<T> for Where {
    fn name(&self) -> &'static str {
        match self.condition {
            Condition::Positive => "where_positive",
            Condition::Nonzero => "where_cond",
        }
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        shape::broadcast(&shape::broadcast(x[0], x[1])?, x[2])
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let condition = self.condition;
        // b first, then a over it where the condition holds.
        let mut y = Tensor::build(&shape, |y| broadcast::expand(y, &shape, x[2].data(), x[2].shape()));
        let stretched = [x[0], x[1]].map(|x| stretch(x, &shape));
        map::update2(y.data_mut(), stretched[0].data(), stretched[1].data(), |y, x, a| {
            if condition.holds(x) { a } else { y }
        });
        y
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        let zero = || p.tape().constant(T::ZERO);
        let select = |a, b| p.tape().record_inline(*self, &[p.x(0), a, b]);
        p.pull(1, || select(g, zero()));
        p.pull(2, || select(zero(), g));
        // The condition is piecewise constant: its gradient is 0, and 0 is not worth a node.
    }
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        let condition = self.condition;
        let x = stretch(at.x(0), at.y().shape());
        if dx.wants(1) {
            let mut da = if dx.wants(2) { g.clone() } else { take(g) };
            map::update(da.data_mut(), x.data(), |g, x| if condition.holds(x) { g } else { T::ZERO });
            dx.add(1, da);
        }
        if dx.wants(2) {
            map::update(g.data_mut(), x.data(), |g, x| if condition.holds(x) { T::ZERO } else { g });
            dx.add(2, take(g));
        }
        true
    }
}

/// x broadcast to `shape`; x itself where it has that shape.
fn stretch<T: Float>(x: &Tensor<T>, shape: &Shape) -> Tensor<T> {
    if x.shape() == shape {
        return x.clone();
    }
    Tensor::build(shape, |y| broadcast::expand(y, shape, x.data(), x.shape()))
}

/// a where x > 0, b elsewhere.
#[track_caller]
pub(super) fn where_positive<'t, T: Float>(x: Var<'t, T>, a: Var<'t, T>, b: Var<'t, T>) -> Var<'t, T> {
    x.tape().record_inline(Where { condition: Condition::Positive }, &[x, a, b])
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $method:ident as $Op:ident: $test:expr;)*) => {
        $(
            #[derive(Debug, Clone, Copy)]
            struct $Op;
            inline_unit!($Op);

            impl<T: Float> Op<T> for $Op {
                fn name(&self) -> &'static str {
                    stringify!($method)
                }
                fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
                    binary_shape(x)
                }
                fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
                    let test: fn(&T, &T) -> bool = $test;
                    Tensor::build(&shape, |y| {
                        broadcast::zip(y, &shape, (x[0].data(), x[0].shape()), (x[1].data(), x[1].shape()), |a, b| {
                            if test(&a, &b) { T::ONE } else { T::ZERO }
                        });
                    })
                }
                fn vjp<'t>(&self, _: &Pullback<'t, T>, _: Var<'t, T>) {}
                fn differentiable(&self) -> bool {
                    false
                }
            }
        )*

        impl<'t, T: Float> Var<'t, T> {
            $(
                $(#[$doc])*
                ///
                /// 1 where it holds and 0 elsewhere; a comparison with NaN does not hold (except
                /// `ne`). A condition, without gradient.
                #[track_caller]
                #[must_use]
                pub fn $method(self, other: impl IntoVar<'t, T>) -> Self {
                    self.tape().record_inline($Op, &[self, other.into_var(self.tape())])
                }
            )*
        }
    };
}

comparisons! {
    /// a = b, elementwise.
    #[doc(alias = "equal")]
    eq as Equal: PartialEq::eq;
    /// a ≠ b, elementwise.
    #[doc(alias = "not_equal")]
    ne as NotEqual: PartialEq::ne;
    /// a < b, elementwise.
    #[doc(alias = "less")]
    lt as Less: PartialOrd::lt;
    /// a ≤ b, elementwise.
    #[doc(alias = "less_equal")]
    le as LessEqual: PartialOrd::le;
    /// a > b, elementwise.
    #[doc(alias = "greater")]
    gt as Greater: PartialOrd::gt;
    /// a ≥ b, elementwise.
    #[doc(alias = "greater_equal")]
    ge as GreaterEqual: PartialOrd::ge;
}

/// Whole steps, elementwise; the derivative is 0 wherever there is one.
macro_rules! steps {
    ($($(#[$doc:meta])* $method:ident as $Op:ident: |$x:ident| $f:expr;)*) => {
        $(
            #[derive(Debug, Clone, Copy)]
            struct $Op;
            inline_unit!($Op);

            impl<T: Float> Op<T> for $Op {
                fn name(&self) -> &'static str {
                    stringify!($method)
                }
                fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
                    Ok(x[0].clone())
                }
                fn forward(&self, x: &[&Tensor<T>], _: Shape, _: &mut Keep<T>) -> Tensor<T> {
                    x[0].map(|$x| $f)
                }
                fn vjp<'t>(&self, _: &Pullback<'t, T>, _: Var<'t, T>) {}
                fn differentiable(&self) -> bool {
                    false
                }
            }
        )*

        impl<'t, T: Float> Var<'t, T> {
            $(
                $(#[$doc])*
                #[track_caller]
                #[must_use]
                pub fn $method(self) -> Self {
                    self.tape().record_inline($Op, &[self])
                }
            )*
        }
    };
}

steps! {
    /// −1, 0 or 1 by the sign of x; NaN stays NaN. Without gradient.
    sign as Sign: |x| if x > T::ZERO { T::ONE } else if x < T::ZERO { -T::ONE } else { x.abs() };
    /// The largest whole number not above x. Without gradient.
    floor as Floor: |x| Float::floor(x);
}

impl<'t, T: Float> Var<'t, T> {
    /// `a` where this condition is not 0, `b` elsewhere; all three broadcast. What is not chosen
    /// gets a gradient of exactly 0.
    ///
    /// An argument that is out of a function's domain where it is not chosen should be guarded
    /// itself: the derivative of √ at 0 is infinite, and ∞·0 arises one step further back.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([-1.0, 4.0]);
    /// let positive = x.gt(0.0);
    /// let safe = positive.where_cond(x, 1.0);
    /// let root = positive.where_cond(safe.sqrt(), 0.0);
    /// assert_eq!(root.value(), [0.0, 2.0]);
    /// assert_eq!(root.sum().backward()[x], [0.0, 0.25]);
    /// ```
    #[doc(alias = "where")]
    #[doc(alias = "select")]
    #[track_caller]
    #[must_use]
    pub fn where_cond(self, a: impl IntoVar<'t, T>, b: impl IntoVar<'t, T>) -> Self {
        let tape = self.tape();
        let op = Where { condition: Condition::Nonzero };
        tape.record_inline(op, &[self, a.into_var(tape), b.into_var(tape)])
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let condition = || Tensor::from([[1.0, 0.0, 1.0], [0.0, 0.0, 2.0]]);
    let x = |seed| inputs([2, 3], -2.0, 2.0, seed);
    vec![
        sample!("where_cond", c.where_cond(a, b), [c = condition(), a = x(1), b = x(2)]),
        sample!("where_cond", c.where_cond(a, b), [c = condition(), a = inputs([3], -2.0, 2.0, 3), b = 0.5]),
        sample!("where_cond", c.where_cond(a, b), [c = [[1.0], [0.0]], a = x(4), b = inputs([1, 3], -2.0, 2.0, 5)]),
        sample!("where_cond", c.where_cond(a, b), [c = inputs([0, 3], 0.0, 1.0, 0), a = 1.0, b = inputs([1, 3], 0.0, 1.0, 1)]),
        sample!("where_positive", where_positive(c, a, b), [c = [[1.0, -1.0, 0.5], [-2.0, 3.0, -0.1]], a = x(6), b = x(7)]),
        sample!("where_positive", where_positive(c, a, b), [c = [[1.0, -1.0, 0.5], [-2.0, 3.0, -0.1]], a = inputs([2, 1], -2.0, 2.0, 8), b = 0.5]),
        sample!("eq", a.eq(b), [a = x(8), b = x(9)]),
        sample!("ne", a.ne(b), [a = x(8), b = x(9)]),
        sample!("lt", a.lt(b), [a = x(8), b = inputs([3], -2.0, 2.0, 9)]),
        sample!("le", a.le(b), [a = x(8), b = x(9)]),
        sample!("gt", a.gt(b), [a = x(8), b = 0.1]),
        sample!("ge", a.ge(b), [a = x(8), b = x(9)]),
        sample!("sign", x.sign(), [x = x(10)]),
        sample!("floor", x.floor(), [x = [-1.5, -0.3, 0.4, 2.6]]),
    ]
}
