//! Reductions over any axes: sum, mean, variance, norm, max, min, logsumexp; and `cumsum`.
//!
//! Each comes in three forms: `sum()` over everything, `sum_axis(axes)` which drops the axes, and
//! `sum_keepdim(axes)` which leaves them at 1 so that the result broadcasts against the input.

use super::{Sample, inputs, sample};
use crate::float::Float;
use crate::kernel::{broadcast, lanes, map};
use crate::shape::{Axes, Axis, AxisSet, Shape, ShapeError};
use crate::tape::{Accum, Inline, Keep, Op, Point, Pullback, Slots, Var, Words};
use crate::tensor::Tensor;
use std::mem::take;

/// Which axes are taken together, and whether they stay as 1.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Over {
    axes: AxisSet,
    keepdim: bool,
}

impl Over {
    fn shape(self, from: &Shape) -> Shape {
        if self.keepdim { self.axes.kept(from) } else { self.axes.dropped(from) }
    }

    fn words(self, flag: u64) -> Words {
        [self.axes.0, u64::from(self.keepdim), flag]
    }

    fn from_words(words: &Words) -> Self {
        Over { axes: AxisSet(words[0]), keepdim: words[1] == 1 }
    }

    fn text(self) -> String {
        format!("axes {:?}{}", self.axes, if self.keepdim { ", keepdim" } else { "" })
    }
}

/// Σ x, or Σ x / n, over the axes.
#[derive(Debug, Clone, Copy)]
struct Sum {
    over: Over,
    mean: bool,
}

impl Inline for Sum {
    fn pack(&self) -> Option<Words> {
        Some(self.over.words(self.mean.into()))
    }
    fn unpack(words: &Words) -> Self {
        Sum { over: Over::from_words(words), mean: words[2] == 1 }
    }
}

impl Sum {
    /// 1, or 1/n.
    fn scale<T: Float>(self, of: &Shape) -> T {
        if self.mean { T::ONE / T::from_usize(self.over.axes.count(of)) } else { T::ONE }
    }
}

impl<T: Float> Op<T> for Sum {
    fn name(&self) -> &'static str {
        if self.mean { "mean" } else { "sum" }
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok(self.over.shape(x[0]))
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let from = x[0].shape();
        let scale: T = self.scale(from);
        Tensor::build(shape, |y| {
            broadcast::sum_to(y, &self.over.axes.kept(from), x[0].data(), from, false);
            if self.mean {
                y.iter_mut().for_each(|y| *y *= scale);
            }
        })
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || p.tape().record_inline(Spread(*self), &[g, p.x(0)]));
    }
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        let shape = at.x(0).shape();
        let scale: T = self.scale(shape);
        if let &[g] = g.data() {
            dx.open(0, |y, accum| match accum {
                Accum::Set => y.fill(g * scale),
                Accum::Add => y.iter_mut().for_each(|y| *y += g * scale),
            });
        } else {
            dx.add(0, spread(g, *self, shape));
        }
        true
    }
    fn attributes(&self) -> String {
        self.over.text()
    }
}

/// Each entry of the first input to all the entries of the second that were summed into it: the
/// transpose of [`Sum`]. The second input gives its shape and nothing else.
#[derive(Debug, Clone, Copy)]
struct Spread(Sum);

impl Inline for Spread {
    fn pack(&self) -> Option<Words> {
        self.0.pack()
    }
    fn unpack(words: &Words) -> Self {
        Spread(Sum::unpack(words))
    }
}

impl<T: Float> Op<T> for Spread {
    fn name(&self) -> &'static str {
        "spread"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        if *x[0] == self.0.over.shape(x[1]) {
            return Ok(x[1].clone());
        }
        Err(ShapeError::new(format!("{} is not {} summed over {}", x[0], x[1], self.0.over.text())))
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        spread(x[0], self.0, &shape)
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || p.tape().record_inline(self.0, &[g]));
    }
    fn attributes(&self) -> String {
        self.0.over.text()
    }
}

