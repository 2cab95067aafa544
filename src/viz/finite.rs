//! Where the first NaN or infinity of a tape is: forward, and backward.

use super::cause::place;
use super::explain::{Adjoint, Explanation};
use super::number::cell;
use super::text::one_line;
use crate::float::Float;
use std::fmt;

/// The first number that is not finite, forward and backward, found after the fact;
/// [`Tape::watch`](crate::Tape::watch) stops where it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotFinite {
    /// The first node whose value is not finite.
    pub value: Option<usize>,
    /// The first contribution, going backward, that is not finite: the node that sent it, and the
    /// one that it was sent to.
    pub gradient: Option<(usize, usize)>,
    text: String,
}

impl<T: Float> Explanation<'_, T> {
    /// Finds the first value and the first contribution that are not finite, among the nodes of the
    /// window. Printed, both are named with their operands and the lines that made them.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let tape = Tape::f64();
    /// let x = tape.var(0.0).named("x");
    /// let y = x.sqrt() * 0.0; // 0, but the slope of the root is infinite there
    /// let found = tape.explain(y).not_finite();
    /// assert_eq!((found.value, found.gradient), (None, Some((1, 0))));
    /// assert!(found.to_string().contains("first gradient that is not finite: v1 sqrt sends NaN to x"));
    /// ```
    pub fn not_finite(&self) -> NotFinite {
        let mut text = String::new();
        let mut value = None;
        match self.rows.iter().find(|row| !row.node.value.is_finite()) {
            None => text.push_str("every value is finite\n"),
            Some(row) => {
                value = Some(row.node.id);
                let (name, op) = (one_line(&row.label()), row.title());
                text.push_str(&format!(
                    "first value that is not finite: {name} {op} is {}  made at {}\n",
                    cell(&row.node.value),
                    place(&row.node)
                ));
                text.push_str(&self.operands(row.node.id));
            }
        }
        let sent = self.rows.iter().rev().find_map(|sender| {
            let mut sent = self.sent_by(sender).into_iter();
            let (to, u) = sent.find(|(_, u)| !u.contribution.is_finite())?;
            Some((sender, to, u))
        });
        let gradient = sent.map(|(from, to, _)| (from.node.id, to.node.id));
        match sent {
            Some((from, to, u)) => {
                let holds = from.adjoint.value().map(cell).unwrap_or_default();
                text.push_str(&format!(
                    "first gradient that is not finite: {} {} sends {} to {}; its own gradient is {holds}  made at {}\n",
                    one_line(&from.label()),
                    from.title(),
                    cell(&u.contribution),
                    one_line(&to.label()),
                    place(&from.node)
                ));
                text.push_str(&self.operands(from.node.id));
            }
            None if self.rows.iter().any(|row| matches!(row.adjoint, Adjoint::Value(_))) => {
                text.push_str("every gradient is finite\n");
            }
            None => {}
        }
        NotFinite { value, gradient, text }
    }

    /// A line for each input of a node.
    fn operands(&self, id: usize) -> String {
        let node = self.tape.node(id);
        let line = |&input: &usize| {
            let of = self.tape.node(input);
            format!("  {} {} = {}  made at {}\n", self.label(input), of.name, cell(&of.value), place(&of))
        };
        node.inputs.iter().map(line).collect()
    }
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
