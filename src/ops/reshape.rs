//! `reshape` and its kin: the same entries in the same order, with other extents.

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::shape::{Axis, Dims, Shape, ShapeError};
use crate::tape::{Inline, Keep, Op, Point, Pullback, Slots, Var, Words, pack_shape, unpack_shape};
use crate::tensor::Tensor;
use std::mem::take;

/// To this shape, of as many entries.
#[derive(Debug, Clone)]
struct Reshape(Shape);

impl Inline for Reshape {
    fn pack(&self) -> Option<Words> {
        pack_shape(&self.0)
    }
    fn unpack(words: &Words) -> Self {
        Reshape(unpack_shape(words))
    }
}

impl<T: Float> Op<T> for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Dims::from(&self.0).reshape(x[0])
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        x[0].clone().with_shape(shape)
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || g.reshape(p.x(0).shape()));
    }
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        dx.add(0, take(g).with_shape(at.x(0).shape().clone()));
        true
    }
    fn attributes(&self) -> String {
        format!("to {}", self.0)
    }
}

impl<'t, T: Float> Var<'t, T> {
    /// The same entries in another shape; one extent may be −1, "whatever fits".
    ///
    /// # Panics
    /// If the number of entries differs.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0, 3.0, 4.0]);
    /// let y = x.reshape([2, -1]);
    /// assert_eq!(y.value(), [[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!((y * y).sum().backward()[x], [2.0, 4.0, 6.0, 8.0]);
    /// ```
    #[doc(alias = "view")]
    #[track_caller]
    #[must_use]
    pub fn reshape(self, dims: impl Into<Dims>) -> Self {
        let shape = match self.with_value(|x| dims.into().reshape(x.shape())) {
            Ok(shape) => shape,
            Err(error) => self.tape().refuse_shape("reshape", &error, &[self]),
        };
        self.tape().record_inline(Reshape(shape), &[self])
    }

    /// All axes into one.
    #[doc(alias = "ravel")]
    #[track_caller]
    #[must_use]
    pub fn flatten(self) -> Self {
        self.reshape([-1])
    }

    /// All axes from `start` on into one: `flatten_from(1)` keeps a batch apart.
    ///
    /// # Panics
    /// If there is no axis `start`.
    #[track_caller]
    #[must_use]
    pub fn flatten_from(self, start: impl Into<Axis>) -> Self {
        let shape = self.shape();
        match start.into().of(&shape) {
            Ok(start) => {
                let tail = shape[start..].iter().product();
                let dims: Shape = shape[..start].iter().copied().chain([tail]).collect();
                self.reshape(dims)
            }
            Err(error) => self.tape().refuse_shape("flatten_from", &error, &[self]),
        }
    }

    /// Without this axis, whose extent is 1.
    ///
    /// # Panics
    /// If the axis is out of range or its extent is not 1.
    #[track_caller]
    #[must_use]
    pub fn squeeze(self, axis: impl Into<Axis>) -> Self {
        let shape = self.shape();
        let error = match axis.into().of(&shape) {
            Ok(axis) if shape[axis] == 1 => return self.reshape(shape.without(axis)),
            Ok(axis) => ShapeError::new(format!("axis {axis} of shape {shape} is not of extent 1")),
            Err(error) => error,
        };
        self.tape().refuse_shape("squeeze", &error, &[self])
    }

    /// With a new axis of extent 1 in front of `axis`; −1 puts it last.
    ///
    /// # Panics
    /// If the axis is out of range of the result.
    #[track_caller]
    #[must_use]
    pub fn unsqueeze(self, axis: impl Into<Axis>) -> Self {
        let shape = self.shape();
        // Counted in the result, which has one axis more.
        match axis.into().of(&shape.inserted(0, 1)) {
            Ok(axis) => self.reshape(shape.inserted(axis, 1)),
            Err(error) => self.tape().refuse_shape("unsqueeze", &error, &[self]),
        }
    }
}

pub(super) fn samples() -> Vec<Sample> {
    let x = |shape: &[usize], seed| inputs(shape, -2.0, 2.0, seed);
    vec![
        sample!("reshape", x.reshape([4, 3]), [x = x(&[2, 3, 2], 1)]),
        sample!("reshape", x.reshape([1, 1]), [x = x(&[], 2)]),
        sample!("reshape", x.reshape(Shape::SCALAR), [x = x(&[1, 1], 3)]),
        sample!("reshape", x.reshape([3, -1]), [x = x(&[3, 0], 4)]),
        sample!("reshape", x.reshape([1, 2, 1, 3, 1, 2]), [x = x(&[2, 6], 5)]),
        sample!("reshape", x.flatten_from(1), [x = x(&[2, 3, 2], 6)]),
        sample!("reshape", x.squeeze(1).unsqueeze(-1), [x = x(&[2, 1, 3], 7)]),
    ]
}
