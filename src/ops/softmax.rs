//! `softmax`: exp(x − max x) / Σ exp(x − max x) along one axis, and its logarithm.

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::kernel::lanes;
use crate::shape::{Axis, Shape, ShapeError};
use crate::tape::{Inline, Keep, Op, Point, Pullback, Slots, Var, Words};
use crate::tensor::Tensor;
use std::mem::take;

#[derive(Debug, Clone, Copy)]
struct Softmax(Axis);

#[derive(Debug, Clone, Copy)]
struct LogSoftmax(Axis);

macro_rules! inline_axis {
    ($($Op:ident),*) => {$(
        impl Inline for $Op {
            fn pack(&self) -> Option<Words> {
                Some([self.0.0 as u64, 0, 0])
            }
            fn unpack(words: &Words) -> Self {
                $Op(Axis(words[0] as isize))
            }
        }
    )*};
}
inline_axis!(Softmax, LogSoftmax);

impl<T: Float> Op<T> for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        self.0.of(x[0]).map(|_| x[0].clone())
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let lanes = self.0.lanes(&shape);
        Tensor::build(shape, |y| lanes::softmax(y, x[0].data(), lanes))
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || p.y() * (g - (g * p.y()).sum_keepdim(self.0))); // x̄ = y∘(ȳ − Σ ȳ∘y)
    }
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        let y = at.y();
        lanes::softmax_backward(g.data_mut(), y.data(), self.0.lanes(y.shape()));
        dx.add(0, take(g));
        true
    }
    fn attributes(&self) -> String {
        format!("axis {}", self.0.0)
    }
}

impl<T: Float> Op<T> for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        self.0.of(x[0]).map(|_| x[0].clone())
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let lanes = self.0.lanes(&shape);
        Tensor::build(shape, |y| lanes::log_softmax(y, x[0].data(), lanes))
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || g - p.y().exp() * g.sum_keepdim(self.0)); // x̄ = ȳ − eʸ·Σ ȳ
    }
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        let y = at.y();
        lanes::log_softmax_backward(g.data_mut(), y.data(), self.0.lanes(y.shape()));
        dx.add(0, take(g));
        true
    }
    fn attributes(&self) -> String {
        format!("axis {}", self.0.0)
    }
}

impl<'t, T: Float> Var<'t, T> {
    /// eˣⁱ / Σ eˣʲ along an axis: positive entries that sum to 1, a probability distribution.
    /// Stable: the maximum is subtracted first. In `f32`, a probability that would be subnormal, below
    /// 1.2·10⁻³⁸, is 0.
    ///
    /// # Panics
    /// If the axis is out of range.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::f64();
    /// let x = tape.var([0.0, 0.0, 0.0, 0.0]);
    /// let p = x.softmax(-1);
    /// assert_eq!(p.value(), [0.25; 4]);
    /// // The Jacobian is diag(p) − p pᵀ; its first row:
    /// assert_eq!(p.backward_with([1.0, 0.0, 0.0, 0.0])[x], [0.1875, -0.0625, -0.0625, -0.0625]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn softmax(self, axis: impl Into<Axis>) -> Self {
        self.tape().record_inline(Softmax(axis.into()), &[self])
    }

    /// ln softmax(x) along an axis, x − ln Σ eˣʲ: finite where softmax underflows to 0.
    ///
    /// # Panics
    /// If the axis is out of range.
    #[track_caller]
    #[must_use]
    pub fn log_softmax(self, axis: impl Into<Axis>) -> Self {
        self.tape().record_inline(LogSoftmax(axis.into()), &[self])
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let x = |shape: &[usize], seed| inputs(shape, -2.0, 2.0, seed);
    vec![
        sample!("softmax", x.softmax(0), [x = x(&[5], 1)]),
        sample!("softmax", x.softmax(-1), [x = x(&[3, 4], 2)]),
        sample!("softmax", x.softmax(0), [x = x(&[3, 4], 3)]),
        sample!("softmax", x.softmax(1), [x = x(&[2, 3, 2], 4)]),
        sample!("softmax", x.softmax(1), [x = x(&[0, 3], 5)]),
        sample!("softmax", x.softmax(-1), [x = [800.0, -800.0]]).with_gradients([[0.0, 0.0].into()]),
        sample!("log_softmax", x.log_softmax(0), [x = x(&[5], 6)]),
        sample!("log_softmax", x.log_softmax(-1), [x = x(&[3, 4], 7)]),
        sample!("log_softmax", x.log_softmax(0), [x = x(&[3, 4], 8)]),
        sample!("log_softmax", x.log_softmax(1), [x = x(&[2, 3, 2], 9)]),
        sample!("log_softmax", x.log_softmax(1), [x = x(&[0, 3], 10)]),
        sample!("log_softmax", x.log_softmax(-1), [x = [800.0, -800.0]]).with_gradients([[-1.0, 1.0].into()]),
    ]
}
