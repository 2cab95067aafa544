//! A tape as a graph to be drawn: which nodes are shown, what they say, what stands for the rest.

use super::explain::{Adjoint, Explanation, Local, Row};
use super::number::{brief, cell, norm};
use super::text::one_line;
use crate::float::Float;
use crate::tape::NodeKind;
use crate::tensor::Tensor;
use std::collections::{BTreeMap, BTreeSet};

/// Unless told otherwise, so many nodes are drawn: those nearest to the root.
const MOST_NODES: usize = 400;

/// An [`Explanation`] about to be drawn.
///
/// ```
/// use wengert::prelude::*;
/// let tape = Tape::new();
/// let x = tape.var(2.0).named("x");
/// let y = (x * x + 1.0).named("y");
/// let explained = tape.explain(y);
/// let dot = explained.graph().hide_constants().dot();
/// assert!(dot.contains("v0 -> v1 [label=\"2\""));
/// assert!(!dot.contains("constant"));
/// ```
#[derive(Debug, Clone)]
pub struct Graph<'e, 't, T: Float> {
    pub(super) explanation: &'e Explanation<'t, T>,
    hide_constants: bool,
    collapsed: Vec<String>,
    most: usize,
}

impl<'t, T: Float> Explanation<'t, T> {
    /// The tape as a graph, to be drawn as DOT, Mermaid or SVG.
    #[must_use]
    pub fn graph(&self) -> Graph<'_, 't, T> {
        Graph { explanation: self, hide_constants: false, collapsed: Vec::new(), most: MOST_NODES }
    }
}

impl<T: Float> Graph<'_, '_, T> {
    /// Leaves constants out.
    #[must_use]
    pub fn hide_constants(mut self) -> Self {
        self.hide_constants = true;
        self
    }

    /// Draws what was recorded in the layer of this name, or in layers within it (`net` for
    /// `net.0` and `net.1`), as one node. A layer that ran twice is two nodes.
    #[must_use]
    pub fn collapse(mut self, layer: &str) -> Self {
        self.collapsed.push(layer.to_string());
        self
    }

    /// Draws every layer as one node.
    #[must_use]
    pub fn collapse_layers(self) -> Self {
        let layers: Vec<_> = self.explanation.rows.iter().filter_map(|row| row.node.layer.clone()).collect();
        layers.iter().fold(self, |graph, layer| graph.collapse(layer))
    }

    /// Draws at most so many nodes, those nearest to the root; one more says how many are left
    /// out. Without, it is 400.
    #[must_use]
    pub fn max_nodes(mut self, most: usize) -> Self {
        self.most = most.max(1);
        self
    }

    /// What is to be drawn.
    pub(super) fn picture(&self) -> Picture {
        let mut boxes: Vec<Box> = Vec::new();
        // The box of each row; none if it is hidden or left out.
        let mut box_of: Vec<Option<usize>> = vec![None; self.explanation.rows.len()];
        let hidden = |row: &&Row<T>| self.hide_constants && row.node.kind == NodeKind::Constant;
        let shown: Vec<&Row<T>> = self.explanation.rows.iter().filter(|row| !hidden(row)).collect();
        let first = self.explanation.first();
        let groups = self.groups(&shown);
        // Nearest to the root first, until the number is reached.
        let mut keys: BTreeMap<usize, usize> = BTreeMap::new();
        let mut left_out = self.explanation.left_out().0;
        let mut members: Vec<Vec<&Row<T>>> = Vec::new();
        for (row, group) in shown.iter().zip(&groups).rev() {
            let new = keys.len();
            if !keys.contains_key(group) && new == self.most {
                left_out += 1;
                continue;
            }
            let at = *keys.entry(*group).or_insert(new);
            if at == members.len() {
                members.push(Vec::new());
            }
            members[at].push(row);
        }
        if left_out > 0 {
            boxes.push(Box::left_out(left_out));
        }
        // A group stands where its last node does.
        members.sort_by_key(|rows| rows[0].node.id);
        for rows in &mut members {
            rows.reverse();
            rows.iter().for_each(|row| box_of[row.node.id - first] = Some(boxes.len()));
            boxes.push(self.one_box(rows));
        }
        let edges = self.edges(&members, &box_of, left_out > 0);
        Picture { boxes, edges, box_of }
    }

    /// A key for each row: rows with the same key are one box.
    fn groups(&self, shown: &[&Row<T>]) -> Vec<usize> {
        let mut groups = Vec::with_capacity(shown.len());
        // A layer's operations follow each other, apart from leaves; that keeps the graph acyclic.
        let mut run: Option<(&str, usize)> = None;
        for row in shown {
            let layer = row.node.layer.as_deref().and_then(|layer| self.collapsing(layer));
            match (layer, run) {
                (Some(layer), Some((of, key))) if layer == of => groups.push(key),
                (Some(layer), _) => {
                    run = Some((layer, row.node.id));
                    groups.push(row.node.id);
                }
                (None, _) => {
                    if !row.is_leaf() {
                        run = None;
                    }
                    groups.push(row.node.id);
                }
            }
        }
        groups
    }

