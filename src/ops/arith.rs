//! Elementwise functions of two operands, which broadcast as NumPy does: the operators, powers,
//! and the larger and the smaller one.

use super::elementwise::{binary, row_struct};
use super::{Sample, inputs, sample};
use crate::float::{Elementary, Float};
use crate::tape::{IntoVar, Var};
use crate::tensor::Tensor;
use std::ops;

binary! {
    add as Add, linear: |a, b| a + b, da |a, b, y, g| g, db |a, b, y, g| g;
    sub as Sub, linear: |a, b| a - b, da |a, b, y, g| g, db |a, b, y, g| -g;
    mul as Mul: |a, b| a * b, da |a, b, y, g| g * b, db |a, b, y, g| g * a;
    div as Div: |a, b| a / b, da |a, b, y, g| g / b, db |a, b, y, g| -(g * y) / b;
    pow as Pow: |a, b| Elementary::pow(a, b),
        // b·aᵇ⁻¹, and 0 where b = 0 though 1/a be infinite (a is 0, or so small) or NaN.
        da |a, b, y, g| {
            let inverse = a.recip().recip(); // 0 or NaN there
            let one = a.zero().plus(1.0);
            let base = a.where_nonzero(b, a.where_positive(inverse, a.where_positive(-inverse, one)));
            g * b * base.pow(b.plus(-1.0))
        },
        // aᵇ·ln a, and 0 where a = 0 ≤ b though ln 0 is infinite; −∞ where a = 0 > b.
        db |a, b, y, g| {
            let base = a.where_nonzero(a, a.where_positive(-b, a.zero().plus(1.0)));
            g * y * base.ln()
        };
    // At a tie each operand gets half. Comparing differences lets ∞ tie with ∞: ∞ − ∞ is not > 0.
    maximum as Maximum: |a, b| Float::max(a, b),
        da |a, b, y, g| g.where_positive(a - b, g.zero().where_positive(b - a, g.times(0.5))),
        db |a, b, y, g| g.where_positive(b - a, g.zero().where_positive(a - b, g.times(0.5)));
    minimum as Minimum: |a, b| Float::min(a, b),
        da |a, b, y, g| g.where_positive(b - a, g.zero().where_positive(a - b, g.times(0.5))),
        db |a, b, y, g| g.where_positive(a - b, g.zero().where_positive(b - a, g.times(0.5)));
}

impl<'t, T: Float> Var<'t, T> {
    /// aᵇ, elementwise, with both varying. The base should be positive; at 0, 0⁰ = 1 and the
    /// derivatives are 0 (−∞ with respect to a negative exponent).
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::f64();
    /// let (a, b) = (tape.var(2.0), tape.var(3.0));
    /// let grads = a.pow(b).backward();
    /// assert_eq!(grads[a], 12.0);             // b·aᵇ⁻¹
    /// assert_eq!(grads[b], 8.0 * 2f64.ln()); // aᵇ·ln a
    /// ```
    #[doc(alias = "power")]
    #[track_caller]
    #[must_use]
    pub fn pow(self, exponent: impl IntoVar<'t, T>) -> Self {
        self.tape().record_inline(Pow {}, &[self, exponent.into_var(self.tape())])
    }

    /// The larger of two, elementwise. A NaN on either side gives NaN; at a tie each side gets
    /// half of the gradient.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let (a, b) = (tape.var([1.0, 5.0]), tape.var([4.0, 5.0]));
    /// let grads = a.maximum(b).sum().backward();
    /// assert_eq!(grads[a], [0.0, 0.5]);
    /// assert_eq!(grads[b], [1.0, 0.5]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn maximum(self, other: impl IntoVar<'t, T>) -> Self {
        self.tape().record_inline(Maximum {}, &[self, other.into_var(self.tape())])
    }

    /// The smaller of two, elementwise. A NaN on either side gives NaN; at a tie each side gets
    /// half of the gradient.
    #[track_caller]
    #[must_use]
    pub fn minimum(self, other: impl IntoVar<'t, T>) -> Self {
        self.tape().record_inline(Minimum {}, &[self, other.into_var(self.tape())])
    }
}

