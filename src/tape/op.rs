//! `Op`: what an operation is to the tape. A shape rule, a forward computation, and one rule for
//! its derivative said in `Var`s; optionally the same rule fused into gradient buffers.

use super::accumulate::Slots;
use super::pullback::Pullback;
use super::{List, Node, Var};
use crate::float::Float;
use crate::params::Params;
use crate::shape::{Shape, ShapeError};
use crate::tensor::Tensor;
use std::fmt::Debug;
use std::marker::PhantomData;

/// An operation: y = f(x₀, x₁, ..).
///
/// Built-in operations and a user's own implement the same trait, and are printed, drawn and
/// checked alike. Record one with [`Tape::record`](super::Tape::record).
///
/// ```
/// use wengert::prelude::*;
/// use wengert::tape::{Keep, Op, Pullback};
///
/// /// y = x³
/// #[derive(Debug)]
/// struct Cube;
///
/// impl<T: Float> Op<T> for Cube {
///     fn name(&self) -> &'static str {
///         "cube"
///     }
///     fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
///         Ok(x[0].clone())
///     }
///     fn forward(&self, x: &[&Tensor<T>], _: Shape, _: &mut Keep<T>) -> Tensor<T> {
///         x[0].map(|x| x * x * x)
///     }
///     fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
///         p.pull(0, || g * p.x(0).square() * T::from_f64(3.0)); // x̄ = ȳ·3x²
///     }
/// }
///
/// let tape = Tape::f64();
/// let x = tape.var([2.0, 3.0]);
/// let y = tape.record(Cube, &[x]);
/// let slope = y.sum().grad(x);
/// assert_eq!(slope.value(), [12.0, 27.0]);
/// assert_eq!(slope.sum().grad(x).value(), [12.0, 18.0]);
/// ```
///
/// An operation without a rule does not compile. One that is not to have a derivative
/// [says so](Self::differentiable).
///
/// ```compile_fail,E0046
/// use wengert::prelude::*;
/// use wengert::tape::{Keep, Op};
///
/// #[derive(Debug)]
/// struct Same;
///
/// impl<T: Float> Op<T> for Same {
///     fn name(&self) -> &'static str {
///         "same"
///     }
///     fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
///         Ok(x[0].clone())
///     }
///     fn forward(&self, x: &[&Tensor<T>], _: Shape, _: &mut Keep<T>) -> Tensor<T> {
///         x[0].clone()
///     }
/// }
/// ```
pub trait Op<T: Float>: Debug + 'static {
    /// What it is called in tables, pictures and messages.
    fn name(&self) -> &'static str;

    /// The result's shape, or why there is none. The number of inputs is the caller's affair:
    /// a method that records the operation passes as many as it takes.
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError>;

    /// y = f(x₀, x₁, ..), of the shape that [`shape`](Self::shape) gave. What is put into `keep`
    /// (a normaliser, a row's maximum) is seen by the fused rule alone.
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, keep: &mut Keep<T>) -> Tensor<T>;

    /// The rule: x̄ᵢ = ȳ·∂y/∂xᵢ, one [`pull`](Pullback::pull) for each input, said in `Var`s so
    /// that it can be differentiated again. `g` is ȳ, the cotangent of the result.
    ///
    /// A gradient that is still broadcast to the result's shape need not be summed to the
    /// input's: the engine does that, and it adds up the uses.
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>);

    /// The same rule fused into gradient buffers; it may take g's buffer. `false` means that
    /// nothing was touched and [`vjp`](Self::vjp) is to be used.
    fn vjp_into(&self, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        let _ = (at, g, dx);
        false
    }

    /// Whether there is a derivative to speak of. An operation of whole steps (`argmax`, `sign`)
    /// says no; its result is then a constant to whatever comes after.
    fn differentiable(&self) -> bool {
        true
    }

    /// The operation's attributes for tables and pictures, such as `axis 1`; nothing if it has none.
    fn attributes(&self) -> String {
        String::new()
    }
}

/// What a forward computation puts by for its fused rule: one tensor, a single 0 if nothing.
#[derive(Debug)]
pub struct Keep<T: Float>(pub(super) Tensor<T>);

impl<T: Float> Keep<T> {
    /// An empty one, for calling [`Op::forward`] by hand.
    pub fn new() -> Self {
        Keep(Tensor::scalar(T::ZERO))
    }

    /// Puts a tensor by.
    pub fn put(&mut self, tensor: Tensor<T>) {
        self.0 = tensor;
    }
}

impl<T: Float> Default for Keep<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Where a fused rule stands: the values of the inputs and of the result.
#[derive(Clone, Copy)]
pub struct Point<'a, T: Float> {
    pub(super) nodes: &'a List<T>,
    pub(super) params: Option<&'a Params<T>>,
    pub(super) node: &'a Node<T>,
    pub(super) id: u32,
}

