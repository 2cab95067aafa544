//! The engine's share of every derivative: adding up the uses of a value, and summing a gradient
//! that was broadcast back to its input's shape. No rule does either itself.
//!
//! These are the only three operations that the tape knows: `accumulate`, `sum_to`, `expand`.

use super::by_node::ByNode;
use super::op::{Inline, Keep, Op, Point, Words, inline_unit, pack_shape, unpack_shape};
use super::pullback::Pullback;
use super::{List, Node, Var};
use crate::float::Float;
use crate::kernel::{broadcast, map};
use crate::params::Params;
use crate::shape::{self, Shape, ShapeError};
use crate::tensor::Tensor;

/// The gradients of one operation's inputs, open for a fused rule to add to. The first
/// contribution to an input is moved in, later ones are added in place.
pub struct Slots<'a, T: Float> {
    pub(super) nodes: &'a List<T>,
    pub(super) params: Option<&'a Params<T>>,
    /// The operation whose inputs these are.
    pub(super) node: &'a Node<T>,
    pub(super) gradients: &'a mut ByNode<T>,
}

/// What to do with the buffer that [`Slots::open`] hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accum {
    /// The buffer holds nothing yet: set every entry, read none.
    Set,
    /// The buffer holds the sum so far: add to every entry.
    Add,
}

impl Accum {
    /// The β of y ← x + βy: 0 or 1.
    pub fn beta<T: Float>(self) -> T {
        match self {
            Accum::Set => T::ZERO,
            Accum::Add => T::ONE,
        }
    }
}

impl<T: Float> Slots<'_, T> {
    /// Whether input i needs a gradient. What nobody needs should not be computed.
    #[inline]
    pub fn wants(&self, i: usize) -> bool {
        self.nodes[self.input(i) as usize].needs_grad
    }

    #[inline]
    fn input(&self, i: usize) -> u32 {
        self.nodes
            .inputs(self.node)
            .get(i)
            .copied()
            .unwrap_or_else(|| no_such_input(self.nodes, self.node, i))
    }

    /// Adds a gradient of input i, of the input's shape or still broadcast.
    #[inline]
    pub fn add(&mut self, i: usize, gradient: Tensor<T>) {
        let id = self.input(i);
        if !self.wants(i) {
            return;
        }
        let slot = self.gradients.at(id as usize);
        let shape = self.nodes.value(self.params, id).shape();
        // Numbers, the common case of a scalar chain, fit each other.
        let numbers = gradient.as_scalar().is_some() && shape.rank() == 0;
        if !numbers && gradient.shape() != shape && !shape.expands_to(gradient.shape()) {
            misfit(self.nodes.name(self.node), i, gradient.shape(), shape);
        }
        add_to(slot, shape, gradient);
    }

    /// Adds a gradient of input i, where both are single numbers.
    #[inline]
    pub(crate) fn add_number(&mut self, i: usize, gradient: T) {
        let id = self.input(i) as usize;
        if self.nodes[id].needs_grad {
            let slot = self.gradients.at(id);
            let sum = slot.as_ref().and_then(Tensor::as_scalar);
            *slot = Some(Tensor::scalar(sum.map_or(gradient, |sum| sum + gradient)));
        }
    }

    /// Opens the gradient of input i, in the input's shape, for `write` to set or add to.
    pub fn open(&mut self, i: usize, write: impl FnOnce(&mut [T], Accum)) {
        let id = self.input(i);
        if !self.wants(i) {
            return;
        }
        match self.gradients.at(id as usize) {
            Some(sum) => write(sum.data_mut(), Accum::Add),
            slot => {
                let shape = self.nodes.value(self.params, id).shape();
                *slot = Some(Tensor::build(shape, |y| write(y, Accum::Set)));
            }
        }
    }
}

/// What a rule hears that returns a gradient of a shape which cannot be summed to its input's.
#[cold]
pub(super) fn misfit(name: &str, i: usize, gradient: &Shape, input: &Shape) -> ! {
    panic!("{name}: its rule gave input {i}, of shape {input}, a gradient of shape {gradient}");
}

/// What a rule hears that counts more inputs than there are.
#[cold]
fn no_such_input<T: Float>(nodes: &List<T>, node: &Node<T>, i: usize) -> ! {
    let (name, arity) = (nodes.name(node), nodes.inputs(node).len());
    panic!("{name}: its rule gave a gradient to input {i}, the operation has {arity}");
}

/// slot ← slot + gradient, summed to `shape` where it was broadcast from it.
#[inline]
pub(super) fn add_to<T: Float>(slot: &mut Option<Tensor<T>>, shape: &Shape, gradient: Tensor<T>) {
    let from = gradient.shape();
    match slot {
        None if from == shape => *slot = Some(gradient),
        None => {
            *slot = Some(Tensor::build(shape, |y| broadcast::sum_to(y, shape, gradient.data(), from, false)));
        }
        Some(sum) if from == shape => map::update(sum.data_mut(), gradient.data(), |a, b| a + b),
        Some(sum) => broadcast::sum_to(sum.data_mut(), shape, gradient.data(), from, true),
    }
}

/// a + b of one shape: the second and later uses of a value.
#[derive(Debug)]
pub(super) struct Accumulate;
inline_unit!(Accumulate);

impl<T: Float> Op<T> for Accumulate {
    fn name(&self) -> &'static str {
        "accumulate"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0].clone())
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        Tensor::build(shape, |y| map::zip(y, x[0].data(), x[1].data(), |a, b| a + b))
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || g);
        p.pull(1, || g);
    }
    fn vjp_into(&self, _: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        dx.add(0, g.clone());
        dx.add(1, std::mem::take(g));
        true
    }
}

/// The sum over the axes along which a smaller shape was broadcast: the transpose of `expand`.
#[derive(Debug)]
pub(crate) struct SumTo(pub(crate) Shape);

impl<T: Float> Op<T> for SumTo {
    fn name(&self) -> &'static str {
        "sum_to"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        if self.0.expands_to(x[0]) {
            return Ok(self.0.clone());
        }
        Err(ShapeError::new(format!("{} was not broadcast from {}", x[0], self.0)))
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        Tensor::build(&shape, |y| broadcast::sum_to(y, &shape, x[0].data(), x[0].shape(), false))
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || g.expand_like(p.x(0)));
    }
    fn attributes(&self) -> String {
        format!("to {}", self.0)
    }
}

/// The broadcast to a larger shape, as NumPy does it: the transpose of `sum_to`.
#[derive(Debug)]
pub(crate) struct Expand(pub(crate) Shape);

impl<T: Float> Op<T> for Expand {
    fn name(&self) -> &'static str {
        "expand"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        shape::Dims::from(&self.0).expand(x[0])
    }
    fn forward(&self, x: &[&Tensor<T>], shape: Shape, _: &mut Keep<T>) -> Tensor<T> {
        Tensor::build(&shape, |y| broadcast::expand(y, &shape, x[0].data(), x[0].shape()))
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        p.pull(0, || g); // the engine sums it
    }
    fn vjp_into(&self, _: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        dx.add(0, std::mem::take(g));
        true
    }
    fn attributes(&self) -> String {
        format!("to {}", self.0)
    }
}

macro_rules! inline_shape {
    ($($op:ident),*) => {$(
        impl Inline for $op {
            fn pack(&self) -> Option<Words> {
                pack_shape(&self.0)
            }
            fn unpack(words: &Words) -> Self {
                $op(unpack_shape(words))
            }
        }
    )*};
}
inline_shape!(SumTo, Expand);
