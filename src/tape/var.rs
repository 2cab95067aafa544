//! `Var`: a `Copy` handle to a node. It derefs to nothing and owns nothing; operators and
//! methods on it record operations.

use super::{Gradients, Kind, Tape};
use crate::float::Float;
use crate::shape::Shape;
use crate::tensor::Tensor;
use std::fmt;

/// A value on a tape: 16 bytes, `Copy`, compared by nobody. Maths with it reads like maths.
///
/// Where an operand may be a number or a [`Tensor`] as well, the method takes an [`IntoVar`].
///
/// The values needed for a gradient are there as long as the tape is, so that one may go backward as
/// often as one likes; after that the handle is gone too:
///
/// ```compile_fail,E0505
/// # use wengert::prelude::*;
/// let tape = Tape::new();
/// let x = tape.var(2.0);
/// let y = x * x;
/// drop(tape);
/// y.backward(); // error: `tape` is borrowed by y
/// ```
#[derive(Clone, Copy)]
pub struct Var<'t, T: Float = f32> {
    pub(super) tape: &'t Tape<'t, T>,
    /// The node's id, and above it the age of the scope it was made in. As one word, so that a
    /// Var travels in two registers: with two fields in its place it goes through memory, and
    /// reading 16 bytes that were just written in pieces waits (measured: 3 ns a scalar operation).
    place: u64,
}

impl<'t, T: Float> Var<'t, T> {
    #[inline(always)]
    pub(super) fn new(tape: &'t Tape<'t, T>, node: u32, age: u32) -> Self {
        Var { tape, place: u64::from(age) << 32 | u64::from(node) }
    }

    /// [`id`](Self::id) as nodes write it.
    #[inline(always)]
    pub(super) fn node(self) -> u32 {
        self.place as u32
    }

    /// The age of the scope it was made in; a Var of a scope that has ended is refused.
    #[inline(always)]
    pub(super) fn age(self) -> u32 {
        (self.place >> 32) as u32
    }

    /// The tape it is on.
    pub fn tape(self) -> &'t Tape<'t, T> {
        self.tape
    }

    /// Its place on the tape, counted from 0.
    pub fn id(self) -> usize {
        self.node() as usize
    }

    /// The value. Shares the buffer.
    #[track_caller]
    pub fn value(self) -> Tensor<T> {
        self.with_value(Tensor::clone)
    }

    /// The number, of a value with one entry.
    ///
    /// # Panics
    /// If there is not exactly one entry.
    #[track_caller]
    pub fn item(self) -> T {
        self.value().item()
    }

    /// The extents.
    #[track_caller]
    pub fn shape(self) -> Shape {
        self.with_value(|value| value.shape().clone())
    }

    /// The number of axes.
    #[track_caller]
    pub fn rank(self) -> usize {
        self.with_value(Tensor::rank)
    }

    /// The number of entries.
    #[track_caller]
    pub fn numel(self) -> usize {
        self.with_value(Tensor::numel)
    }

    /// Whether a gradient can reach it: it is a variable, or made from one.
    #[doc(alias = "requires_grad")]
    #[track_caller]
    pub fn needs_grad(self) -> bool {
        self.tape.check(self);
        self.tape.nodes.borrow()[self.id()].needs_grad
    }

    /// Looks at the value where it lies.
    #[track_caller]
    pub(crate) fn with_value<R>(self, f: impl FnOnce(&Tensor<T>) -> R) -> R {
        self.tape.check(self);
        f(self.tape.nodes.borrow().value(self.tape.params, self.node()))
    }

    /// The gradients of this number with respect to every variable and parameter that it
    /// depends on.
    ///
    /// # Panics
    /// If it has more than one entry (see [`backward_with`](Self::backward_with)), if it depends
    /// on no variable, or on an inference tape.
    #[must_use = "gradients are returned, not stored"]
    #[track_caller]
    pub fn backward(self) -> Gradients<T> {
        self.tape.backward(self, None)
    }

