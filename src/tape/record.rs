//! The one funnel through which every node gets onto a tape. It knows the operation, the shapes
//! and the user's line.

use super::accumulate::{Accumulate, Expand, SumTo};
use super::list::{Extra, NO_WORDS};
use super::op::{Inline, Keep, Op, Own, Rule, Unpack};
use super::{Kind, List, Tape, Var};
use crate::float::Float;
use crate::shape::Shape;
use crate::tensor::Tensor;
use smallvec::SmallVec;
use std::array::from_fn;
use std::panic::Location;

impl<T: Float> Tape<'_, T> {
    /// Records an operation of your own. See [`Op`] for an example.
    ///
    /// # Panics
    /// If the shapes do not fit, naming the operation, the shapes, your line, and where each
    /// operand was made; if an operand is of another tape or of a scope that has ended; if the
    /// operation's result is not of the shape that its own rule gave.
    #[track_caller]
    pub fn record<'t>(&'t self, op: impl Op<T>, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        let line = Location::caller();
        // Not `for_each`: a closure would blame this line, not the user's.
        for &v in inputs {
            self.check(v);
        }
        let done = {
            let nodes = self.nodes.borrow();
            let x: SmallVec<[&Tensor<T>; 4]> =
                inputs.iter().map(|v| nodes.value(self.params, v.node())).collect();
            let shapes: SmallVec<[&Shape; 4]> = x.iter().map(|x| x.shape()).collect();
            let done = self.compute(&nodes, &op, inputs, &x, &shapes);
            let expected = op.shape(&shapes);
            assert!(
                expected.as_ref() == Ok(done.value.shape()),
                "{}: forward gave shape {}, its shape rule says {expected:?}",
                op.name(),
                done.value.shape()
            );
            done
        };
        let kept = done.keep.0;
        let ids = inputs.iter().map(|v| v.node());
        let many = if ids.len() > 3 { ids.clone().collect() } else { Vec::new() };
        let (own, name) = self.own(op);
        self.append(done.value, line, |nodes| {
            nodes.set_operation(None, ids, done.needs_grad);
            nodes.set_extra(Extra { words: NO_WORDS, inputs: many, kept, own, name });
        })
    }

    /// Records a built-in operation, whose attributes are kept as words.
    #[track_caller]
    #[inline]
    pub(crate) fn record_inline<'t, O: Op<T> + Inline, const N: usize>(
        &'t self,
        op: O,
        inputs: &[Var<'t, T>; N],
    ) -> Var<'t, T> {
        let line = Location::caller();
        for &v in inputs {
            self.check(v);
        }
        let done = {
            let nodes = self.nodes.borrow();
            // Not `inputs.map`, which copies the handles first: 16 bytes at once, which were just written in pieces.
            let x: [&Tensor<T>; N] = from_fn(|i| nodes.value(self.params, inputs[i].node()));
            match op.on_numbers(&x) {
                Some(value) => Done { value, keep: Keep::new(), needs_grad: self.needs_grad(&nodes, inputs) },
                None => {
                    let shapes: [&Shape; N] = x.map(Tensor::shape);
                    self.compute(&nodes, &op, inputs, &x, &shapes)
                }
            }
        };
        const { assert!(N <= 3) }
        let kept = done.keep.0;
        self.append(done.value, line, |nodes| {
            let words = op.pack();
            let rule = words.map(|_| Unpack::<O>::rule());
            nodes.set_operation(rule, inputs.iter().map(|v| v.node()), done.needs_grad);
            // A single 0 is what a node has kept that has no extra.
            if words != Some(NO_WORDS) || kept.as_scalar().is_none_or(|x| x != T::ZERO) {
                let (own, name) = match words {
                    None => self.own(op),
                    Some(_) => (None, ""),
                };
                nodes.set_extra(Extra {
                    words: words.unwrap_or(NO_WORDS),
                    inputs: Vec::new(),
                    kept,
                    own,
                    name,
                });
            }
        })
    }

    /// An operation for a node to hold, unless the tape keeps none, and its name.
    fn own(&self, op: impl Op<T>) -> (Option<Box<dyn Rule<T>>>, &'static str) {
        let name = op.name();
        (self.keeps_rules.get().then(|| Box::new(Own(op)) as _), name)
    }

    #[inline(always)]
    fn needs_grad(&self, nodes: &List<T>, inputs: &[Var<'_, T>]) -> bool {
        self.keeps_rules.get() && inputs.iter().any(|v| nodes[v.id()].needs_grad)
    }

    /// Checks the shapes and runs the forward computation.
    #[track_caller]
    #[inline(always)]
    fn compute<O: Op<T>>(
        &self,
        nodes: &List<T>,
        op: &O,
        inputs: &[Var<'_, T>],
        x: &[&Tensor<T>],
        shapes: &[&Shape],
    ) -> Done<T> {
        let shape = match op.shape(shapes) {
            Ok(shape) => shape,
            Err(error) => self.shape_panic(nodes, op.name(), &error, inputs),
        };
        let mut keep = Keep::new();
        let value = op.forward(x, shape, &mut keep);
        let needs_grad = op.differentiable() && self.needs_grad(nodes, inputs);
        if !needs_grad {
            keep = Keep::new();
        }
        Done { value, keep, needs_grad }
    }

    #[track_caller]
    #[inline]
    pub(super) fn leaf<'t>(&'t self, kind: Kind, value: Tensor<T>, needs_grad: bool) -> Var<'t, T> {
        let needs_grad = needs_grad && self.keeps_rules.get();
        self.append(value, Location::caller(), |nodes| nodes.set_leaf(kind, needs_grad))
    }

    /// Appends a node, and has `set` set what it is.
    #[inline(always)]
    fn append<'t>(
        &'t self,
        value: Tensor<T>,
        line: &'static Location<'static>,
        set: impl FnOnce(&mut List<T>),
    ) -> Var<'t, T> {
        let mut nodes = self.nodes.borrow_mut();
        let id = nodes.len();
        nodes.push(value, self.line.get().unwrap_or(line), self.layers.current());
        set(&mut nodes);
        drop(nodes);
        if self.watched.get() {
            self.inspect_last();
        }
        self.handle(u32::try_from(id).expect("a tape has fewer than 2^32 nodes"))
    }

    /// A handle to a node that is there.
    #[inline]
    pub(crate) fn handle<'t>(&'t self, id: u32) -> Var<'t, T> {
        Var::new(self, id, self.ages.current())
    }

    /// Refuses a handle of another tape or of a scope that has ended.
    #[track_caller]
    #[inline]
    pub(super) fn check(&self, v: Var<'_, T>) {
        if v.tape.number != self.number || !self.ages.lives(v.age()) {
            self.refuse(v);
        }
    }
}

impl<'t, T: Float> Var<'t, T> {
    /// a + b of one shape, as the engine adds up uses.
    #[track_caller]
    pub(super) fn accumulate(self, other: Self) -> Self {
        self.tape.record_inline(Accumulate, &[self, other])
    }

    /// Summed to `shape`, from which it was broadcast; itself, if it has that shape.
    #[track_caller]
    pub(super) fn sum_to(self, shape: &Shape) -> Self {
        if self.with_value(|value| value.shape() == shape) {
            return self;
        }
        self.tape.record_inline(SumTo(shape.clone()), &[self])
    }

    /// Broadcast to the shape of `other`; itself, if it has that shape.
    #[track_caller]
    pub(crate) fn expand_like(self, other: Var<'t, T>) -> Self {
        let shape = other.shape();
        if self.with_value(|value| *value.shape() == shape) {
            return self;
        }
        self.tape.record_inline(Expand(shape), &[self])
    }
}

/// What the forward computation gave.
struct Done<T: Float> {
    value: Tensor<T>,
    keep: Keep<T>,
    needs_grad: bool,
}
