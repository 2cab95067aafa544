//! A tape explained: for every node its value, its local derivatives ∂y/∂x, its adjoint, and the
//! sum over uses that the adjoint is. The data under every view.

use super::cause::{Causes, Flow};
use super::formula;
use super::number::is_zero;
use crate::float::Float;
use crate::shape::Shape;
use crate::tape::{NodeInfo, NodeKind, Tape, Var};
use crate::tensor::Tensor;
use std::ops::Range;

/// As many nodes are explained unless a window is asked for: the last ones.
const MOST_ROWS: usize = 2000;
/// Of a value used more often, the first uses in the engine's order are listed.
const MOST_USES: usize = 1000;
/// The full local Jacobian is made up to so many entries a side.
const LARGEST_JACOBIAN: usize = 64;

/// A tape, or a window of it, explained. Printed, it is a table with a row for each node; see
/// also [`node`](Explanation::node), [`json`](Explanation::json) and [`graph`](Explanation::graph).
///
/// ```
/// use wengert::prelude::*;
/// let tape = Tape::new();
/// let a = tape.var(2.0).named("a");
/// let y = (a * a).named("y");
/// let table = tape.explain(y).to_string();
/// assert!(table.contains("0  a     var      2                               4"));
/// ```
///
/// ```text
/// #  name  op   value  inputs  local d/d(in)  adjoint  fwd  bwd  sum over uses
/// 0  a     var      2                               4    1    2  = v1 2 + v1 2
/// 1  y     mul      4  v0 v0   2, 2                 1    2    1  seed
/// ```
#[derive(Debug)]
#[must_use = "an explanation is for someone who reads it"]
pub struct Explanation<'t, T: Float> {
    pub(super) tape: &'t Tape<'t, T>,
    pub(super) root: Option<Var<'t, T>>,
    /// The number of nodes up to the root, or on the tape.
    pub(super) total: usize,
    pub(super) rows: Vec<Row<T>>,
}

/// One node explained.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Row<T: Float> {
    /// The node: what it is, its value, its inputs.
    pub node: NodeInfo<T>,
    /// Its gradient, or why there is none.
    pub adjoint: Adjoint<T>,
    /// ∂y/∂x for each input, in the order of the inputs.
    pub locals: Vec<Local<T>>,
    /// What each use of the value sent back to it, in the order in which the engine adds them up.
    pub uses: Vec<Use<T>>,
    /// How many uses are not listed.
    pub uses_left_out: usize,
    /// When its turn comes going backward, the root's being 1; none if it has no adjoint.
    pub backward_step: Option<usize>,
    /// Why there is no path to it, or why its adjoint is 0.
    pub because: Option<String>,
}

/// The gradient of a node. That it was not computed, that there is no path, and that it is 0 are
/// three different things.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Adjoint<T: Float> {
    /// Nobody has gone backward yet.
    NotComputed,
    /// The root does not depend on it.
    NoPath,
    /// It is a constant: the engine computes none. What it would be, where its uses tell.
    Constant(Option<Tensor<T>>),
    /// The gradient.
    Value(Tensor<T>),
}

impl<T: Float> Adjoint<T> {
    /// The gradient, if there is one.
    pub fn value(&self) -> Option<&Tensor<T>> {
        match self {
            Adjoint::Value(g) => Some(g),
            _ => None,
        }
    }
}

/// ∂y/∂x of a node with respect to one input.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Local<T: Float> {
    /// Of one number with respect to one number.
    Number(T),
    /// Entry by entry, of an elementwise operation.
    Entries(Tensor<T>),
    /// A matrix too large or too plain to write out; the rule says what it does.
    Rule,
    /// There is none: the operation has no derivative, or none with respect to this input.
    None,
}

/// One use of a value: a node that has it as an input, and what that node sent back.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Use<T: Float> {
    /// The node.
    pub node: usize,
    /// Which of its inputs the value is.
    pub input: usize,
    /// ∂(node)/∂(value).
    pub local: Local<T>,
    /// What it sent: local × the node's adjoint, summed to the value's shape.
    pub contribution: Tensor<T>,
}

impl<T: Float> Tape<'_, T> {
    /// Goes backward from `root` and explains every node up to it; of a large tape the last
    /// 2000 (see [`explain_window`](Self::explain_window)).
    ///
    /// # Panics
    /// As [`Var::backward`].
    #[track_caller]
    pub fn explain<'t>(&'t self, root: Var<'t, T>) -> Explanation<'t, T> {
        let total = root.id() + 1;
        self.explain_window(root, total.saturating_sub(MOST_ROWS)..total)
    }

    /// [`explain`](Self::explain) of these nodes only.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let tape = Tape::new();
    /// let mut x = tape.var(1.0);
    /// for _ in 0..100_000 {
    ///     x = x.sin();
    /// }
    /// let explained = tape.explain_window(x, 0..3);
    /// assert!(explained.to_string().ends_with("… 99998 more nodes after v2\n"));
    /// ```
    ///
    /// # Panics
    /// As [`Var::backward`].
    #[track_caller]
    pub fn explain_window<'t>(&'t self, root: Var<'t, T>, window: Range<usize>) -> Explanation<'t, T> {
        let adjoints = self.adjoints(root);
        Builder { tape: self, root: Some(root), adjoints }.build(window)
    }

    /// Explains the values, of the last 2000 nodes at most, without going backward: adjoints read
    /// "not computed".
    pub fn explain_values(&self) -> Explanation<'_, T> {
        let builder = Builder { tape: self, root: None, adjoints: Vec::new() };
        builder.build(self.len().saturating_sub(MOST_ROWS)..self.len())
    }
}

