//! `concat` and `stack`: values side by side, along an axis they have or along a new one. The
//! derivative is the part that each value makes up.

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::kernel::window::Window;
use crate::shape::{Axis, Shape, ShapeError};
use crate::tape::{Accum, Keep, Op, Point, Pullback, Slots, Var};
use crate::tensor::Tensor;
use std::ops::Range;

#[derive(Debug, Clone, Copy)]
struct Concat {
    axis: Axis,
}

#[derive(Debug, Clone, Copy)]
struct Stack {
    axis: Axis,
}

/// The windows of y that the inputs make up, whose extents along `axis` are given.
fn windows(y: &Shape, axis: usize, extents: impl Iterator<Item = usize>) -> impl Iterator<Item = Window> {
    let (_, n, inner) = y.around(axis);
    ranges(extents).map(move |range| Window::new(n, inner, range))
}

/// One after the other.
fn ranges(extents: impl Iterator<Item = usize>) -> impl Iterator<Item = Range<usize>> {
    extents.scan(0, |end, extent| {
        let start = *end;
        *end += extent;
        Some(start..*end)
    })
}

fn join<T: Float>(y: &mut [T], x: &[&Tensor<T>], windows: impl Iterator<Item = Window>) {
    windows.zip(x).for_each(|(window, x)| window.write(y, x.data(), false));
}

/// The transpose of [`join`], added to the open gradients.
fn part<T: Float>(g: &Tensor<T>, dx: &mut Slots<'_, T>, windows: impl Iterator<Item = Window>) {
    for (i, window) in windows.enumerate() {
        dx.open(i, |dx, accum| window.read(dx, g.data(), accum == Accum::Add));
    }
}

impl Concat {
    fn axis(&self, x: &Shape) -> usize {
        // OK because the shape rule found the axis.
        self.axis.of(x).expect("the shape rule has checked the axis")
    }
}

impl<T: Float> Op<T> for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        let first = x[0];
        let axis = self.axis.of(first)?;
        let mut extent = 0usize;
        for (i, x) in x.iter().enumerate() {
            if x.rank() != first.rank() || x.with(axis, first[axis]) != *first {
                let facts = format!("x{i} {x} and x0 {first} differ on another axis than {axis}");
                return Err(ShapeError::new(facts));
            }
            extent = extent.saturating_add(x[axis]);
        }
        let shape = first.with(axis, extent);
        shape.checked_numel()?;
        Ok(shape)
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let axis = self.axis(&shape);
        let extents = x.iter().map(|x| x.shape()[axis]);
        Tensor::build(&shape, |y| join(y, x, windows(&shape, axis, extents)))
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        let axis = self.axis(&p.y().shape());
        let extents = (0..p.arity()).map(|i| p.x(i).shape()[axis]);
        for (i, range) in ranges(extents).enumerate() {
            p.pull(i, || g.slice(axis, range));
        }
    }
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        let axis = self.axis(at.y().shape());
        let extents = (0..at.arity()).map(|i| at.x(i).shape()[axis]);
        part(g, dx, windows(at.y().shape(), axis, extents));
        true
    }
    fn attributes(&self) -> String {
        format!("axis {}", self.axis.0)
    }
}

impl Stack {
    fn axis(&self, x: &Shape) -> usize {
        // OK because the shape rule found the axis.
        self.axis.of_new(x).expect("the shape rule has checked the axis")
    }
}

impl<T: Float> Op<T> for Stack {
    fn name(&self) -> &'static str {
        "stack"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        if let Some((i, other)) = x.iter().enumerate().find(|(_, other)| **other != x[0]) {
            return Err(ShapeError::new(format!("x{i} {other} and x0 {} are not of one shape", x[0])));
        }
        let shape = x[0].inserted(self.axis.of_new(x[0])?, x.len());
        shape.checked_numel()?;
        Ok(shape)
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let extents = x.iter().map(|_| 1);
        Tensor::build(&shape, |y| join(y, x, windows(&shape, self.axis(x[0].shape()), extents)))
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        let axis = self.axis(&p.x(0).shape());
        for i in 0..p.arity() {
            p.pull(i, || g.select(axis, i));
        }
    }
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        let extents = (0..at.arity()).map(|_| 1);
        part(g, dx, windows(at.y().shape(), self.axis(at.x(0).shape()), extents));
        true
    }
    fn attributes(&self) -> String {
        format!("axis {}", self.axis.0)
    }
}

