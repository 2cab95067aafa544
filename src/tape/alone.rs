//! One node alone: its forward computation again, its rule again, or a rule that is wrong on
//! purpose. Whoever checks the derivatives node by node needs these.

use super::accumulate::{Slots, add_to};
use super::by_node::ByNode;
use super::list::Out;
use super::op::{Keep, Op, Point, Rule, Words};
use super::pullback::Pulled;
use super::{Pullback, Tape, Var};
use crate::float::Float;
use crate::shape::Shape;
use crate::tensor::Tensor;
use smallvec::SmallVec;
use std::rc::Rc;

/// What a planted mutant does to the gradients that its rule returns, each of its input's shape.
pub(crate) type Change<T> = Rc<dyn Fn(&mut Pulled<Tensor<T>>)>;

impl<T: Float> Tape<'_, T> {
    /// The node's forward computation once more, at these values of its inputs; nothing if the
    /// shapes do not fit any more, or if the node keeps no operation.
    pub(crate) fn recompute(&self, id: usize, inputs: &[&Tensor<T>]) -> Option<Tensor<T>> {
        let nodes = self.nodes.borrow();
        let node = &nodes[id];
        let mut value = None;
        nodes.rule(node)?.with(nodes.words(node), &mut |op| {
            let shapes: SmallVec<[&Shape; 4]> = inputs.iter().map(|x| x.shape()).collect();
            value = op.shape(&shapes).ok().map(|shape| op.forward(inputs, shape, &mut Keep::new()));
        });
        value
    }

    /// What one node's rule gives for the cotangent g, by the inputs' ids: uses added up, and
    /// summed to the input's shape. The fused rule, or nothing if there is none.
    pub(crate) fn pull_fused(&self, id: usize, mut g: Tensor<T>) -> Option<Vec<(usize, Tensor<T>)>> {
        let nodes = self.nodes.borrow();
        let node = &nodes[id];
        let mut gradients = ByNode::of(id);
        let point = Point { nodes: &nodes, params: self.params, node, id: id as u32 };
        let mut slots = Slots { nodes: &nodes, params: self.params, node, gradients: &mut gradients };
        let fused = nodes.rule(node)?.vjp_into(nodes.words(node), &point, &mut g, &mut slots);
        let by_id = |(i, gradient)| (nodes.inputs(node)[i] as usize, gradient);
        fused.then(|| slots.take().into_iter().map(by_id).collect())
    }

    /// [`pull_fused`](Self::pull_fused) by the recorded rule.
    pub(crate) fn pull_recorded(&self, id: usize, g: Tensor<T>) -> Vec<(usize, Tensor<T>)> {
        let inputs = self.inputs(id);
        let mut sums: Vec<(usize, Option<Tensor<T>>)> = Vec::new();
        for (i, gradient) in self.replay(id as u32, g) {
            let input = inputs[i] as usize;
            let at = sums.iter().position(|(id, _)| *id == input).unwrap_or_else(|| {
                sums.push((input, None));
                sums.len() - 1
            });
            add_to(&mut sums[at].1, &self.handle(inputs[i]).shape(), gradient);
        }
        sums.into_iter().filter_map(|(id, sum)| Some((id, sum?))).collect()
    }

    /// From here on `change` is applied to whatever this node's rule returns, the fused one's
    /// gradients and the recorded one's. The latter lose their derivative.
    pub(crate) fn plant(&self, id: usize, change: Change<T>) {
        self.nodes.borrow_mut().replace_rule(id, |rule| Box::new(Planted { rule, change }));
    }

    /// Gives a node another value behind everybody's back. Of a parameter's leaf it does nothing:
    /// the store holds the value.
    pub(crate) fn overwrite(&self, id: usize, value: Tensor<T>) {
        self.nodes.borrow_mut().overwrite(id, value);
    }
}

impl<T: Float> Slots<'_, T> {
    /// What has been added so far, out of its slots. An input that is used twice appears once.
    fn take(&mut self) -> Pulled<Tensor<T>> {
        let inputs = self.nodes.inputs(self.node).iter().enumerate();
        inputs.filter_map(|(i, &id)| Some((i, self.gradients.at(id as usize).take()?))).collect()
    }
}

struct Planted<T: Float> {
    rule: Out<T>,
    change: Change<T>,
}

impl<T: Float> Rule<T> for Planted<T> {
    fn vjp<'t>(&self, words: &Words, p: &Pullback<'t, T>, g: Var<'t, T>) {
        self.rule.rule().vjp(words, p, g);
        let mut pulled: Pulled<Tensor<T>> =
            p.pulled.take().into_iter().map(|(i, v)| (i, v.value())).collect();
        (self.change)(&mut pulled);
        *p.pulled.borrow_mut() = pulled.into_iter().map(|(i, value)| (i, p.tape.constant(value))).collect();
    }

    fn vjp_into(&self, words: &Words, at: &Point<'_, T>, g: &mut Tensor<T>, dx: &mut Slots<'_, T>) -> bool {
        let mut gradients = ByNode::of(dx.gradients.nodes());
        let mut slots =
            Slots { nodes: dx.nodes, params: dx.params, node: dx.node, gradients: &mut gradients };
        if !self.rule.rule().vjp_into(words, at, g, &mut slots) {
            return false;
        }
        let mut pulled = slots.take();
        (self.change)(&mut pulled);
        pulled.into_iter().for_each(|(i, gradient)| dx.add(i, gradient));
        true
    }

    fn with(&self, words: &Words, f: &mut dyn FnMut(&dyn Op<T>)) {
        self.rule.rule().with(words, f);
    }
}
