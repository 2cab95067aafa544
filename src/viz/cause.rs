//! Why a gradient is not there, or 0: the path back from the root is followed to where it ends.

use super::number::{is_zero, short};
use crate::float::Float;
use crate::tape::{NodeInfo, Tape};
use crate::tensor::Tensor;

/// What is between the root and a node.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cause {
    /// Nothing uses it.
    Unused,
    /// This node has no derivative.
    Cut(u32),
    /// This node's derivative is 0 here.
    Gate { node: u32, input: u32 },
    /// Nothing: it has a gradient that is not 0.
    None,
}

/// The cause for every node up to the root.
pub(super) struct Causes(Vec<Cause>);

impl Causes {
    /// Follows every path from the root down once. Of several causes the last node's counts.
    pub(super) fn find<T: Float>(tape: &Tape<'_, T>, adjoints: &[Option<Tensor<T>>]) -> Self {
        let mut causes = vec![Cause::Unused; adjoints.len()];
        tape.backwards(adjoints.len(), |id, inputs, needs_grad| {
            let alive = adjoints[id].as_ref().is_some_and(|g| !is_zero(g));
            if alive {
                causes[id] = Cause::None;
            }
            for &input in inputs {
                let known = &mut causes[input as usize];
                if *known != Cause::Unused {
                    continue;
                }
                let cause = match (alive, adjoints[id].is_some()) {
                    (true, _) => Cause::Gate { node: id as u32, input },
                    (_, true) => causes[id],
                    // A node that needs no gradient though its input does: the path was cut here.
                    _ if !needs_grad => Cause::Cut(id as u32),
                    _ => causes[id],
                };
                causes[input as usize] = cause;
            }
        });
        Causes(causes)
    }

    /// Why there is no path from the root to this node: `cut by detach v7 (model.rs:12)`.
    pub(super) fn no_path<T: Float>(&self, tape: &Tape<'_, T>, id: usize) -> Option<String> {
        match self.0.get(id) {
            None => Some("it was recorded after the root".to_string()),
            Some(Cause::Cut(at)) => {
                let node = tape.node(*at as usize);
                Some(format!("cut by {} {} ({})", node.name, label(&node), place(&node)))
            }
            _ => Some("the root does not use it".to_string()),
        }
    }

    /// Why the gradient of this node is 0: `relu v17 is off`.
    pub(super) fn zero<T: Float>(&self, tape: &Tape<'_, T>, id: usize) -> Option<String> {
        match self.0.get(id)? {
            Cause::Gate { node, input } => {
                let node = tape.node(*node as usize);
                Some(gate(tape, &node, *input as usize))
            }
            _ => None,
        }
    }
}

/// Why a node passes nothing on to one of its inputs.
fn gate<T: Float>(tape: &Tape<'_, T>, node: &NodeInfo<T>, input: usize) -> String {
    let name = format!("{} {}", node.name, label(node));
    let x = tape.node(input);
    let all = if x.value.numel() > 1 { "all " } else { "" };
    match node.name.as_str() {
        "relu" => match x.value.data() {
            [x] => format!("{name} is off: its input {} is not above 0", short(x.to_f64())),
            _ => format!("{name} is {all}off: no input is above 0"),
        },
        "clamp" => format!("{name} is {all}at its bounds"),
        "dropout" => format!("{name} dropped {}", if all.is_empty() { "it" } else { "all of it" }),
        "maximum" | "minimum" | "where_cond" | "where_positive" => format!("{name} chose the other"),
        "tanh" | "sigmoid" | "erf" => format!("{name} is {all}saturated"),
        "mul" | "div" | "matmul" | "linear" => {
            let other = node.inputs.iter().copied().find(|&other| other != input).unwrap_or(input);
            format!("{name} multiplies it by {}, which is {all}0", label(&tape.node(other)))
        }
        _ => format!("the derivative of {name} is {all}0 here"),
    }
}

pub(super) fn label<T: Float>(node: &NodeInfo<T>) -> String {
    node.label.as_ref().map_or_else(|| format!("v{}", node.id), |name| name.to_string())
}

pub(super) fn place<T: Float>(node: &NodeInfo<T>) -> String {
    format!("{}:{}", node.line.file(), node.line.line())
}
