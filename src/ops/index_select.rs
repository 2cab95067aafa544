//! `index_select`: the entries at a list of indices along one axis, in the list's order; and
//! `index_add`, its transpose, which adds entries up at a list of indices.

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::kernel::map;
use crate::shape::{self, Axis, Shape, ShapeError};
use crate::tape::{Accum, Keep, Op, Point, Pullback, Slots, Var};
use crate::tensor::Tensor;
use std::sync::Arc;

#[derive(Debug)]
struct IndexSelect {
    axis: usize,
    index: Arc<[usize]>,
}

/// Entry j of x, along the axis, is added to entry `index[j]` of `extent`.
#[derive(Debug)]
struct IndexAdd {
    axis: usize,
    index: Arc<[usize]>,
    extent: usize,
}

/// For each part of y and the part of x that it comes from: f(y at j, x at `index[j]`). Of y
/// before the axis, along it and after it there are (outer, `index.len()`, inner); x has n along
/// the axis.
fn pairs(index: &[usize], (outer, n, inner): (usize, usize, usize), mut f: impl FnMut(usize, usize)) {
    for o in 0..outer {
        for (j, &i) in index.iter().enumerate() {
            f((o * index.len() + j) * inner, (o * n + i) * inner);
        }
    }
}

/// y at j ← x at `index[j]`.
fn select<T: Float>(y: &mut [T], x: &[T], index: &[usize], lanes: (usize, usize, usize)) {
    let (_, _, inner) = lanes;
    pairs(index, lanes, |to, from| y[to..to + inner].copy_from_slice(&x[from..from + inner]));
}

/// y at `index[j]` ← itself + x at j.
fn add<T: Float>(y: &mut [T], x: &[T], index: &[usize], lanes: (usize, usize, usize)) {
    let (_, _, inner) = lanes;
    pairs(index, lanes, |from, to| map::update(&mut y[to..to + inner], &x[from..from + inner], |y, x| y + x));
}

/// Refuses an index that is not on the axis.
fn check(index: &[usize], x: &Shape, axis: usize) -> shape::Result<()> {
    match index.iter().position(|&i| i >= x[axis]) {
        Some(j) => {
            let facts = format!("index[{j}] = {} out of range for axis {axis} of shape {x}", index[j]);
            Err(ShapeError::new(facts))
        }
        None => Ok(()),
    }
}

impl<T: Float> Op<T> for IndexSelect {
    fn name(&self) -> &'static str {
        "index_select"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        let axis = Axis::from(self.axis).of(x[0])?;
        check(&self.index, x[0], axis)?;
        let shape = x[0].with(axis, self.index.len());
        shape.checked_numel()?;
        Ok(shape)
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let lanes = x[0].shape().around(self.axis);
        Tensor::build(shape, |y| select(y, x[0].data(), &self.index, lanes))
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || index_add(g, self.axis, &self.index, p.x(0).shape()[self.axis]));
    }
    // Adds to the open gradient: a few rows of a large table cost no second table.
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        let lanes = at.x(0).shape().around(self.axis);
        dx.open(0, |dx, accum| {
            if accum == Accum::Set {
                dx.fill(T::ZERO);
            }
            add(dx, g.data(), &self.index, lanes);
        });
        true
    }
    fn attributes(&self) -> String {
        format!("axis {}, {} indices", self.axis, self.index.len())
    }
}

impl<T: Float> Op<T> for IndexAdd {
    fn name(&self) -> &'static str {
        "index_add"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        let axis = Axis::from(self.axis).of(x[0])?;
        if x[0][axis] != self.index.len() {
            let facts = format!("{} indices for axis {axis} of shape {}", self.index.len(), x[0]);
            return Err(ShapeError::new(facts));
        }
        let shape = x[0].with(axis, self.extent);
        check(&self.index, &shape, axis)?;
        Ok(shape)
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let lanes = shape.around(self.axis);
        Tensor::build(shape, |y| {
            y.fill(T::ZERO);
            add(y, x[0].data(), &self.index, lanes);
        })
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || p.tape().record(IndexSelect { axis: self.axis, index: self.index.clone() }, &[g]));
    }
    fn attributes(&self) -> String {
        format!("axis {}, {} indices into {}", self.axis, self.index.len(), self.extent)
    }
}

#[track_caller]
fn index_add<'t, T: Float>(x: Var<'t, T>, axis: usize, index: &Arc<[usize]>, extent: usize) -> Var<'t, T> {
    x.tape().record(IndexAdd { axis, index: index.clone(), extent }, &[x])
}

impl<'t, T: Float> Var<'t, T> {
    /// The entries at these indices of one axis, in this order. An index may come up several
    /// times; the gradients of its uses add up.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let table = tape.var([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// let y = table.index_select(0, [2, 0, 2]);
    /// assert_eq!(y.value(), [[5.0, 6.0], [1.0, 2.0], [5.0, 6.0]]);
    /// assert_eq!(y.sum().backward()[table], [[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or an index is out of range.
    #[doc(alias = "take")]
    #[doc(alias = "embedding")]
    #[track_caller]
    #[must_use]
    pub fn index_select(self, axis: impl Into<Axis>, index: impl AsRef<[usize]>) -> Self {
        let axis = self.resolve("index_select", |x| axis.into().of(x));
        self.tape().record(IndexSelect { axis, index: index.as_ref().into() }, &[self])
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let x = |shape: &[usize]| inputs(shape, -2.0, 2.0, 1);
    vec![
        sample!("index_select", x.index_select(0, [1, 1, 3, 2, 1, 2]), [x = x(&[4, 3])]),
        sample!("index_select", x.index_select(-1, [2, 0]), [x = x(&[2, 3])]),
        sample!("index_select", x.index_select(1, [0, 0, 1]), [x = x(&[2, 2, 3])]),
        sample!("index_select", x.index_select(0, [3]), [x = x(&[4])]),
        sample!("index_select", x.index_select(0, []), [x = x(&[3, 2])]),
        sample!("index_select", x.index_select(1, [1, 1]), [x = x(&[0, 2])]),
        sample!("index_select", x.index_select(0, []), [x = x(&[0, 2])]),
        // Two selections from one table: their gradients add up.
        sample!("mul", x.index_select(0, [0, 1]) * x.index_select(0, [1, 1]), [x = x(&[3, 2])]),
        sample!("index_add", index_add(x, 0, &[2, 0, 2].into(), 4), [x = x(&[3, 2])]),
        sample!("index_add", index_add(x, 1, &[1, 1].into(), 2), [x = x(&[2, 2, 2])]),
        sample!("index_add", index_add(x, 0, &[].into(), 2), [x = x(&[0, 3])]),
    ]
}
