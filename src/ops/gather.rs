//! `gather`: for each entry of the result, the index of its source along one axis; and
//! `scatter_add`, its transpose, which adds entries up where they came from.

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::shape::{self, Axis, Shape, ShapeError};
use crate::tape::{Accum, Keep, Op, Point, Pullback, Slots, Var};
use crate::tensor::Tensor;
use smallvec::SmallVec;
use std::sync::Arc;

/// An array of indices, for [`Var::gather`]. Made from nested arrays, from a list, or from a list
/// and a shape. A clone shares the numbers.
///
/// ```
/// use wengert::ops::Indices;
/// let labels = [2, 0, 1];
/// let column = Indices::new(&labels, [3, 1]);
/// assert_eq!(column, Indices::from([[2], [0], [1]]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indices {
    shape: Shape,
    data: Arc<[usize]>,
}

impl Indices {
    /// Row-major, in this shape.
    ///
    /// # Panics
    /// If there are not as many indices as the shape has entries.
    #[track_caller]
    pub fn new(data: &[usize], shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        if shape.checked_numel().ok() != Some(data.len()) {
            panic!("Indices::new: {} indices do not fill shape {shape}", data.len());
        }
        Indices { shape, data: data.into() }
    }

    /// The extents.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The indices, row-major.
    pub fn data(&self) -> &[usize] {
        &self.data
    }
}

impl From<&[usize]> for Indices {
    fn from(data: &[usize]) -> Self {
        Indices { shape: Shape::from([data.len()]), data: data.into() }
    }
}

impl From<&Vec<usize>> for Indices {
    fn from(data: &Vec<usize>) -> Self {
        Indices::from(&data[..])
    }
}

impl From<Vec<usize>> for Indices {
    fn from(data: Vec<usize>) -> Self {
        Indices::from(&data[..])
    }
}

impl<const A: usize> From<&[usize; A]> for Indices {
    fn from(data: &[usize; A]) -> Self {
        Indices::from(&data[..])
    }
}

impl<const A: usize> From<[usize; A]> for Indices {
    fn from(data: [usize; A]) -> Self {
        Indices::from(&data[..])
    }
}

impl<const A: usize, const B: usize> From<[[usize; B]; A]> for Indices {
    fn from(data: [[usize; B]; A]) -> Self {
        Indices { shape: Shape::from([A, B]), data: data.as_flattened().into() }
    }
}

impl<const A: usize, const B: usize> From<&[[usize; B]; A]> for Indices {
    fn from(data: &[[usize; B]; A]) -> Self {
        Indices { shape: Shape::from([A, B]), data: data.as_flattened().into() }
    }
}

impl<const A: usize, const B: usize, const C: usize> From<[[[usize; C]; B]; A]> for Indices {
    fn from(data: [[[usize; C]; B]; A]) -> Self {
        Indices { shape: Shape::from([A, B, C]), data: data.as_flattened().as_flattened().into() }
    }
}

/// y[i, j, k] = x[i, index[i, j, k], k], for axis 1 of three.
#[derive(Debug)]
struct Gather {
    axis: usize,
    index: Indices,
}

/// Entry [i, j, k] of x is added to entry [i, index[i, j, k], k] of zeros, for axis 1 of three.
#[derive(Debug)]
struct ScatterAdd {
    axis: usize,
    index: Indices,
    shape: Shape,
}

/// For each entry of `index`: f(its place, the place that it points to in a tensor of shape
/// `table`), both counted row-major.
fn pairs(index: &Indices, table: &Shape, axis: usize, mut f: impl FnMut(usize, usize)) {
    // The place in the table is that of index 0 on the axis, moved along with the entry's own
    // place, and `step` times the index.
    let mut strides: SmallVec<[usize; 6]> = SmallVec::from_elem(1, table.rank());
    for i in (1..table.rank()).rev() {
        strides[i - 1] = strides[i] * table[i];
    }
    let step = std::mem::take(&mut strides[axis]);
    let mut at: SmallVec<[usize; 6]> = SmallVec::from_elem(0, table.rank());
    let mut base = 0;
    for (place, &i) in index.data.iter().enumerate() {
        f(place, base + step * i);
        for axis in (0..table.rank()).rev() {
            at[axis] += 1;
            base += strides[axis];
            if at[axis] < index.shape[axis] {
                break;
            }
            base -= strides[axis] * at[axis];
            at[axis] = 0;
        }
    }
}

/// Refuses indices that do not fit a table: of another rank, longer than it on another axis than
/// `axis`, or out of range on that one.
fn check(index: &Indices, table: &Shape, axis: usize) -> shape::Result<()> {
    let beside = |i: usize| i == axis || index.shape[i] <= table[i];
    if index.shape.rank() != table.rank() || !(0..table.rank()).all(beside) {
        let facts = format!("indices of shape {} do not fit shape {table} beside axis {axis}", index.shape);
        return Err(ShapeError::new(facts));
    }
    match index.data.iter().find(|&&i| i >= table[axis]) {
        Some(i) => Err(ShapeError::new(format!("index {i} out of range for axis {axis} of shape {table}"))),
        None => Ok(()),
    }
}