impl<'a, T: Float> Point<'a, T> {
    /// Input i.
    #[inline]
    pub fn x(&self, i: usize) -> &'a Tensor<T> {
        self.nodes.value(self.params, self.nodes.inputs(self.node)[i])
    }

    /// The result.
    #[inline]
    pub fn y(&self) -> &'a Tensor<T> {
        self.nodes.result(self.id)
    }

    /// The number of inputs.
    pub fn arity(&self) -> usize {
        self.nodes.inputs(self.node).len()
    }

    /// What the forward computation put by, a single 0 if nothing.
    pub fn kept(&self) -> &'a Tensor<T> {
        self.nodes.kept(self.node)
    }
}

/// A built-in operation's attributes, kept in the tape's own lists: recording one allocates nothing.
pub(crate) type Words = [u64; 3];

/// A built-in operation, small enough to be stored as words.
pub(crate) trait Inline: Sized + 'static {
    /// The attributes, or nothing if they do not fit (a shape of rank 6): then the operation is
    /// boxed as a user's own would be.
    fn pack(&self) -> Option<Words>;
    /// The operation of these attributes.
    fn unpack(words: &Words) -> Self;

    /// The result where every operand is a single number, if the operation has a short way to it:
    /// there is then no shape to work out.
    #[inline(always)]
    fn on_numbers<T: Float>(&self, x: &[&Tensor<T>]) -> Option<Tensor<T>> {
        let _ = x;
        None
    }
}

/// A shape as words: up to five extents below 2^32.
pub(crate) fn pack_shape(shape: &Shape) -> Option<Words> {
    let mut halves = [0u32; 6];
    halves[0] = shape.rank() as u32;
    for (i, &extent) in shape.iter().enumerate() {
        *halves.get_mut(i + 1)? = u32::try_from(extent).ok()?;
    }
    Some(std::array::from_fn(|i| u64::from(halves[2 * i]) | u64::from(halves[2 * i + 1]) << 32))
}

/// The reverse of [`pack_shape`].
pub(crate) fn unpack_shape(words: &Words) -> Shape {
    let half = |i: usize| (words[i / 2] >> (32 * (i % 2))) as u32 as usize;
    (1..=half(0)).map(half).collect()
}

/// An operation without attributes packs into nothing.
macro_rules! inline_unit {
    ($($op:ident),* $(,)?) => {$(
        impl $crate::tape::Inline for $op {
            #[inline(always)]
            fn pack(&self) -> Option<$crate::tape::Words> {
                Some([0; 3])
            }
            #[inline(always)]
            fn unpack(_: &$crate::tape::Words) -> Self {
                $op
            }
        }
    )*};
}
pub(crate) use inline_unit;

/// What a node holds: an operation whose type is forgotten. That of a built-in operation is static; of a user's own,
/// boxed, which allocates if it has fields.
pub(super) trait Rule<T: Float> {
    fn vjp<'t>(&self, words: &Words, p: &Pullback<'t, T>, g: Var<'t, T>);
    fn vjp_into(&self, words: &Words, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool;
    /// Shows the operation itself, for everything that is not in a hurry.
    fn with(&self, words: &Words, f: &mut dyn FnMut(&dyn Op<T>));
}

pub(super) struct Unpack<O>(PhantomData<O>);

impl<O> Unpack<O> {
    /// For a node to hold.
    #[inline(always)]
    pub(super) fn rule<T: Float>() -> &'static dyn Rule<T>
    where
        O: Op<T> + Inline,
    {
        &Unpack::<O>(PhantomData)
    }
}

impl<T: Float, O: Op<T> + Inline> Rule<T> for Unpack<O> {
    fn vjp<'t>(&self, words: &Words, p: &Pullback<'t, T>, g: Var<'t, T>) {
        O::unpack(words).vjp(p, g);
    }
    fn vjp_into(&self, words: &Words, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        O::unpack(words).vjp_into(at, g, dx)
    }
    fn with(&self, words: &Words, f: &mut dyn FnMut(&dyn Op<T>)) {
        f(&O::unpack(words));
    }
}

pub(super) struct Own<O>(pub(super) O);

impl<T: Float, O: Op<T>> Rule<T> for Own<O> {
    fn vjp<'t>(&self, _: &Words, p: &Pullback<'t, T>, g: Var<'t, T>) {
        self.0.vjp(p, g);
    }
    fn vjp_into(&self, _: &Words, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        self.0.vjp_into(at, g, dx)
    }
    fn with(&self, _: &Words, f: &mut dyn FnMut(&dyn Op<T>)) {
        f(&self.0);
    }
}
