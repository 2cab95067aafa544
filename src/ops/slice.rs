//! `slice`, `select`, `row`: the entries at some indices in a row along one axis; and `pad`, their
//! transpose, which puts entries back between zeros.

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::kernel::window::Window;
use crate::shape::{self, Axis, Shape, ShapeError};
use crate::tape::{Accum, Inline, Keep, Op, Point, Pullback, Slots, Var, Words};
use crate::tensor::Tensor;
use std::fmt;
use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

/// A range of indices, `1..3`, `2..`, `..=4`; negative ends count from the end of the axis, as in
/// `-2..`. Clippy takes `1..-1` for a slip; a pair, `(1, -1)`, says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    start: End,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// So many indices from the start of the axis.
    Front(usize),
    /// So many indices before its end; 0 is the end itself.
    Back(usize),
}

impl End {
    /// The end at an index as it is written.
    fn at(index: i128) -> Self {
        // What does not fit is out of range for any axis, as MAX is.
        let distance = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
        if index < 0 { End::Back(distance) } else { End::Front(distance) }
    }

    /// The end just after an index as it is written.
    fn after(index: i128) -> Self {
        if index == -1 { End::Back(0) } else { End::at(index + 1) }
    }

    fn of(self, extent: usize) -> Option<usize> {
        match self {
            End::Front(index) => Some(index),
            End::Back(distance) => extent.checked_sub(distance),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Front(index) => write!(f, "{index}"),
            End::Back(0) => Ok(()),
            End::Back(distance) => write!(f, "-{distance}"),
        }
    }
}

/// As it is written in a program.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

impl Span {
    const ALL: Span = Span { start: End::Front(0), end: End::Back(0) };

    /// The indices on an axis of `shape`, counted from the front.
    fn of(self, shape: &Shape, axis: usize) -> shape::Result<Range<usize>> {
        let extent = shape[axis];
        match (self.start.of(extent), self.end.of(extent)) {
            (Some(start), Some(end)) if start <= end && end <= extent => Ok(start..end),
            (Some(start), Some(end)) if end < start && start <= extent => {
                Err(ShapeError::new(format!("{self} ends before it starts on axis {axis} of shape {shape}")))
            }
            _ => Err(ShapeError::new(format!("{self} out of range for axis {axis} of shape {shape}"))),
        }
    }
}

impl From<RangeFull> for Span {
    fn from(_: RangeFull) -> Self {
        Span::ALL
    }
}

macro_rules! span_from {
    ($($int:ty),*) => {$(
        impl From<Range<$int>> for Span {
            fn from(range: Range<$int>) -> Self {
                Span { start: End::at(range.start as i128), end: End::at(range.end as i128) }
            }
        }
        impl From<($int, $int)> for Span {
            fn from((start, end): ($int, $int)) -> Self {
                Span::from(start..end)
            }
        }
        impl From<RangeFrom<$int>> for Span {
            fn from(range: RangeFrom<$int>) -> Self {
                Span { start: End::at(range.start as i128), ..Span::ALL }
            }
        }
        impl From<RangeTo<$int>> for Span {
            fn from(range: RangeTo<$int>) -> Self {
                Span { end: End::at(range.end as i128), ..Span::ALL }
            }
        }
        impl From<RangeInclusive<$int>> for Span {
            fn from(range: RangeInclusive<$int>) -> Self {
                Span { start: End::at(*range.start() as i128), end: End::after(*range.end() as i128) }
            }
        }
        impl From<RangeToInclusive<$int>> for Span {
            fn from(range: RangeToInclusive<$int>) -> Self {
                Span { end: End::after(range.end as i128), ..Span::ALL }
            }
        }
    )*};
}
span_from!(i32, isize, usize);

/// Indices in a row along one axis.
#[derive(Debug, Clone, Copy)]
struct Slice {
    axis: usize,
    start: usize,
    end: usize,
}

impl Slice {
    fn window(&self, x: &Shape) -> Window {
        let (_, n, inner) = x.around(self.axis);
        Window::new(n, inner, self.start..self.end)
    }
}

impl Inline for Slice {
    fn pack(&self) -> Option<Words> {
        Some([self.axis, self.start, self.end].map(|word| word as u64))
    }
    fn unpack(words: &Words) -> Self {
        let [axis, start, end] = words.map(|word| word as usize);
        Slice { axis, start, end }
    }
}