impl<'t, T: Float> Explanation<'t, T> {
    /// The rows, in the order of the tape.
    pub fn rows(&self) -> &[Row<T>] {
        &self.rows
    }

    /// The row of a value, if it is in the window.
    pub fn get(&self, v: Var<'_, T>) -> Option<&Row<T>> {
        self.row(v.id())
    }

    pub(super) fn row(&self, id: usize) -> Option<&Row<T>> {
        self.rows.get(id.checked_sub(self.first())?)
    }

    /// The place of the first row.
    pub(super) fn first(&self) -> usize {
        self.rows.first().map_or(0, |row| row.node.id)
    }

    /// The full Jacobian of a node with respect to one of its inputs: row i, column j is
    /// ∂yᵢ/∂xⱼ, both counted row-major. It is made from the node's rule alone, by basis vectors.
    /// None if a side has more than 64 entries, or if there is no derivative.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let tape = Tape::f64();
    /// let x = tape.var([1.0, 2.0, 4.0]);
    /// let y = x.cumsum(0);
    /// let explained = tape.explain(y.sum());
    /// let jacobian = explained.jacobian(y, 0).unwrap();
    /// assert_eq!(jacobian, [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]);
    /// ```
    pub fn jacobian(&self, v: Var<'_, T>, input: usize) -> Option<Tensor<T>> {
        let row = self.get(v)?;
        let of = self.tape.node(*row.node.inputs.get(input)?).value;
        let (rows, columns) = (row.node.value.numel(), of.numel());
        if !row.node.has_rule || rows.max(columns) > LARGEST_JACOBIAN {
            return None;
        }
        let mut jacobian = Vec::with_capacity(rows * columns);
        for i in 0..rows {
            let mut basis = Tensor::zeros(row.node.value.shape().clone());
            basis.data_mut()[i] = T::ONE;
            let sent = self.tape.contributions(row.node.id, &basis);
            jacobian.extend_from_slice(sent.iter().find(|(at, _)| *at == input)?.1.data());
        }
        Some(Tensor::from_vec(jacobian, [rows, columns]))
    }

    /// Nodes of the tape that are not in the window: before it, and after it up to the root.
    pub(super) fn left_out(&self) -> (usize, usize) {
        (self.first(), self.total - self.first() - self.rows.len())
    }
}

impl<T: Float> Row<T> {
    /// The name it was given, or `v12`.
    pub fn label(&self) -> String {
        self.node.label.as_ref().map_or_else(|| format!("v{}", self.node.id), |name| name.to_string())
    }

    /// What it is: `relu`, `powi n 3`, `var`, `param`.
    pub fn title(&self) -> String {
        match (self.node.kind, self.node.attributes.as_str()) {
            (NodeKind::Parameter(_), _) => "param".to_string(),
            (_, "" | "axes []") => self.node.name.clone(),
            (_, attributes) => format!("{} {attributes}", self.node.name),
        }
    }

    /// How the adjoint of input i follows from this node's: `Ā = Ȳ·Bᵀ`.
    pub fn rule(&self, input: usize, shape: &Shape) -> String {
        formula::rule(&self.node, input, shape)
    }

    pub(super) fn is_leaf(&self) -> bool {
        self.node.kind != NodeKind::Operation
    }
}

/// An explanation being made.
struct Builder<'t, T: Float> {
    tape: &'t Tape<'t, T>,
    root: Option<Var<'t, T>>,
    /// By node up to the root; empty if nobody has gone backward.
    adjoints: Vec<Option<Tensor<T>>>,
}

