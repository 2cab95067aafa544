//! The one funnel through which every node gets onto a tape. It knows the operation, the shapes
//! and the user's line.

use super::accumulate::{Accumulate, Expand, SumTo};
use super::inputs::Inputs;
use super::op::{Inline, Keep, Op, Own, Rule, Unpack, Words};
use super::{Kind, Node, Tape, Var, value_of};
use crate::float::Float;
use crate::shape::Shape;
use crate::tensor::Tensor;
use smallvec::SmallVec;
use std::marker::PhantomData;
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
                inputs.iter().map(|v| value_of(&nodes, self.params, v.node())).collect();
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
        let inputs = Inputs::new(inputs.iter().map(|v| v.node()));
        self.push(op.name(), inputs, done, line, || (Box::new(Own(op)), [0; 3]))
    }

    /// Records a built-in operation, whose attributes go into the node itself.
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
            let x: [&Tensor<T>; N] = std::array::from_fn(|i| value_of(&nodes, self.params, inputs[i].node()));
            match op.on_numbers(&x) {
                Some(value) => Done { value, keep: Keep::new(), needs_grad: self.needs_grad(&nodes, inputs) },
                None => {
                    let shapes: [&Shape; N] = std::array::from_fn(|i| x[i].shape());
                    self.compute(&nodes, &op, inputs, &x, &shapes)
                }
            }
        };
        let inputs = Inputs::new(inputs.iter().map(|v| v.node()));
        self.push(op.name(), inputs, done, line, || match op.pack() {
            Some(words) => (Box::new(Unpack::<O>(PhantomData)), words),
            None => (Box::new(Own(op)), [0; 3]),
        })
    }

    #[inline(always)]
    fn needs_grad(&self, nodes: &[Node<T>], inputs: &[Var<'_, T>]) -> bool {
        self.keeps_rules.get() && inputs.iter().any(|v| nodes[v.id()].needs_grad)
    }

    /// Checks the shapes and runs the forward computation.
    #[track_caller]
    #[inline(always)]
    fn compute<O: Op<T>>(
        &self,
        nodes: &[Node<T>],
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

    #[inline(always)]
    fn push<'t>(
        &'t self,
        name: &'static str,
        inputs: Inputs,
        done: Done<T>,
        line: &'static Location<'static>,
        rule: impl FnOnce() -> (Box<dyn Rule<T>>, Words),
    ) -> Var<'t, T> {
        let (rule, words) = if self.keeps_rules.get() {
            let (rule, words) = rule();
            (Some(rule), words)
        } else {
            (None, [0; 3])
        };
        self.append(Kind::Operation(name), line, |node| {
            node.value = done.value;
            node.keep = done.keep;
            node.rule = rule;
            node.words = words;
            node.inputs = inputs;
            node.needs_grad = done.needs_grad;
        })
    }

    #[track_caller]
    #[inline]
    pub(super) fn leaf<'t>(&'t self, kind: Kind, value: Tensor<T>, needs_grad: bool) -> Var<'t, T> {
        self.append(kind, Location::caller(), |node| {
            node.value = value;
            node.needs_grad = needs_grad && self.keeps_rules.get();
        })
    }

    /// Appends a node and has `fill` fill it in where it lies. Made elsewhere and moved here, a node
    /// would be written in pieces and read in larger ones, which waits for the writes (measured:
    /// 10 ns a node).
    #[inline(always)]
    fn append<'t>(
        &'t self,
        kind: Kind,
        line: &'static Location<'static>,
        fill: impl FnOnce(&mut Node<T>),
    ) -> Var<'t, T> {
        const { assert!(size_of::<Node<f64>>() <= 128) }
        let mut nodes = self.nodes.borrow_mut();
        let id = nodes.len();
        let node = nodes.push_mut(Node {
            value: Tensor::scalar(T::ZERO),
            keep: Keep::new(),
            rule: None,
            words: [0; 3],
            inputs: Inputs::NONE,
            kind: Kind::Constant,
            needs_grad: false,
            keeps_grad: false,
            layer: 0,
            line,
        });
        node.kind = kind;
        node.layer = self.layers.current();
        if let Some(line) = self.line.get() {
            node.line = line;
        }
        fill(node);
        drop(nodes);
        if self.watched.get() {
            self.inspect_last();
        }
        // OK because 2^32 nodes of more than 100 bytes do not fit into memory.
        self.handle(u32::try_from(id).expect("fewer than 2^32 nodes"))
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