impl<T: Float> Op<T> for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        let axis = Axis::from(self.axis).of(x[0])?;
        Ok(x[0].with(axis, Span::from(self.start..self.end).of(x[0], axis)?.len()))
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        Tensor::build(shape, |y| self.window(x[0].shape()).read(y, x[0].data(), false))
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || pad(g, self.axis, self.start, p.x(0).shape()[self.axis]));
    }
    // Adds to the open gradient: an axis taken apart into n slices costs as much as one pass over
    // it, and not n.
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        dx.open(0, |dx, accum| {
            if accum == Accum::Set {
                dx.fill(T::ZERO);
            }
            self.window(at.x(0).shape()).write(dx, g.data(), accum == Accum::Add);
        });
        true
    }
    fn attributes(&self) -> String {
        format!("axis {}, {}..{}", self.axis, self.start, self.end)
    }
}

/// Zeros around x along one axis: x comes to stand at `start` of `extent` indices.
#[derive(Debug, Clone, Copy)]
struct Pad {
    axis: usize,
    start: usize,
    extent: usize,
}

impl Inline for Pad {
    fn pack(&self) -> Option<Words> {
        Some([self.axis, self.start, self.extent].map(|word| word as u64))
    }
    fn unpack(words: &Words) -> Self {
        let [axis, start, extent] = words.map(|word| word as usize);
        Pad { axis, start, extent }
    }
}

impl<T: Float> Op<T> for Pad {
    fn name(&self) -> &'static str {
        "pad"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        let axis = Axis::from(self.axis).of(x[0])?;
        if self.start + x[0][axis] > self.extent {
            let facts = format!("axis {axis} of shape {} does not fit into {}..{}", x[0], self.start, self.extent);
            return Err(ShapeError::new(facts));
        }
        Ok(x[0].with(axis, self.extent))
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let Pad { axis, start, .. } = *self;
        let slice = Slice { axis, start, end: start + x[0].shape()[axis] };
        Tensor::build(&shape, |y| {
            y.fill(T::ZERO);
            slice.window(&shape).write(y, x[0].data(), false);
        })
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || g.slice(self.axis, self.start..self.start + p.x(0).shape()[self.axis]));
    }
    fn attributes(&self) -> String {
        format!("axis {}, at {} of {}", self.axis, self.start, self.extent)
    }
}

#[track_caller]
fn pad<'t, T: Float>(x: Var<'t, T>, axis: usize, start: usize, extent: usize) -> Var<'t, T> {
    x.tape().record_inline(Pad { axis, start, extent }, &[x])
}

impl<'t, T: Float> Var<'t, T> {
    /// The entries at the indices of a range along one axis; negative ends count from its end.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// let y = x.slice(1, 1..3);
    /// assert_eq!(y.value(), [[2.0, 3.0], [5.0, 6.0]]);
    /// assert_eq!(y.sum().backward()[x], [[0.0, 1.0, 1.0], [0.0, 1.0, 1.0]]);
    /// assert_eq!(x.slice(0, -1..).value(), [[4.0, 5.0, 6.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or an end lies outside it (NumPy would cut the range short), or
    /// the range ends before it starts.
    #[doc(alias = "narrow")]
    #[track_caller]
    #[must_use]
    pub fn slice(self, axis: impl Into<Axis>, range: impl Into<Span>) -> Self {
        let op = self.resolve("slice", |x| {
            let axis = axis.into().of(x)?;
            let Range { start, end } = range.into().of(x, axis)?;
            Ok(Slice { axis, start, end })
        });
        self.tape().record_inline(op, &[self])
    }

    /// The entries at one index of an axis, which is dropped.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// let y = x.select(1, 2);
    /// assert_eq!(y.value(), [3.0, 6.0]);
    /// assert_eq!(y.sum().backward()[x], [[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or no such index on it.
    #[track_caller]
    #[must_use]
    pub fn select(self, axis: impl Into<Axis>, index: usize) -> Self {
        self.at_index("select", axis.into(), index)
    }

    /// Row `i`: the entries at index `i` of the first axis.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0], [3.0, 4.0]]);
    /// let y = x.row(1);
    /// assert_eq!(y.value(), [3.0, 4.0]);
    /// assert_eq!((y * y).sum().backward()[x], [[0.0, 0.0], [6.0, 8.0]]);
    /// ```
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    #[must_use]
    pub fn row(self, i: usize) -> Self {
        self.at_index("row", Axis(0), i)
    }