/// g, of the shape that `sum` gives, broadcast back to `shape` and scaled.
fn spread<T: Float>(g: &Tensor<T>, sum: Sum, shape: &Shape) -> Tensor<T> {
    let scale: T = sum.scale(shape);
    Tensor::build(shape, |y| {
        broadcast::expand(y, shape, g.data(), &sum.over.axes.kept(shape));
        if sum.mean {
            y.iter_mut().for_each(|y| *y *= scale);
        }
    })
}

/// √(Σ x²) over the axes.
#[derive(Debug, Clone, Copy)]
struct Norm(Over);

impl Inline for Norm {
    fn pack(&self) -> Option<Words> {
        Some(self.0.words(0))
    }
    fn unpack(words: &Words) -> Self {
        Norm(Over::from_words(words))
    }
}

impl<T: Float> Op<T> for Norm {
    fn name(&self) -> &'static str {
        "norm"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok(self.0.shape(x[0]))
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let from = x[0].shape();
        let squares = Tensor::build(from, |y| map::map(y, x[0].data(), |x| x * x));
        Tensor::build(shape, |y| {
            broadcast::sum_to(y, &self.0.axes.kept(from), squares.data(), from, false);
            y.iter_mut().for_each(|y| *y = y.sqrt());
        })
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || {
            // x/‖x‖, and 0 where ‖x‖ = 0, also of entries too small to be squared.
            let safe = p.y().where_cond(p.y(), T::ONE);
            let share = p.y().where_cond(g / safe, T::ZERO);
            let sum = Sum { over: self.0, mean: false };
            p.tape().record_inline(Spread(sum), &[share, p.x(0)]) * p.x(0)
        });
    }
    fn attributes(&self) -> String {
        self.0.text()
    }
}

/// The largest or the smallest entry over the axes.
#[derive(Debug, Clone, Copy)]
struct Extremum {
    over: Over,
    smallest: bool,
}

impl Inline for Extremum {
    fn pack(&self) -> Option<Words> {
        Some(self.over.words(self.smallest.into()))
    }
    fn unpack(words: &Words) -> Self {
        Extremum { over: Over::from_words(words), smallest: words[2] == 1 }
    }
}

impl<T: Float> Op<T> for Extremum {
    fn name(&self) -> &'static str {
        if self.smallest { "min" } else { "max" }
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        let shape = self.over.shape(x[0]);
        if self.over.axes.count(x[0]) == 0 && shape.numel() > 0 {
            return Err(ShapeError::new(format!("no entries to choose from: {} of {}", self.over.text(), x[0])));
        }
        Ok(shape)
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        axis_by_axis(x[0], self.over.axes, |y, x, lanes| lanes::extremum(y, x, lanes, self.smallest))
            .with_shape(shape)
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || {
            let sum = Sum { over: self.over, mean: false };
            let spread = |v| p.tape().record_inline(Spread(sum), &[v, p.x(0)]);
            // Ties share equally. A NaN equals no entry: where it is the largest, nothing is a gradient.
            let chosen = p.x(0).eq(spread(p.y()));
            let ties = p.tape().record_inline(sum, &[chosen]);
            let rest = ties.where_cond(T::ZERO, T::NAN);
            chosen.where_cond(spread(g / ties), spread(rest))
        });
    }
    fn attributes(&self) -> String {
        self.over.text()
    }
}

/// ln Σ eˣ over the axes.
#[derive(Debug, Clone, Copy)]
struct LogSumExp(Over);

impl Inline for LogSumExp {
    fn pack(&self) -> Option<Words> {
        Some(self.0.words(0))
    }
    fn unpack(words: &Words) -> Self {
        LogSumExp(Over::from_words(words))
    }
}

impl<T: Float> Op<T> for LogSumExp {
    fn name(&self) -> &'static str {
        "logsumexp"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok(self.0.shape(x[0]))
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        // Axis by axis: the logsumexp of logsumexps is the logsumexp of all.
        axis_by_axis(x[0], self.0.axes, lanes::logsumexp).with_shape(shape)
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || {
            let sum = Sum { over: self.0, mean: false };
            let spread = |v| p.tape().record_inline(Spread(sum), &[v, p.x(0)]);
            // The softmax of x; where all of x is −∞, e⁻∞ is 0 for each.
            let safe = p.y().eq(T::NEG_INFINITY).where_cond(T::ZERO, p.y());
            spread(g) * (p.x(0) - spread(safe)).exp()
        });
    }
    fn attributes(&self) -> String {
        self.0.text()
    }
}

