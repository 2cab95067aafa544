//! Why a gradient is not there, or 0: the path back from the root is followed to where it ends.

use super::number::{is_zero, short};
use crate::float::Float;
use crate::tape::{NodeInfo, Tape};
use crate::tensor::Tensor;

/// What came back to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// No gradient.
    None,
    /// One that is 0 throughout.
    Zero,
    /// One with an entry that is not 0.
    Alive,
}

impl Flow {
    pub(super) fn of<T: Float>(gradient: &Tensor<T>) -> Self {
        if is_zero(gradient) { Flow::Zero } else { Flow::Alive }
    }
}

/// What is between the root and a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cause {
    /// The root is not made from it.
    Unused,
    /// This node has no derivative.
    Cut(u32),
    /// This node sends 0 to this input, which is the node or on the way to it.
    Gate { node: u32, input: u32 },
    /// Nothing: it has a gradient that is not 0.
    None,
}

/// The cause for every node up to the root.
pub(super) struct Causes(Vec<Cause>);

impl Causes {
    /// Follows every path from the root, the last of these nodes, down once. Of several causes the
    /// last node's counts.
    pub(super) fn find<T: Float>(tape: &Tape<'_, T>, flows: &[Flow]) -> Self {
        let mut causes = vec![Cause::Unused; flows.len()];
        let mut used = vec![false; flows.len()];
        if let Some(root) = used.last_mut() {
            *root = true;
        }
        tape.backwards(flows.len(), |id, inputs, needs_grad| {
            if flows[id] == Flow::Alive {
                causes[id] = Cause::None;
            }
            for &input in inputs {
                used[input as usize] |= used[id];
                let known = &mut causes[input as usize];
                if *known != Cause::Unused || !used[id] {
                    continue;
                }
                let cause = match flows[id] {
                    Flow::Alive => Cause::Gate { node: id as u32, input },
                    // A node that needs no gradient though its input does: the path was cut here.
                    Flow::None if !needs_grad => Cause::Cut(id as u32),
                    _ => causes[id],
                };
                // A gradient that is there was cut nowhere: one that is 0 came another way.
                if matches!(cause, Cause::Cut(_)) && flows[input as usize] != Flow::None {
                    continue;
                }
                causes[input as usize] = cause;
            }
        });
        Causes(causes)
    }

    /// What is between the root and this node; nothing if it was recorded after the root.
    pub(super) fn of(&self, id: usize) -> Option<Cause> {
        self.0.get(id).copied()
    }

    /// Why there is no path from the root to this node: `cut by detach v7 (model.rs:12)`.
    pub(super) fn no_path<T: Float>(&self, tape: &Tape<'_, T>, id: usize) -> Option<String> {
        match self.of(id) {
            None => Some("it was recorded after the root".to_string()),
            Some(Cause::Cut(at)) => {
                let node = tape.node(at as usize);
                Some(format!("cut by {} {} ({})", node.name, label(&node), place(&node)))
            }
            _ => Some("the root does not use it".to_string()),
        }
    }

    /// Why the gradient of this node is 0: `relu v17 is off`.
    pub(super) fn zero<T: Float>(&self, tape: &Tape<'_, T>, id: usize) -> Option<String> {
        match self.of(id)? {
            Cause::Gate { node, input } => Some(gate(tape, &tape.node(node as usize), input as usize)),
            _ => None,
        }
    }
}

/// Why a node passes nothing on to one of its inputs.
pub(super) fn gate<T: Float>(tape: &Tape<'_, T>, node: &NodeInfo<T>, input: usize) -> String {
    let name = format!("{} {}", node.name, label(node));
    let x = tape.node(input).value;
    let all = if x.numel() > 1 { "all " } else { "" };
    // Of linear's three inputs the first two are multiplied.
    let others = || node.inputs.iter().copied().take(2).filter(|&other| other != input);
    match node.name.as_str() {
        "relu" if x.data().iter().all(|&x| x <= T::ZERO) => match x.data() {
            [x] => format!("{name} is off: its input {} is not above 0", short(x.to_f64())),
            _ => format!("{name} is all off: no input is above 0"),
        },
        "clamp" => format!("{name} is {all}at its bounds"),
        "dropout" => format!("{name} dropped {}", if all.is_empty() { "it" } else { "all of it" }),
        "maximum" | "minimum" | "where_cond" | "where_positive" => format!("{name} chose the other"),
        "tanh" | "sigmoid" | "erf" => format!("{name} is {all}saturated"),
        "mul" | "div" | "matmul" | "linear" => match others().find(|&other| is_zero(&tape.node(other).value))
        {
            Some(other) => {
                let other = tape.node(other);
                let all = if other.value.numel() > 1 { "all " } else { "" };
                let what = match other.label {
                    Some(name) => name.to_string(),
                    None => format!("{} v{}", other.name, other.id),
                };
                format!("{name} multiplies it by {what}, which is {all}0")
            }
            None => elsewhere(&name),
        },
        _ if x.numel() > 1 => elsewhere(&name),
        _ => format!("the derivative of {name} is 0 here"),
    }
}

/// Of several entries, the ones that let something through were sent nothing.
fn elsewhere(name: &str) -> String {
    format!("the derivative of {name} is 0 wherever its gradient is not")
}

pub(super) fn label<T: Float>(node: &NodeInfo<T>) -> String {
    node.label.as_ref().map_or_else(|| format!("v{}", node.id), |name| name.to_string())
}

pub(super) fn place<T: Float>(node: &NodeInfo<T>) -> String {
    format!("{}:{}", node.line.file(), node.line.line())
}
