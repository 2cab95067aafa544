//! Going through a tape one step at a time: forward node by node, the seed, and backward edge by
//! edge with the sum that comes together.

use super::explain::{Adjoint, Explanation, Local, Row, Use, add};
use super::number::{cell, in_a_sentence, short};
use super::text::one_line;
use crate::float::Float;
use crate::tensor::Tensor;
use std::fmt;

/// Of the nodes that are waited for, so many are named.
const MOST_NAMED: usize = 8;

/// What happens in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepKind {
    /// A node gets its value.
    Forward {
        /// The node.
        node: usize,
    },
    /// The root's gradient is set to 1.
    Seed {
        /// The root.
        node: usize,
    },
    /// A node sends a contribution to one of its inputs.
    Backward {
        /// The node that sends.
        from: usize,
        /// Which of its inputs.
        input: usize,
        /// The node that receives: that input.
        to: usize,
    },
}

/// A step, with what came together so far. Printed, it is a sentence.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Step<T: Float> {
    /// Counted from 1.
    pub number: usize,
    /// What happens.
    pub kind: StepKind,
    /// Going backward: what the receiver holds after this step.
    pub sum: Option<Tensor<T>>,
    text: String,
}

impl<T: Float> fmt::Display for Step<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}", self.number, self.text)
    }
}

impl<T: Float> Explanation<'_, T> {
    /// Every step: as many as there are nodes, and edges along which a gradient goes, and one for
    /// the seed. If nobody has gone backward, the forward steps alone.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let tape = Tape::new();
    /// let a = tape.var(3.0).named("a");
    /// let y = (a * a).named("y");
    /// let steps: Vec<String> = tape.explain(y).steps().iter().map(|s| s.to_string()).collect();
    /// assert_eq!(steps, [
    ///     "step 1: a is given: 3.",
    ///     "step 2: y = a · a = 3 · 3 = 9.",
    ///     "step 3: the gradient of y with respect to itself is 1: the seed.",
    ///     "step 4: y mul sends 3 × 1 = 3 to a; a holds 3, and waits for 1 more, from y.",
    ///     "step 5: y mul sends 3 × 1 = 3 to a; a holds 6: complete.",
    /// ]);
    /// ```
    pub fn steps(&self) -> Vec<Step<T>> {
        let mut steps = Vec::new();
        let mut push = |kind, sum, text| {
            let number = steps.len() + 1;
            steps.push(Step { number, kind, sum, text });
        };
        for row in &self.rows {
            let text = match row.is_leaf() {
                true => format!("{} is given: {}.", one_line(&row.label()), cell(&row.node.value)),
                false => format!("{} = {}.", one_line(&row.label()), self.formula(row)),
            };
            push(StepKind::Forward { node: row.node.id }, None, text);
        }
        let Some(root) = self.root.and_then(|root| self.row(root.id())) else { return steps };
        let text =
            format!("the gradient of {} with respect to itself is 1: the seed.", one_line(&root.label()));
        push(StepKind::Seed { node: root.node.id }, root.adjoint.value().cloned(), text);
        // Sums by row.
        let mut sums: Vec<(Option<Tensor<T>>, usize)> = vec![(None, 0); self.rows.len()];
        for sender in self.rows.iter().rev() {
            for (to, u) in self.sent_by(sender) {
                let (sum, arrived) = &mut sums[to.node.id - self.first()];
                add(sum, &u.contribution);
                *arrived += 1;
                if *arrived == to.uses.len() && to.uses_left_out == 0 {
                    // The engine may round otherwise within a matrix product, and a hook may have
                    // had the last word.
                    *sum = to.adjoint.value().cloned();
                }
                let text = self.sending(sender, to, u, sum.as_ref(), *arrived);
                let kind = StepKind::Backward { from: sender.node.id, input: u.input, to: to.node.id };
                push(kind, sum.clone(), text);
            }
        }
        steps
    }

    /// What a node sends to those of its inputs that are in the window, in the engine's order.
    pub(super) fn sent_by(&self, sender: &Row<T>) -> Vec<(&Row<T>, &Use<T>)> {
        let inputs = &sender.node.inputs;
        let first_of_its_kind = |&(at, input): &(usize, &usize)| !inputs[..at].contains(input);
        let receivers = inputs.iter().enumerate().filter(first_of_its_kind);
        let receivers = receivers.filter_map(|(_, &input)| self.row(input));
        let receivers = receivers.filter(|to| matches!(to.adjoint, Adjoint::Value(_)));
        receivers
            .flat_map(|to| to.uses.iter().filter(|u| u.node == sender.node.id).map(move |u| (to, u)))
            .collect()
    }

    fn sending(
        &self,
        from: &Row<T>,
        to: &Row<T>,
        u: &Use<T>,
        sum: Option<&Tensor<T>>,
        arrived: usize,
    ) -> String {
        let what = match (&u.local, from.adjoint.value()) {
            (Local::Number(local), Some(g)) => {
                format!("{} × {} = {}", short(local.to_f64()), cell(g), cell(&u.contribution))
            }
            _ => {
                let rule = self.bare_rule(from, u.input);
                format!("{} ({rule})", in_a_sentence(&u.contribution))
            }
        };
        let waits = &to.uses[arrived.min(to.uses.len())..];
        let state = match waits {
            [] if to.uses_left_out == 0 => ": complete.".to_string(),
            [] => format!(", and waits for {} more.", to.uses_left_out),
            waits => {
                let more = if waits.len() > MOST_NAMED { ", …" } else { "" };
                let named: Vec<String> =
                    waits.iter().take(MOST_NAMED).map(|u| one_line(&self.label(u.node))).collect();
                let named = named.join(", ");
                format!(", and waits for {} more, from {named}{more}.", waits.len() + to.uses_left_out)
            }
        };
        let (from, op, to) = (one_line(&from.label()), &from.node.name, one_line(&to.label()));
        let holds = sum.map(in_a_sentence).unwrap_or_default();
        format!("{from} {op} sends {what} to {to}; {to} holds {holds}{state}")
    }
}