macro_rules! operators {
    ($($Trait:ident $method:ident $Op:ident),* $(,)?) => {$(
        impl<'t, T: Float, R: IntoVar<'t, T>> ops::$Trait<R> for Var<'t, T> {
            type Output = Self;
            #[track_caller]
            #[inline]
            fn $method(self, other: R) -> Self {
                self.tape().record_inline($Op {}, &[self, other.into_var(self.tape())])
            }
        }
        operators!(@number f32 $Trait $method $Op);
        operators!(@number f64 $Trait $method $Op);

        impl<'t, T: Float> ops::$Trait<Var<'t, T>> for &Tensor<T> {
            type Output = Var<'t, T>;
            #[track_caller]
            fn $method(self, other: Var<'t, T>) -> Var<'t, T> {
                other.tape().record_inline($Op {}, &[other.tape().constant(self), other])
            }
        }
        impl<'t, T: Float> ops::$Trait<Var<'t, T>> for Tensor<T> {
            type Output = Var<'t, T>;
            #[track_caller]
            fn $method(self, other: Var<'t, T>) -> Var<'t, T> {
                other.tape().record_inline($Op {}, &[other.tape().constant(self), other])
            }
        }
    )*};
    (@number $t:ident $Trait:ident $method:ident $Op:ident) => {
        impl<'t> ops::$Trait<Var<'t, $t>> for $t {
            type Output = Var<'t, $t>;
            #[track_caller]
            #[cfg_attr(not(debug_assertions), inline)] // as `ops::registry`
            fn $method(self, other: Var<'t, $t>) -> Var<'t, $t> {
                other.tape().record_inline($Op {}, &[other.tape().constant(self), other])
            }
        }
    };
}
operators!(Add add Add, Sub sub Sub, Mul mul Mul, Div div Div);

macro_rules! assigning {
    ($($Trait:ident $method:ident $operator:tt),*) => {$(
        /// Another value under the same name; what was recorded stays as it is.
        impl<'t, T: Float, R: IntoVar<'t, T>> ops::$Trait<R> for Var<'t, T> {
            #[track_caller]
            fn $method(&mut self, other: R) {
                *self = *self $operator other;
            }
        }
    )*};
}
assigning!(AddAssign add_assign +, SubAssign sub_assign -, MulAssign mul_assign *, DivAssign div_assign /);

impl<'t, T: Float> std::iter::Sum for Var<'t, T> {
    /// # Panics
    /// If there is nothing to add: no tape to put a 0 on.
    #[track_caller]
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.reduce(|a, b| a + b).expect("the sum of no `Var`s has no tape to be on")
    }
}

/// Pairs of shapes that broadcast in every way: equal, one number, row, column, both ways, zero.
const PAIRS: [(&[usize], &[usize]); 13] = [
    (&[], &[]),
    (&[4], &[]),
    (&[], &[2, 3]),
    (&[4, 1], &[4]),
    (&[3, 4], &[4]),
    (&[4, 2, 3], &[2, 3]),
    (&[2, 1, 3], &[1, 4, 1]),
    (&[3, 1], &[1, 4]),
    (&[1], &[]),
    (&[2, 1, 3], &[1, 2, 3]),
    (&[0, 1, 3], &[0, 2, 3]),
    (&[1, 0, 3], &[1, 0, 3]),
    (&[4, 0], &[4, 1]),
];

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for (i, (a, b)) in PAIRS.into_iter().enumerate() {
        let seed = 2 * i as u64;
        let at = |low, high| (inputs(a, low, high, seed), inputs(b, low, high, seed + 1));
        let (x, z) = at(0.5, 2.0);
        samples.extend([
            sample!("add", a + b, [a = &x, b = &z]),
            sample!("sub", a - b, [a = &x, b = &z]),
            sample!("mul", a * b, [a = &x, b = &z]),
            sample!("div", a / b, [a = &x, b = &z]),
            sample!("pow", a.pow(b), [a = &x, b = &z]),
            sample!("maximum", a.maximum(b), [a = &x, b = &z]),
            sample!("minimum", a.minimum(b), [a = &x, b = &z]),
        ]);
    }
    let tie = || [1.0, 2.0, -0.0, f64::INFINITY];
    let with = || [3.0, 2.0, 0.0, f64::INFINITY];
    samples.extend([
        sample!("maximum", a.maximum(b), [a = tie(), b = with()])
            .with_gradients([[0.0, 0.5, 0.5, 0.5].into(), [1.0, 0.5, 0.5, 0.5].into()]),
        sample!("minimum", a.minimum(b), [a = tie(), b = with()])
            .with_gradients([[1.0, 0.5, 0.5, 0.5].into(), [0.0, 0.5, 0.5, 0.5].into()]),
        // 0ᵇ for b below, at and above 0.
        sample!("pow", a.pow(b), [a = [0.0, 0.0, 0.0], b = [-1.0, 0.0, 1.0]])
            .with_gradients([[f64::NEG_INFINITY, 0.0, 1.0].into(), [f64::NEG_INFINITY, 0.0, 0.0].into()]),
        sample!("pow", a.pow(b), [a = [0.5, 2.0, 3.0], b = [0.0, 0.0, -0.0]])
            .with_gradients([[0.0; 3].into(), [0.5f64.ln(), 2f64.ln(), 3f64.ln()].into()]),
        // One operand twice.
        sample!("mul", a * a, [a = [1.5, -0.5]]),
        sample!("add", a + a, [a = [1.5, -0.5]]),
    ]);
    samples
}
