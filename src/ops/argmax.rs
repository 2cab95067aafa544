//! `argmax`, from scores to the index of the largest; and `one_hot`, from an index to a vector
//! that is 1 there. Whole steps both: neither has a gradient.

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::shape::{Axis, Shape, ShapeError};
use crate::tape::{Inline, Keep, Op, Pullback, Tape, Var, Words};
use crate::tensor::{self, Tensor};

#[derive(Debug, Clone, Copy)]
struct Argmax {
    axis: usize,
    keepdim: bool,
}

impl Inline for Argmax {
    fn pack(&self) -> Option<Words> {
        Some([self.axis as u64, u64::from(self.keepdim), 0])
    }
    fn unpack(words: &Words) -> Self {
        Argmax { axis: words[0] as usize, keepdim: words[1] == 1 }
    }
}

impl<T: Float> Op<T> for Argmax {
    fn name(&self) -> &'static str {
        "argmax"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        let axis = Axis::from(self.axis).of(x[0])?;
        if x[0][axis] == 0 {
            return Err(ShapeError::new(format!("axis {axis} of shape {} is empty", x[0])));
        }
        Ok(if self.keepdim { x[0].with(axis, 1) } else { x[0].without(axis) })
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let (_, n, inner) = x[0].shape().around(self.axis);
        let x = x[0].data();
        Tensor::build(shape, |y| {
            for (at, y) in y.iter_mut().enumerate() {
                let start = at / inner * n * inner + at % inner;
                *y = T::from_usize(tensor::argmax((0..n).map(|i| x[start + i * inner])));
            }
        })
    }
    fn vjp<'t>(&self, _: &Pullback<'t, T>, _: Var<'t, T>) {}
    fn differentiable(&self) -> bool {
        false
    }
    fn attributes(&self) -> String {
        format!("axis {}{}", self.axis, if self.keepdim { ", keepdim" } else { "" })
    }
}

impl<'t, T: Float> Var<'t, T> {
    /// The index of the largest entry along an axis, which is dropped; the first one of a tie,
    /// and a NaN counts as largest. A whole number as a float, without gradient: for indices to
    /// use as such, [`Tensor::argmax_rows`] gives `usize`.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let scores = tape.var([[0.1, 0.7, 0.2], [0.5, 0.1, 0.4]]);
    /// assert_eq!(scores.argmax(-1).value(), [1.0, 0.0]);
    /// assert!(!scores.argmax(-1).needs_grad());
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or it is empty.
    #[track_caller]
    #[must_use]
    pub fn argmax(self, axis: impl Into<Axis>) -> Self {
        let axis = self.resolve("argmax", |x| axis.into().of(x));
        self.tape().record_inline(Argmax { axis, keepdim: false }, &[self])
    }

    /// [`argmax`](Var::argmax) along an axis, which stays as 1.
    ///
    /// # Panics
    /// If there is no such axis, or it is empty.
    #[track_caller]
    #[must_use]
    pub fn argmax_keepdim(self, axis: impl Into<Axis>) -> Self {
        let axis = self.resolve("argmax_keepdim", |x| axis.into().of(x));
        self.tape().record_inline(Argmax { axis, keepdim: true }, &[self])
    }
}

impl<T: Float> Tape<'_, T> {
    /// A row for each label, `[labels, classes]`: 1 at the label, 0 elsewhere. A constant.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// let tape = Tape::new();
    /// assert_eq!(tape.one_hot(&[2, 0], 3).value(), [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
    /// ```
    ///
    /// # Panics
    /// If a label is not below `classes`.
    #[track_caller]
    pub fn one_hot<'t>(&'t self, labels: &[usize], classes: usize) -> Var<'t, T> {
        if let Some(row) = labels.iter().position(|&label| label >= classes) {
            panic!("one_hot: label {} of row {row} is out of range for {classes} classes", labels[row]);
        }
        let mut rows = Tensor::zeros([labels.len(), classes]);
        let entries = rows.data_mut();
        labels.iter().enumerate().for_each(|(row, &label)| entries[row * classes + label] = T::ONE);
        self.constant(rows)
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let x = |shape: &[usize]| inputs(shape, -2.0, 2.0, 1);
    vec![
        sample!("argmax", x.argmax(0), [x = x(&[4])]),
        sample!("argmax", x.argmax(1), [x = x(&[2, 3, 2])]),
        sample!("argmax", x.argmax_keepdim(-1), [x = x(&[3, 4])]),
        sample!("argmax", x.argmax_keepdim(1), [x = x(&[0, 3])]),
    ]
}

#[cfg(test)]
mod tests {
    use crate::tape::Tape;

    #[test]
    fn argmax_goes_along_any_axis() {
        let tape = Tape::f64();
        let x = tape.constant([[[1.0, 9.0], [3.0, 2.0], [2.0, 9.0]], [[f64::NAN, 0.0], [7.0, 0.0], [8.0, 1.0]]]);
        assert_eq!(x.argmax(1).value(), [[1.0, 0.0], [0.0, 2.0]]);
        assert_eq!(x.argmax_keepdim(1).value(), [[[1.0, 0.0]], [[0.0, 2.0]]]);
        assert_eq!(x.argmax(0).value(), [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]);
        assert_eq!(x.argmax(-1).value(), [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]);
    }

    #[test]
    fn a_branch_of_whole_steps_beside_a_smooth_one_does_no_harm() {
        let tape = Tape::f64();
        let x = tape.var([[1.0, 3.0]]);
        let y = (x * x).sum() + x.argmax(1).sum();
        assert_eq!(y.backward()[x], [[2.0, 6.0]]);
    }
}