    /// The collapsed layer that this one is or lies in.
    fn collapsing(&self, layer: &str) -> Option<&str> {
        let within = |outer: &&String| {
            layer.strip_prefix(outer.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.collapsed.iter().find(within).map(String::as_str)
    }

    fn one_box(&self, rows: &[&Row<T>]) -> Box {
        if let [row] = rows {
            return self.node_box(row);
        }
        let last = rows[rows.len() - 1];
        let operations: Vec<&str> =
            rows.iter().filter(|row| !row.is_leaf()).map(|row| row.node.name.as_str()).collect();
        let layer = last.node.layer.as_deref().unwrap_or_default();
        Box {
            id: format!("v{}", last.node.id),
            kind: BoxKind::Group,
            name: one_line(self.collapsing(layer).unwrap_or(layer)),
            op: format!("{} ({} nodes)", operations.join(", "), rows.len()),
            ..self.node_box(last)
        }
    }

    fn node_box(&self, row: &Row<T>) -> Box {
        let node = &row.node;
        let root = self.explanation.root.is_some_and(|root| root.id() == node.id);
        let kind = match node.kind {
            _ if root => BoxKind::Root,
            NodeKind::Constant => BoxKind::Constant,
            NodeKind::Variable | NodeKind::Parameter(_) => BoxKind::Variable,
            NodeKind::Operation => BoxKind::Operation,
        };
        let value = match node.value.numel() {
            1 => cell(&node.value),
            _ => node.value.shape().to_string(),
        };
        let value = marked(value, &node.value);
        let adjoint = match &row.adjoint {
            Adjoint::NotComputed | Adjoint::Constant(_) => String::new(),
            Adjoint::NoPath => "no path".to_string(),
            Adjoint::Value(g) if g.numel() == 1 => marked(cell(g), g),
            Adjoint::Value(g) => marked(format!("norm {}", brief(norm(g))), g),
        };
        Box {
            id: format!("v{}", node.id),
            kind,
            name: node.label.as_deref().map(one_line).unwrap_or_default(),
            op: one_line(&row.title()),
            value,
            adjoint,
            layer: node.layer.as_deref().map(one_line),
        }
    }

    /// One edge for each input of each node; between the same two boxes one, unless the boxes are
    /// single nodes.
    fn edges(&self, members: &[Vec<&Row<T>>], box_of: &[Option<usize>], rest: bool) -> Vec<Edge> {
        let first = self.explanation.first();
        let offset = usize::from(rest);
        let mut edges: Vec<Edge> = Vec::new();
        let mut joined = BTreeSet::new();
        for (at, rows) in members.iter().enumerate() {
            let to = at + offset;
            for row in rows {
                for (input, &id) in row.node.inputs.iter().enumerate() {
                    let known = id.checked_sub(first).and_then(|at| self.explanation.rows.get(at));
                    if known.is_some_and(|from| self.hide_constants && from.node.kind == NodeKind::Constant) {
                        continue;
                    }
                    let place = id.checked_sub(first).and_then(|at| box_of[at]);
                    let Some(from) = place.or(rest.then_some(0)) else { continue };
                    let single =
                        rows.len() == 1 && place.is_some_and(|from| members[from - offset].len() == 1);
                    if from == to || (!single && !joined.insert((from, to))) {
                        continue;
                    }
                    let label = match row.locals.get(input) {
                        Some(Local::Number(x)) if single => brief(x.to_f64()),
                        _ => String::new(),
                    };
                    let dead = known.is_some_and(|from| !from.node.needs_grad) || !row.node.needs_grad;
                    edges.push(Edge { from, to, input: single.then_some(input), label, dead });
                }
            }
        }
        edges
    }
}

/// What is drawn: boxes, in an order in which edges go forward.
pub(super) struct Picture {
    /// The place of each row's box; none if it is hidden or left out.
    pub(super) box_of: Vec<Option<usize>>,
    pub(super) boxes: Vec<Box>,
    pub(super) edges: Vec<Edge>,
}

pub(super) struct Box {
    /// `v12`; of a group its last node's; `rest` of what is left out.
    pub(super) id: String,
    pub(super) kind: BoxKind,
    /// Empty if it was given none.
    pub(super) name: String,
    pub(super) op: String,
    pub(super) value: String,
    pub(super) adjoint: String,
    pub(super) layer: Option<String>,
}

/// A text about numbers, with a sign before it if one of them is NaN or infinite.
fn marked<T: Float>(text: String, of: &Tensor<T>) -> String {
    if of.is_finite() { text } else { format!("⚠ {text}") }
}

impl Box {
    fn left_out(count: usize) -> Self {
        let empty = String::new;
        Box {
            id: "rest".to_string(),
            kind: BoxKind::LeftOut,
            name: format!("… {count} more"),
            op: empty(),
            value: empty(),
            adjoint: empty(),
            layer: None,
        }
    }

    /// What it is called: its name, or its place.
    pub(super) fn label(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BoxKind {
    Variable,
    Constant,
    Operation,
    Root,
    Group,
    LeftOut,
}

pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Between two single nodes: which input it is.
    pub(super) input: Option<usize>,
    /// The local derivative, where it is a number.
    pub(super) label: String,
    /// Whether no gradient goes along it.
    pub(super) dead: bool,
}