impl<'t, T: Float> Builder<'t, T> {
    fn build(self, window: Range<usize>) -> Explanation<'t, T> {
        let tape = self.tape;
        let total = self.root.map_or(tape.len(), |root| root.id() + 1);
        let window = window.start..window.end.min(total);
        let mut rows: Vec<Row<T>> = window.clone().map(|id| self.row(id)).collect();
        if self.root.is_some() {
            self.add_uses(&mut rows, window.start);
            self.add_order(&mut rows);
            let flow = |g: &Option<Tensor<T>>| g.as_ref().map_or(Flow::None, Flow::of);
            let flows: Vec<Flow> = self.adjoints.iter().map(flow).collect();
            let causes = Causes::find(tape, &flows);
            for row in &mut rows {
                row.because = self.because(&causes, row);
            }
        }
        Explanation { tape, root: self.root, total, rows }
    }

    fn row(&self, id: usize) -> Row<T> {
        let node = self.tape.node(id);
        let adjoint = match (self.root, self.adjoints.get(id)) {
            (None, _) => Adjoint::NotComputed,
            (_, Some(Some(g))) => Adjoint::Value(g.clone()),
            _ if node.needs_grad => Adjoint::NoPath,
            _ => Adjoint::Constant(None),
        };
        let locals = self.locals(&node);
        let (uses, uses_left_out, backward_step, because) = (Vec::new(), 0, None, None);
        Row { node, adjoint, locals, uses, uses_left_out, backward_step, because }
    }

    fn locals(&self, node: &NodeInfo<T>) -> Vec<Local<T>> {
        let mut locals = vec![Local::None; node.inputs.len()];
        if !node.has_rule {
            return locals;
        }
        let ones = Tensor::full(node.value.shape().clone(), T::ONE);
        for (input, local) in self.tape.replay_all(node.id, &ones) {
            let entry_by_entry = formula::is_elementwise(&node.name) && local.shape() == node.value.shape();
            locals[input] = match self.tape.node(node.inputs[input]).value.numel() {
                1 if node.value.numel() == 1 => Local::Number(local.data()[0]),
                _ if entry_by_entry => Local::Entries(local),
                _ => Local::Rule,
            };
        }
        locals
    }

    /// Asks the rule of every node that uses one in the window, in the engine's order: the last
    /// node first, the inputs of one node in the order of its rule.
    fn add_uses(&self, rows: &mut [Row<T>], first: usize) {
        let mut users = Vec::new();
        self.tape.backwards(self.adjoints.len(), |id, inputs, _| {
            if let Some(g) = &self.adjoints[id]
                && inputs.iter().any(|&i| (first..first + rows.len()).contains(&(i as usize)))
            {
                users.push((id, g));
            }
        });
        for (id, g) in users {
            let (node, locals) = match id.checked_sub(first).and_then(|at| rows.get(at)) {
                Some(row) => (row.node.clone(), row.locals.clone()),
                None => (self.tape.node(id), Vec::new()),
            };
            let mut full = 0;
            for &input in &node.inputs {
                if let Some(row) = input.checked_sub(first).and_then(|at| rows.get_mut(at))
                    && row.uses.len() >= MOST_USES
                {
                    row.uses_left_out += 1;
                    full += 1;
                }
            }
            if full == node.inputs.len() {
                continue;
            }
            let locals = if locals.is_empty() { self.locals(&node) } else { locals };
            for (input, contribution) in self.tape.contributions(id, g) {
                if let Some(row) = node.inputs[input].checked_sub(first).and_then(|at| rows.get_mut(at))
                    && row.uses_left_out == 0
                {
                    row.uses.push(Use { node: id, input, local: locals[input].clone(), contribution });
                }
            }
        }
        for row in rows {
            if let Adjoint::Constant(would_be) = &mut row.adjoint {
                *would_be = sum(&row.uses);
            }
        }
    }

    /// Numbers the nodes with an adjoint from the root down.
    fn add_order(&self, rows: &mut [Row<T>]) {
        let Some(last) = rows.last().map(|row| row.node.id) else { return };
        let after = self.adjoints[last + 1..].iter().flatten().count();
        let mut step = after;
        for row in rows.iter_mut().rev().filter(|row| row.adjoint.value().is_some()) {
            step += 1;
            row.backward_step = Some(step);
        }
    }

    /// Why there is no path to a node, or why its adjoint is 0.
    fn because(&self, causes: &Causes, row: &Row<T>) -> Option<String> {
        match &row.adjoint {
            Adjoint::NoPath => causes.no_path(self.tape, row.node.id),
            Adjoint::Value(g) if is_zero(g) => {
                if row.uses.len() > 1 && row.uses.iter().all(|u| !is_zero(&u.contribution)) {
                    return Some(format!("its {} contributions cancel", row.uses.len()));
                }
                causes.zero(self.tape, row.node.id)
            }
            _ => None,
        }
    }
}

/// The sum of what the uses sent, in their order.
pub(super) fn sum<T: Float>(uses: &[Use<T>]) -> Option<Tensor<T>> {
    let mut sum = None;
    uses.iter().for_each(|u| add(&mut sum, &u.contribution));
    sum
}

/// sum += x.
pub(super) fn add<T: Float>(sum: &mut Option<Tensor<T>>, x: &Tensor<T>) {
    match sum {
        None => *sum = Some(x.clone()),
        Some(sum) => sum.data_mut().iter_mut().zip(x.data()).for_each(|(sum, &x)| *sum += x),
    }
}
