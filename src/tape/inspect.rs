//! Reading a tape: what the views, the summary and the checker see of it.

use super::{Kind, Op, Tape};
use crate::float::Float;
use crate::params::ParamId;
use crate::tensor::Tensor;
use std::panic::Location;
use std::sync::Arc;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeKind {
    /// A leaf that gets a gradient.
    Variable,
    /// A leaf that gets none.
    Constant,
    /// The leaf of a parameter.
    Parameter(ParamId),
    /// The result of an operation.
    Operation,
}

/// One entry of a tape, as it stands.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NodeInfo<T: Float> {
    /// Its place, counted from 0.
    pub id: usize,
    /// What it is.
    pub kind: NodeKind,
    /// The operation's name; of a leaf `var`, `constant` or the parameter's name.
    pub name: String,
    /// The name it was given by [`Var::named`](super::Var::named), or the parameter's.
    pub label: Option<Arc<str>>,
    /// The operation's attributes, such as `axis 1`; empty if it has none, and of an operation of the user's own on an inference tape.
    pub attributes: String,
    /// The places of its inputs.
    pub inputs: Vec<usize>,
    /// The value.
    pub value: Tensor<T>,
    /// Whether a gradient can reach it.
    pub needs_grad: bool,
    /// Whether it is an operation with a rule to go backward by: not `detach` or `argmax`, and
    /// none on an inference tape.
    pub has_rule: bool,
    /// The layer it was recorded in.
    pub layer: Option<Arc<str>>,
    /// The line that recorded it.
    pub line: &'static Location<'static>,
}

impl<T: Float> Tape<'_, T> {
    /// The node at this place.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn node(&self, id: usize) -> NodeInfo<T> {
        let nodes = self.nodes.borrow();
        assert!(id < nodes.len(), "node: there is no v{id} on a tape of {} nodes", nodes.len());
        let node = &nodes[id];
        let (kind, name) = match (node.kind, self.params) {
            (Kind::Parameter(index), Some(params)) => (
                NodeKind::Parameter(params.id_at(index as usize)),
                params.name_at(index as usize).to_string(),
            ),
            (Kind::Operation, _) => (NodeKind::Operation, nodes.name(node).to_string()),
            (Kind::Constant, _) => (NodeKind::Constant, "constant".to_string()),
            _ => (NodeKind::Variable, "var".to_string()),
        };
        let (mut attributes, mut has_rule) = (String::new(), false);
        if let Some(rule) = nodes.rule(node) {
            let differentiable = |op: &dyn Op<T>| self.keeps_rules.get() && op.differentiable();
            rule.with(nodes.words(node), &mut |op| {
                (attributes, has_rule) = (op.attributes(), differentiable(op))
            });
        }
        NodeInfo {
            id,
            kind,
            name,
            label: self.label(id as u32),
            attributes,
            inputs: nodes.inputs(node).iter().map(|&i| i as usize).collect(),
            // OK because an id below the length is below 2^32.
            value: nodes.value(self.params, id as u32).clone(),
            needs_grad: node.needs_grad,
            has_rule,
            layer: self.layers.name(node.layer),
            line: node.line,
        }
    }

    /// Calls `f` with every node from the last of the first `count` down to the first: its place,
    /// its inputs, and whether a gradient can reach it.
    pub(crate) fn backwards(&self, count: usize, mut f: impl FnMut(usize, &[u32], bool)) {
        let nodes = self.nodes.borrow();
        for (id, node) in nodes.nodes()[..count].iter().enumerate().rev() {
            f(id, nodes.inputs(node), node.needs_grad);
        }
    }

    /// The variables and the parameters among the first `count` nodes.
    pub(crate) fn leaves_with_gradients(&self, count: usize) -> Vec<usize> {
        let nodes = self.nodes.borrow();
        let leaf = |&id: &usize| matches!(nodes[id].kind, Kind::Variable | Kind::Parameter(_));
        (0..count).filter(leaf).collect()
    }

    /// Whether a user's hook may change the gradient of a node.
    pub(crate) fn is_hooked(&self, id: usize) -> bool {
        !self.hooks.of(id as u32).is_empty()
    }

    /// Every node, in the order of the tape.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeInfo<T>> {
        (0..self.len()).map(|id| self.node(id))
    }
}