fn scatter_into<T: Float>(y: &mut [T], x: &[T], index: &Indices, table: &Shape, axis: usize) {
    pairs(index, table, axis, |from, to| y[to] += x[from]);
}

impl<T: Float> Op<T> for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        check(&self.index, x[0], Axis::from(self.axis).of(x[0])?)?;
        Ok(self.index.shape.clone())
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let (x, table) = (x[0].data(), x[0].shape());
        Tensor::build(shape, |y| pairs(&self.index, table, self.axis, |to, from| y[to] = x[from]))
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || scatter_add(g, self.axis, &self.index, p.x(0).shape()));
    }
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        dx.open(0, |dx, accum| {
            if accum == Accum::Set {
                dx.fill(T::ZERO);
            }
            scatter_into(dx, g.data(), &self.index, at.x(0).shape(), self.axis);
        });
        true
    }
    fn attributes(&self) -> String {
        format!("axis {}", self.axis)
    }
}

impl<T: Float> Op<T> for ScatterAdd {
    fn name(&self) -> &'static str {
        "scatter_add"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        check(&self.index, &self.shape, Axis::from(self.axis).of(&self.shape)?)?;
        if *x[0] != self.index.shape {
            return Err(ShapeError::new(format!("indices of shape {} for shape {}", self.index.shape, x[0])));
        }
        Ok(self.shape.clone())
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        Tensor::build(&shape, |y| {
            y.fill(T::ZERO);
            scatter_into(y, x[0].data(), &self.index, &shape, self.axis);
        })
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || g.gather(self.axis, self.index.clone()));
    }
    fn attributes(&self) -> String {
        format!("axis {}, to {}", self.axis, self.shape)
    }
}

#[track_caller]
fn scatter_add<'t, T: Float>(x: Var<'t, T>, axis: usize, index: &Indices, shape: impl Into<Shape>) -> Var<'t, T> {
    x.tape().record(ScatterAdd { axis, index: index.clone(), shape: shape.into() }, &[x])
}

impl<'t, T: Float> Var<'t, T> {
    /// For each index, the entry at it: y\[i, j\] = x\[i, index\[i, j\]\] along axis 1 of two, and
    /// likewise along any axis. The result has the shape of the indices, which have as many axes
    /// as x and are no longer than it on the others. An entry may be taken several times; the
    /// gradients of its uses add up.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # use wengert::ops::Indices;
    /// # let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// let y = x.gather(1, [[2, 0, 2], [1, 1, 1]]);
    /// assert_eq!(y.value(), [[3.0, 1.0, 3.0], [5.0, 5.0, 5.0]]);
    /// assert_eq!(y.sum().backward()[x], [[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]]);
    ///
    /// let labels = [1, 2]; // one a row
    /// assert_eq!(x.gather(1, Indices::new(&labels, [2, 1])).value(), [[2.0], [6.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, the shapes do not fit, or an index is out of range.
    #[doc(alias = "take_along_axis")]
    #[track_caller]
    #[must_use]
    pub fn gather(self, axis: impl Into<Axis>, index: impl Into<Indices>) -> Self {
        let axis = self.resolve("gather", |x| axis.into().of(x));
        self.tape().record(Gather { axis, index: index.into() }, &[self])
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let x = |shape: &[usize]| inputs(shape, -2.0, 2.0, 1);
    vec![
        sample!("gather", x.gather(1, [[2, 0], [0, 2], [3, 3]]), [x = x(&[3, 4])]),
        sample!("gather", x.gather(0, [[2, 0], [0, 0]]), [x = x(&[3, 2])]),
        // Fewer rows and columns than x has.
        sample!("gather", x.gather(-2, [[[1, 0, 0], [2, 2, 1]]]), [x = x(&[2, 3, 4])]),
        sample!("gather", x.gather(-1, [1, 1, 0, 1]), [x = x(&[2])]),
        sample!("gather", x.gather(1, Indices::new(&[], [0, 2])), [x = x(&[3, 4])]),
        sample!("gather", x.gather(1, Indices::new(&[], [2, 0])), [x = x(&[2, 0])]),
        sample!("mul", x.gather(0, [0, 0, 1]) * x.gather(0, [1, 0, 1]), [x = x(&[2])]),
        sample!("scatter_add", scatter_add(x, 1, &[[2, 0], [1, 1]].into(), [3, 4]), [x = x(&[2, 2])]),
        sample!("scatter_add", scatter_add(x, 0, &[[[1, 0]], [[1, 1]]].into(), [2, 1, 2]), [x = x(&[2, 1, 2])]),
        sample!("scatter_add", scatter_add(x, 0, &Indices::new(&[], [0, 2]), [2, 2]), [x = x(&[0, 2])]),
    ]
}