/// Reduces one axis of the set after the other; the axes stay as 1.
fn axis_by_axis<T: Float>(
    x: &Tensor<T>,
    axes: AxisSet,
    reduce: impl Fn(&mut [T], &[T], lanes::Lanes),
) -> Tensor<T> {
    let mut y = x.clone();
    for axis in (0..x.rank()).filter(|&axis| axes.contains(axis)) {
        let lanes = y.shape().around(axis);
        y = Tensor::build(y.shape().with(axis, 1), |out| reduce(out, y.data(), lanes));
    }
    if x.rank() == 0 {
        // A single number is a lane of its own.
        return Tensor::build(Shape::SCALAR, |out| reduce(out, x.data(), (1, 1, 1)));
    }
    y
}

/// Running sums along an axis, from its end if `reverse`.
#[derive(Debug, Clone, Copy)]
struct CumSum {
    axis: Axis,
    reverse: bool,
}

impl Inline for CumSum {
    fn pack(&self) -> Option<Words> {
        Some([self.axis.0 as u64, self.reverse.into(), 0])
    }
    fn unpack(words: &Words) -> Self {
        CumSum { axis: Axis(words[0] as isize), reverse: words[1] == 1 }
    }
}

impl<T: Float> Op<T> for CumSum {
    fn name(&self) -> &'static str {
        "cumsum"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        self.axis.of(x[0]).map(|_| x[0].clone())
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        let lanes = self.axis.lanes(&shape);
        Tensor::build(&shape, |y| lanes::cumsum(y, x[0].data(), lanes, self.reverse))
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || p.tape().record_inline(CumSum { reverse: !self.reverse, ..*self }, &[g]));
    }
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        let shape = at.y().shape();
        let lanes = self.axis.lanes(shape);
        let g = take(g);
        dx.add(0, Tensor::build(shape, |y| lanes::cumsum(y, g.data(), lanes, !self.reverse)));
        true
    }
    fn attributes(&self) -> String {
        format!("axis {}{}", self.axis.0, if self.reverse { ", from the end" } else { "" })
    }
}