impl<'t, T: Float> Var<'t, T> {
    /// Values side by side along an axis that they have. Their other extents are equal.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let (a, b) = (tape.var([[1.0, 2.0], [3.0, 4.0]]), tape.var([[5.0], [6.0]]));
    /// let y = Var::concat([a, b], 1);
    /// assert_eq!(y.value(), [[1.0, 2.0, 5.0], [3.0, 4.0, 6.0]]);
    /// let grads = (y * y).sum().backward();
    /// assert_eq!(grads[a], [[2.0, 4.0], [6.0, 8.0]]);
    /// assert_eq!(grads[b], [[10.0], [12.0]]);
    /// ```
    ///
    /// # Panics
    /// If there are no values, no such axis (a single number has none: [`stack`](Var::stack)
    /// those), or other extents differ.
    #[doc(alias = "cat")]
    #[doc(alias = "concatenate")]
    #[track_caller]
    #[must_use]
    pub fn concat(values: impl AsRef<[Self]>, axis: impl Into<Axis>) -> Self {
        let values = values.as_ref();
        let Some(first) = values.first() else { panic!("concat: there is nothing to put together") };
        first.tape().record(Concat { axis: axis.into() }, values)
    }

    /// Values of one shape side by side along a new axis, which comes to stand at `axis`.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let (a, b) = (tape.var([1.0, 2.0]), tape.var([3.0, 4.0]));
    /// assert_eq!(Var::stack([a, b], 0).value(), [[1.0, 2.0], [3.0, 4.0]]);
    /// let y = Var::stack([a, b], -1);
    /// assert_eq!(y.value(), [[1.0, 3.0], [2.0, 4.0]]);
    /// let grads = y.backward_with([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!((&grads[a], &grads[b]), (&[1.0, 3.0].into(), &[2.0, 4.0].into()));
    /// ```
    ///
    /// # Panics
    /// If there are no values, their shapes differ, or the axis is beyond the rank.
    #[track_caller]
    #[must_use]
    pub fn stack(values: impl AsRef<[Self]>, axis: impl Into<Axis>) -> Self {
        let values = values.as_ref();
        let Some(first) = values.first() else { panic!("stack: there is nothing to put together") };
        first.tape().record(Stack { axis: axis.into() }, values)
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let x = |shape: &[usize], seed| inputs(shape, -2.0, 2.0, seed);
    vec![
        sample!("concat", Var::concat([a, b], 1), [a = x(&[2, 3], 1), b = x(&[2, 1], 2)]),
        sample!("concat", Var::concat([a, b, c], 0), [a = x(&[2, 2], 3), b = x(&[0, 2], 4), c = x(&[3, 2], 5)]),
        sample!("concat", Var::concat([a, b], -2), [a = x(&[2, 1, 3], 6), b = x(&[2, 2, 3], 7)]),
        sample!("concat", Var::concat([a], 0), [a = x(&[3], 8)]),
        sample!("concat", Var::concat([a, b], 1), [a = x(&[0, 2], 9), b = x(&[0, 3], 10)]),
        sample!("concat", Var::concat([a, b, c], 0), [a = x(&[2, 3], 23), b = x(&[2, 3], 24), c = x(&[2, 3], 25)]),
        // One value twice: its gradients add up.
        sample!("concat", Var::concat([a, b, a], -1), [a = x(&[2, 2], 11), b = x(&[2, 1], 12)]),
        sample!("stack", Var::stack([a, b], 1), [a = x(&[2, 3], 13), b = x(&[2, 3], 14)]),
        sample!("stack", Var::stack([a, b, c], -1), [a = x(&[2, 2], 15), b = x(&[2, 2], 16), c = x(&[2, 2], 17)]),
        sample!("stack", Var::stack([a, b], 0), [a = x(&[], 18), b = x(&[], 19)]),
        sample!("stack", Var::stack([a, b], -2), [a = x(&[0, 2], 20), b = x(&[0, 2], 21)]),
        sample!("stack", Var::stack([a, a], 0), [a = x(&[3], 22)]),
    ]
}