    /// The gradients of Σ seed·self: the transposed Jacobian times `seed`, which has this
    /// value's shape.
    ///
    /// A seed of another element type does not compile:
    ///
    /// ```compile_fail,E0277
    /// # use wengert::prelude::*;
    /// let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0]);
    /// x.backward_with(Tensor::<f64>::ones([2])); // error: x is of f32
    /// ```
    ///
    /// # Panics
    /// If the shapes differ, if it depends on no variable, or on an inference tape.
    #[must_use = "gradients are returned, not stored"]
    #[track_caller]
    #[doc(alias = "vjp")]
    pub fn backward_with(self, seed: impl Into<Tensor<T>>) -> Gradients<T> {
        self.tape.backward(self, Some(seed.into()))
    }

    /// d self/dx, recorded, so that it can be differentiated again. Where `self` does not depend
    /// on `x` it is a zero constant.
    ///
    /// # Panics
    /// If `self` has more than one entry, if `x` is a constant, or on an inference tape.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let tape = Tape::f64();
    /// let x = tape.var(2.0);
    /// let f = x.powi(3);
    /// let df = f.grad(x);
    /// let d2f = df.grad(x);
    /// assert_eq!((df.item(), d2f.item()), (12.0, 12.0));
    /// ```
    #[track_caller]
    #[must_use]
    pub fn grad(self, x: Var<'t, T>) -> Var<'t, T> {
        self.tape.grad(self, &[x])[0]
    }

    /// Asks [`backward`](Self::backward) to return this value's gradient, which otherwise only
    /// leaves' are.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let tape = Tape::new();
    /// let x = tape.var(3.0);
    /// let square = (x * x).keep_grad();
    /// let grads = (square * 2.0).backward();
    /// assert_eq!(grads[square], 2.0);
    /// ```
    #[doc(alias = "retain_grad")]
    #[track_caller]
    pub fn keep_grad(self) -> Self {
        self.tape.check(self);
        self.tape.nodes.borrow_mut()[self.id()].keeps_grad = true;
        self
    }
}

/// `v12 relu [32, 10] ← v11`
impl<T: Float> fmt::Debug for Var<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.tape.ages.lives(self.age()) {
            return write!(f, "v{} of a scope that has ended", self.node());
        }
        let nodes = self.tape.nodes.borrow();
        let node = &nodes[self.id()];
        let shape = nodes.value(self.tape.params, self.node()).shape();
        write!(f, "v{} {} {shape}", self.node(), self.tape.title(&nodes, self.node()))?;
        if node.kind == Kind::Operation {
            f.write_str(" ←")?;
            nodes.inputs(node).iter().try_for_each(|i| write!(f, " v{i}"))?;
        }
        Ok(())
    }
}

/// The value.
impl<T: Float> fmt::Display for Var<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value(), f)
    }
}

/// What can stand beside a [`Var`]: a `Var`, a [`Tensor`] or a number of its element type. The latter two become
/// constants on the same tape.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand beside a `Var` of `{T}`",
    label = "neither a `Var`, nor a `Tensor`, nor a number of type `{T}`",
    note = "numbers are of the element type: `2.0` and not `2`, `x as f32` for an `f64` beside `f32`, `T::from_f64(x)` in code generic over `T: Float`"
)]
pub trait IntoVar<'t, T: Float> {
    /// As a value on `tape`.
    #[track_caller]
    fn into_var(self, tape: &'t Tape<'t, T>) -> Var<'t, T>;
}

impl<'t, T: Float> IntoVar<'t, T> for Var<'t, T> {
    fn into_var(self, _: &'t Tape<'t, T>) -> Var<'t, T> {
        self
    }
}

impl<'t, T: Float> IntoVar<'t, T> for T {
    #[track_caller]
    fn into_var(self, tape: &'t Tape<'t, T>) -> Var<'t, T> {
        tape.constant(self)
    }
}

impl<'t, T: Float> IntoVar<'t, T> for Tensor<T> {
    #[track_caller]
    fn into_var(self, tape: &'t Tape<'t, T>) -> Var<'t, T> {
        tape.constant(self)
    }
}

impl<'t, T: Float> IntoVar<'t, T> for &Tensor<T> {
    #[track_caller]
    fn into_var(self, tape: &'t Tape<'t, T>) -> Var<'t, T> {
        tape.constant(self)
    }
}