/// The three forms of a reduction.
macro_rules! forms {
    ($($(#[$doc:meta])* $all:ident, $axis:ident, $keepdim:ident: |$over:ident| $op:expr;)*) => {
        impl<'t, T: Float> Var<'t, T> {$(
            $(#[$doc])*
            ///
            #[doc = concat!("Along axes it is [`", stringify!($axis), "`](Var::", stringify!($axis), ").")]
            #[track_caller]
            #[must_use]
            pub fn $all(self) -> Self {
                let $over = self.over("", Axes::ALL, false);
                self.tape().record_inline($op, &[self])
            }

            #[doc = concat!("[`", stringify!($all), "`](Var::", stringify!($all), ") over these axes, which are dropped.")]
            ///
            /// # Panics
            /// If an axis is out of range or named twice.
            #[track_caller]
            #[must_use]
            pub fn $axis(self, axes: impl Into<Axes>) -> Self {
                let $over = self.over(stringify!($axis), axes.into(), false);
                self.tape().record_inline($op, &[self])
            }

            #[doc = concat!("[`", stringify!($all), "`](Var::", stringify!($all), ") over these axes, which stay as 1.")]
            ///
            /// # Panics
            /// If an axis is out of range or named twice.
            #[track_caller]
            #[must_use]
            pub fn $keepdim(self, axes: impl Into<Axes>) -> Self {
                let $over = self.over(stringify!($keepdim), axes.into(), true);
                self.tape().record_inline($op, &[self])
            }
        )*}
    };
}

forms! {
    /// The sum of all entries; of none it is 0.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.sum().backward()[x], [[1.0, 1.0], [1.0, 1.0]]);
    /// assert_eq!(x.sum_axis(0).value(), [4.0, 6.0]);
    /// assert_eq!(x.sum_keepdim(-1).value(), [[3.0], [7.0]]);
    /// ```
    sum, sum_axis, sum_keepdim: |over| Sum { over, mean: false };

    /// The mean of all entries; of none it is NaN.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0, 3.0, 6.0]);
    /// assert_eq!(x.mean().item(), 3.0);
    /// assert_eq!(x.mean().backward()[x], [0.25; 4]);
    /// ```
    mean, mean_axis, mean_keepdim: |over| Sum { over, mean: true };

    /// The largest entry; NaN if there is one. Ties share the gradient equally.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([1.0, 3.0, 3.0]);
    /// assert_eq!(x.max().backward()[x], [0.0, 0.5, 0.5]);
    /// ```
    #[doc(alias = "amax")]
    max, max_axis, max_keepdim: |over| Extremum { over, smallest: false };

    /// The smallest entry; NaN if there is one. Ties share the gradient equally.
    #[doc(alias = "amin")]
    min, min_axis, min_keepdim: |over| Extremum { over, smallest: true };

    /// ln Σ eˣ, stable for entries of any size. The gradient is the softmax, and 0 where every
    /// entry is −∞: nothing masked takes part, though nothing is left.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::f64();
    /// let x = tape.var([800.0, -800.0]);
    /// let y = x.logsumexp();
    /// assert_eq!(y.item(), 800.0);
    /// assert_eq!(y.backward()[x], [1.0, 0.0]);
    /// ```
    logsumexp, logsumexp_axis, logsumexp_keepdim: |over| LogSumExp(over);

    /// The Euclidean norm √(Σ x²). At 0, where there is no derivative, the gradient is 0. Entries
    /// whose squares leave the floating range give ∞ or 0, as in NumPy and PyTorch.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([3.0, -4.0]);
    /// assert_eq!(x.norm().item(), 5.0);
    /// assert_eq!(x.norm().backward()[x], [0.6, -0.8]);
    /// ```
    norm, norm_axis, norm_keepdim: |over| Norm(over);
}

impl<'t, T: Float> Var<'t, T> {
    /// The variance of all entries, Σ(x − mean)²/n (divided by n, not n − 1; `correction` in
    /// [`variance_axis`](Self::variance_axis) changes that).
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([1.0, 3.0]);
    /// assert_eq!(x.variance().item(), 1.0);
    /// assert_eq!(x.variance().backward()[x], [-1.0, 1.0]); // 2(x − mean)/n
    /// ```
    #[doc(alias = "var")]
    #[track_caller]
    #[must_use]
    pub fn variance(self) -> Self {
        self.variance_axis(.., 0)
    }

    /// Σ(x − mean)²/(n − correction) over these axes, which are dropped.
    ///
    /// # Panics
    /// If an axis is out of range or named twice.
    #[track_caller]
    #[must_use]
    pub fn variance_axis(self, axes: impl Into<Axes>, correction: usize) -> Self {
        self.variance_over(axes.into(), correction, false)
    }

    /// Σ(x − mean)²/(n − correction) over these axes, which stay as 1.
    ///
    /// # Panics
    /// If an axis is out of range or named twice.
    #[track_caller]
    #[must_use]
    pub fn variance_keepdim(self, axes: impl Into<Axes>, correction: usize) -> Self {
        self.variance_over(axes.into(), correction, true)
    }

    #[track_caller]
    fn variance_over(self, axes: Axes, correction: usize, keepdim: bool) -> Self {
        let over = self.over("variance", axes.clone(), keepdim);
        let squares = (self - self.mean_keepdim(axes)).square();
        if correction == 0 {
            return self.tape().record_inline(Sum { over, mean: true }, &[squares]);
        }
        let n = (over.axes.count(&self.shape()) as f64 - correction as f64).max(0.0);
        self.tape().record_inline(Sum { over, mean: false }, &[squares]) * T::from_f64(1.0 / n)
    }

    /// Running sums along an axis: yₖ = x₀ + .. + xₖ, added up in f64.
    ///
    /// # Panics
    /// If the axis is out of range.
    ///
    /// ```
    /// # use wengert::prelude::*;
    /// # let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0, 3.0]);
    /// assert_eq!(x.cumsum(0).value(), [1.0, 3.0, 6.0]);
    /// assert_eq!(x.cumsum(0).sum().backward()[x], [3.0, 2.0, 1.0]);
    /// ```
    #[track_caller]
    #[must_use]
    pub fn cumsum(self, axis: impl Into<Axis>) -> Self {
        self.tape().record_inline(CumSum { axis: axis.into(), reverse: false }, &[self])
    }

    /// The axes of a reduction of this value.
    #[track_caller]
    fn over(self, what: &str, axes: Axes, keepdim: bool) -> Over {
        match self.with_value(|x| axes.of(x.shape())) {
            Ok(axes) => Over { axes, keepdim },
            Err(error) => self.tape().refuse_shape(what, &error, &[self]),
        }
    }
}

/// The rule of a mean over the rows of x, recorded by itself.
fn spread_columns<'t, T: Float>(g: Var<'t, T>, x: Var<'t, T>) -> Var<'t, T> {
    let over = Over { axes: AxisSet(1), keepdim: false };
    g.tape().record_inline(Spread(Sum { over, mean: true }), &[g, x])
}

#[inline]
pub(super) fn samples() -> Vec<Sample> {
    let x = |shape: &[usize], seed| inputs(shape, -2.0, 2.0, seed);
    macro_rules! each {
        ($op:literal: $all:ident, $axis:ident, $keepdim:ident) => {
            [
                sample!($op, x.$all(), [x = x(&[], 1)]),
                sample!($op, x.$all(), [x = x(&[5], 2)]),
                sample!($op, x.$all(), [x = x(&[2, 3, 2], 3)]),
                sample!($op, x.$axis(0), [x = x(&[3, 4], 4)]),
                sample!($op, x.$axis(-1), [x = x(&[2, 3, 4], 5)]),
                sample!($op, x.$axis([0, 2]), [x = x(&[2, 3, 4], 6)]),
                sample!($op, x.$keepdim(1), [x = x(&[2, 3, 2], 7)]),
                sample!($op, x.$keepdim([0, -1]), [x = x(&[2, 1, 3], 8)]),
                sample!($op, x.$axis(1), [x = x(&[0, 3], 9)]),
            ]
        };
    }
    let mut samples = Vec::new();
    samples.extend(each!("sum": sum, sum_axis, sum_keepdim));
    samples.extend(each!("mean": mean, mean_axis, mean_keepdim));
    samples.extend(each!("max": max, max_axis, max_keepdim));
    samples.extend(each!("min": min, min_axis, min_keepdim));
    samples.extend(each!("logsumexp": logsumexp, logsumexp_axis, logsumexp_keepdim));
    samples.extend(each!("norm": norm, norm_axis, norm_keepdim));
    samples.extend([
        sample!("sum", x.sum_axis(0), [x = x(&[0, 3], 10)]),
        sample!("max", x.max_axis(1), [x = [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]])
            .with_gradients([[[0.0, 0.5, 0.5], [1.0 / 3.0; 3]].into()]),
        sample!("min", x.min(), [x = [-1.0, 0.0, -1.0]]).with_gradients([[0.5, 0.0, 0.5].into()]),
        sample!("norm", x.norm(), [x = [0.0, 0.0]]).with_gradients([[0.0, 0.0].into()]),
        sample!("logsumexp", x.logsumexp(), [x = [-800.0, 800.0]]).with_gradients([[0.0, 1.0].into()]),
        sample!("logsumexp", x.logsumexp(), [x = [f64::NEG_INFINITY; 2]]).with_gradients([[0.0, 0.0].into()]),
        sample!("mean", x.variance(), [x = x(&[3, 4], 11)]),
        sample!("mean", x.variance_keepdim([0], 0), [x = x(&[3, 4], 12)]),
        sample!("mul", x.variance_axis(-1, 1), [x = x(&[3, 4], 13)]),
        sample!("spread", spread_columns(g, x), [g = x(&[4], 18), x = x(&[3, 4], 19)]),
        sample!("spread", spread_columns(g, x), [g = x(&[3, 2], 20), x = x(&[2, 3, 2], 21)]),
        sample!("cumsum", x.cumsum(0), [x = x(&[3, 4], 14)]),
        sample!("cumsum", x.cumsum(1), [x = x(&[2, 3, 2], 15)]),
        sample!("cumsum", x.cumsum(-1), [x = x(&[4], 16)]),
        sample!("cumsum", x.cumsum(0), [x = x(&[0, 2], 17)]),
    ]);
    samples
}
