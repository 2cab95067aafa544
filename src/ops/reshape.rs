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
        let shape = self.resolve("reshape", |x| dims.into().reshape(x));
        self.tape().record_inline(Reshape(shape), &[self])
    }

    /// All axes into one. A single number becomes `[1]`.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0], [3.0, 4.0]]);
    /// let y = x.flatten();
    /// assert_eq!(y.value(), [1.0, 2.0, 3.0, 4.0]);
    /// assert_eq!(y.backward_with([0.0, 0.0, 5.0, 0.0])[x], [[0.0, 0.0], [5.0, 0.0]]);
    /// ```
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
        let dims = self.resolve("flatten_from", |x| {
            let (kept, tail) = x.split_at(start.into().of(x)?);
            Ok(kept.iter().copied().chain([tail.iter().product()]).collect::<Shape>())
        });
        self.reshape(dims)
    }

    /// Without this axis, whose extent is 1.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([[1.0], [2.0]]);
    /// let y = x.squeeze(-1);
    /// assert_eq!(y.value(), [1.0, 2.0]);
    /// assert_eq!(y.backward_with([3.0, 4.0])[x], [[3.0], [4.0]]);
    /// ```
    ///
    /// # Panics
    /// If the axis is out of range or its extent is not 1.
    #[track_caller]
    #[must_use]
    pub fn squeeze(self, axis: impl Into<Axis>) -> Self {
        let dims = self.resolve("squeeze", |x| match axis.into().of(x)? {
            axis if x[axis] == 1 => Ok(x.without(axis)),
            axis => Err(ShapeError::new(format!("axis {axis} of shape {x} is not of extent 1"))),
        });
        self.reshape(dims)
    }

    /// With a new axis of extent 1 in front of `axis`; −1 puts it last.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0]);
    /// assert_eq!(x.unsqueeze(0).value(), [[1.0, 2.0]]);
    /// let y = x.unsqueeze(-1);
    /// assert_eq!(y.value(), [[1.0], [2.0]]);
    /// assert_eq!(y.backward_with([[3.0], [4.0]])[x], [3.0, 4.0]);
    /// ```
    ///
    /// # Panics
    /// If the axis is out of range of the result.
    #[doc(alias = "expand_dims")]
    #[track_caller]
    #[must_use]
    pub fn unsqueeze(self, axis: impl Into<Axis>) -> Self {
        let dims = self.resolve("unsqueeze", |x| Ok(x.inserted(axis.into().of_new(x)?, 1)));
        self.reshape(dims)
    }
}

#[inline]
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
        sample!("reshape", x.reshape([5, 0]), [x = x(&[0, 3], 8)]),
        sample!("reshape", x.flatten(), [x = x(&[], 9)]),
        sample!("reshape", x.unsqueeze(0), [x = x(&[0, 2], 10)]),
    ]
}
