//! `split`, `chunk`: a value taken apart along one axis, a slice for each part.

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::shape::{Axis, ShapeError};
use crate::tape::Var;

/// How [`Var::split`] takes an axis apart. Made from a number, an array, a slice or a `Vec`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Parts {
    /// Parts of this extent; the last one is smaller if it does not divide the axis.
    Every(usize),
    /// Parts of these extents, which add up to the axis.
    Sizes(Vec<usize>),
}

impl From<usize> for Parts {
    fn from(extent: usize) -> Self {
        Parts::Every(extent)
    }
}

impl From<&[usize]> for Parts {
    fn from(sizes: &[usize]) -> Self {
        Parts::Sizes(sizes.to_vec())
    }
}

impl<const N: usize> From<&[usize; N]> for Parts {
    fn from(sizes: &[usize; N]) -> Self {
        Parts::Sizes(sizes.to_vec())
    }
}

impl<const N: usize> From<[usize; N]> for Parts {
    fn from(sizes: [usize; N]) -> Self {
        Parts::Sizes(sizes.to_vec())
    }
}

impl From<&Vec<usize>> for Parts {
    fn from(sizes: &Vec<usize>) -> Self {
        Parts::Sizes(sizes.clone())
    }
}

impl From<Vec<usize>> for Parts {
    fn from(sizes: Vec<usize>) -> Self {
        Parts::Sizes(sizes)
    }
}

impl Parts {
    /// The extents of the parts of an axis of extent n, or why there are none.
    fn of(self, n: usize) -> Result<Vec<usize>, String> {
        match self {
            Parts::Every(0) => Err("parts of extent 0 never add up".to_string()),
            // An axis of extent 0 has one part, itself: a loop over the parts sees the shape.
            Parts::Every(_) if n == 0 => Ok(vec![0]),
            Parts::Every(extent) => Ok((0..n).step_by(extent).map(|start| extent.min(n - start)).collect()),
            Parts::Sizes(sizes) => {
                let sum = sizes.iter().try_fold(0usize, |sum, &size| sum.checked_add(size));
                match sum {
                    Some(sum) if sum == n => Ok(sizes),
                    Some(sum) => Err(format!("sizes {sizes:?} add up to {sum}, not {n}")),
                    None => Err(format!("sizes {sizes:?} add up to more than there is")),
                }
            }
        }
    }
}

impl<'t, T: Float> Var<'t, T> {
    /// Taken apart along one axis: into parts of one extent, the last perhaps smaller, or of the
    /// extents given. [`concat`](Var::concat) puts them together again.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0, 3.0, 4.0, 5.0]);
    /// let pairs = x.split(0, 2);
    /// assert_eq!(pairs[0].value(), [1.0, 2.0]);
    /// assert_eq!(pairs[2].value(), [5.0]);
    /// let parts = x.split(0, [3, 2]);
    /// assert_eq!(parts[1].value(), [4.0, 5.0]);
    /// assert_eq!((parts[1] * 10.0).sum().backward()[x], [0.0, 0.0, 0.0, 10.0, 10.0]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, the extents do not add up to its own, or parts are to be of
    /// extent 0.
    #[doc(alias = "array_split")]
    #[track_caller]
    #[must_use]
    pub fn split(self, axis: impl Into<Axis>, parts: impl Into<Parts>) -> Vec<Self> {
        self.parts("split", axis.into(), parts.into())
    }

    /// Taken apart along one axis into `count` parts of one extent, rounded up. The last part may
    /// be smaller, and there may be fewer parts, as in PyTorch: 5 in 4 chunks are 2 + 2 + 1.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let gates = tape.var([[1.0, 2.0, 3.0, 4.0]]);
    /// let parts = gates.chunk(-1, 2);
    /// assert_eq!(parts[1].value(), [[3.0, 4.0]]);
    /// assert_eq!((parts[0] * parts[1]).sum().backward()[gates], [[3.0, 4.0, 1.0, 2.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or `count` is 0.
    #[track_caller]
    #[must_use]
    pub fn chunk(self, axis: impl Into<Axis>, count: usize) -> Vec<Self> {
        let axis = axis.into();
        let extent = self.resolve("chunk", |x| match count {
            0 => Err(ShapeError::new(format!("{x} into 0 chunks"))),
            _ => Ok(x[axis.of(x)?].div_ceil(count)),
        });
        self.parts("chunk", axis, Parts::Every(extent.max(1)))
    }

    #[track_caller]
    fn parts(self, op: &str, axis: Axis, parts: Parts) -> Vec<Self> {
        let (axis, sizes) = self.resolve(op, |x| {
            let axis = axis.of(x)?;
            let sizes = parts.of(x[axis]);
            let facts = |why| ShapeError::new(format!("{why}  (axis {axis} of shape {x})"));
            Ok((axis, sizes.map_err(facts)?))
        });
        let mut parts = Vec::with_capacity(sizes.len());
        let mut start = 0;
        // A loop: in a closure the slices would not know the user's line.
        for size in sizes {
            parts.push(self.slice(axis, start..start + size));
            start += size;
        }
        parts
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let x = |shape: &[usize]| inputs(shape, -2.0, 2.0, 1);
    vec![
        sample!("slice", x.split(0, 2)[1], [x = x(&[5, 2])]),
        sample!("slice", x.split(-1, [2, 0, 3])[2], [x = x(&[2, 5])]),
        sample!("slice", x.chunk(1, 2)[1], [x = x(&[2, 3])]),
        sample!("concat", Var::concat(x.split(1, [1, 3]), 1), [x = x(&[0, 4])]),
        sample!("mul", x.chunk(0, 2)[0] * x.chunk(0, 2)[1], [x = x(&[4, 2])]),
    ]
}

#[cfg(test)]
mod tests {
    use crate::tape::Tape;
    use crate::tensor::Tensor;

    #[test]
    fn parts_cover_the_axis_and_the_last_may_be_smaller() {
        let tape = Tape::f64();
        let extents = |n: usize, count: usize| {
            let parts = tape.constant(Tensor::zeros([n])).chunk(0, count);
            parts.iter().map(|part| part.numel()).collect::<Vec<_>>()
        };
        assert_eq!(extents(6, 3), [2, 2, 2]);
        assert_eq!(extents(7, 3), [3, 3, 1]);
        assert_eq!(extents(5, 4), [2, 2, 1]);
        assert_eq!(extents(2, 5), [1, 1]);
        assert_eq!(extents(0, 3), [0]);
    }
}