    #[track_caller]
    fn at_index(self, op: &str, axis: Axis, index: usize) -> Self {
        let (slice, dropped) = self.resolve(op, |x| {
            let axis = axis.of(x)?;
            if index >= x[axis] {
                let facts = format!("index {index} out of range for axis {axis} of shape {x}");
                return Err(ShapeError::new(facts));
            }
            Ok((Slice { axis, start: index, end: index + 1 }, x.without(axis)))
        });
        self.tape().record_inline(slice, &[self]).reshape(dropped)
    }
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let x = |shape: &[usize]| inputs(shape, -2.0, 2.0, 1);
    vec![
        sample!("slice", x.slice(1, 1..3), [x = x(&[3, 5])]),
        sample!("slice", x.slice(0, 2..), [x = x(&[4])]),
        sample!("slice", x.slice(-2, -2..-1), [x = x(&[2, 3, 2])]),
        sample!("slice", x.slice(0, ..), [x = x(&[2, 3])]),
        sample!("slice", x.slice(1, 2..2), [x = x(&[2, 3])]),
        sample!("slice", x.slice(1, ..=1), [x = x(&[0, 3])]),
        // Two slices of one value that overlap: their gradients add up.
        sample!("add", x.slice(0, ..3) * x.slice(0, -3..) + x.slice(0, 1..=3), [x = x(&[4, 2])]),
        sample!("reshape", x.select(1, 2), [x = x(&[2, 3, 2])]),
        sample!("reshape", x.row(0), [x = x(&[3])]),
        sample!("pad", pad(x, 1, 2, 5), [x = x(&[2, 3])]),
        sample!("pad", pad(x, 0, 0, 2), [x = x(&[2])]),
        sample!("pad", pad(x, 0, 1, 3), [x = x(&[1, 2, 2])]),
        sample!("pad", pad(x, 0, 1, 2), [x = x(&[0, 3])]),
    ]
}

#[cfg(test)]
#[allow(clippy::reversed_empty_ranges)] // they are the point
mod tests {
    use super::*;
    use crate::tape::Tape;

    #[track_caller]
    fn check(span: impl Into<Span>, expected: &[f64]) {
        let tape = Tape::f64();
        let x = tape.constant([0.0, 1.0, 2.0, 3.0]);
        assert_eq!(x.slice(0, span).value().data(), expected);
    }

    #[test]
    fn ranges_are_read_as_python_reads_them() {
        check(1..3, &[1.0, 2.0]);
        check(1usize..3, &[1.0, 2.0]);
        check(.., &[0.0, 1.0, 2.0, 3.0]);
        check(2.., &[2.0, 3.0]);
        check(..-1, &[0.0, 1.0, 2.0]);
        check(-3..-1, &[1.0, 2.0]);
        check(-4..4, &[0.0, 1.0, 2.0, 3.0]);
        check(4.., &[]);
        check(1..=2, &[1.0, 2.0]);
        check(..=-2, &[0.0, 1.0, 2.0]);
        check(2..=-1, &[2.0, 3.0]);
        check(1..-1, &[1.0, 2.0]);
        check((1, -1), &[1.0, 2.0]);
    }

    #[test]
    fn a_range_outside_the_axis_says_so_as_it_was_written() {
        let shape = Shape::from([2, 4]);
        for (span, message) in [
            (Span::from(1..5), "1..5 out of range for axis 1 of shape [2, 4]"),
            (Span::from(5..), "5.. out of range for axis 1 of shape [2, 4]"),
            (Span::from(-5..), "-5.. out of range for axis 1 of shape [2, 4]"),
            (Span::from(..usize::MAX), "0..18446744073709551615 out of range for axis 1 of shape [2, 4]"),
            (Span::from(isize::MIN..0), "-9223372036854775808..0 out of range for axis 1 of shape [2, 4]"),
            (Span::from(3..1), "3..1 ends before it starts on axis 1 of shape [2, 4]"),
            (Span::from(-1..-2), "-1..-2 ends before it starts on axis 1 of shape [2, 4]"),
        ] {
            assert_eq!(span.of(&shape, 1).unwrap_err().to_string(), message);
        }
    }
}
