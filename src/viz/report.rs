//! What is wrong with a gradient: which parameters got none, or 0, and where the path to them was
//! cut; how large it is layer by layer, ‖g‖ and ‖g‖/√n.

use super::cause::{Cause, Causes, Flow, gate};
use super::number::{is_zero, norm};
use crate::float::Float;
use crate::params::ParamId;
use crate::shape::Shape;
use crate::tape::{Gradients, NodeKind, Tape, Var, first_bad};
use crate::tensor::Tensor;
use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::Arc;

/// What [`Gradients::report`] found. Printed, it says what is wrong, where, and what to do.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use = "a report is for someone who reads it"]
pub struct GradientReport {
    /// What the gradients are of.
    pub root: Cut,
    /// The first value that is not finite, if the root's own or a gradient is not.
    pub first_not_finite: Option<Cut>,
    /// Every parameter of the store in its order, then every variable of the tape.
    pub rows: Vec<GradientRow>,
    /// The parameters by layer, in the order of the store.
    pub layers: Vec<GradientLayer>,
}

/// A parameter or a variable, and its gradient.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GradientRow {
    /// The parameter's name, the variable's, or `v12`.
    pub name: String,
    /// Which parameter; none for a variable.
    pub param: Option<ParamId>,
    /// Its place on the tape; none if it is not on it.
    pub node: Option<usize>,
    /// The extents.
    pub shape: Shape,
    /// ‖g‖, the Euclidean norm of its gradient, if it has one.
    pub norm: Option<f64>,
    /// The Euclidean norm of its value.
    pub value_norm: f64,
    /// How many entries of its gradient are 0.
    pub zeros: usize,
    /// What is to be said of it.
    pub finding: Finding,
}

/// What is to be said of one gradient.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// There is one, finite and not all 0.
    Fine,
    /// The parameter is frozen: it is meant to have none.
    Frozen,
    /// None: it is not on the tape.
    Unused,
    /// None: it was first used after the root was made.
    AfterRoot,
    /// None: it was used, but the root is not made from what came of it.
    NotReached,
    /// None: this operation has no derivative. `detach` is one; so are `argmax` and comparisons.
    Cut(Cut),
    /// All 0: this operation sent nothing on.
    Zero(Cut),
    /// NaN or infinite: this operation's value was the first that was not finite or, if all values
    /// are, what it sent back was.
    NotFinite(Option<Cut>),
}

/// An operation: the one at which a gradient ended or went bad.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cut {
    /// Its place on the tape.
    pub node: usize,
    /// Its name, such as `relu`.
    pub op: String,
    /// What happened there: `relu v17 is all off: no input is above 0`.
    pub what: String,
    /// The line that recorded it.
    pub line: &'static Location<'static>,
    /// The layer it was recorded in.
    pub layer: Option<Arc<str>>,
}

/// The gradients of one layer's parameters together; a layer is what stands before the last point
/// of a parameter's name.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GradientLayer {
    /// Its name; empty for parameters without one.
    pub name: String,
    /// How many entries its parameters with a gradient have.
    pub entries: usize,
    /// ‖g‖ over all of them.
    pub norm: f64,
    /// ‖w‖ over all of them, w being their values.
    pub value_norm: f64,
    /// Whether that is unusual.
    pub size: Size,
}

/// Whether a layer's gradient is of a usual size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Size {
    /// It is, or it has none.
    Usual,
    /// Far smaller than another layer's, or lost beside the weights: see
    /// [`VANISHING`](GradientReport::VANISHING) and [`LOST`](GradientReport::LOST).
    Vanishing,
    /// Far larger than the weights: see [`EXPLODING`](GradientReport::EXPLODING).
    Exploding,
}

impl GradientLayer {
    /// ‖g‖/√n: what an entry's gradient is like, whatever the layer's size.
    pub fn rms(&self) -> f64 {
        if self.entries == 0 { 0.0 } else { self.norm / (self.entries as f64).sqrt() }
    }
}

impl<T: Float> Gradients<T> {
    /// What is wrong with these gradients, as far as they can tell: which parameters and variables
    /// got none, or 0, and at which operation and line the path to them was cut; where the first
    /// NaN arose; and how large the gradient is, layer by layer.
    ///
    /// `tape` is the one they came from: it holds the parameters, and only it knows the path. Where
    /// something is 0 or not finite it is gone back through once or twice more, hooks included, so
    /// this is for looking, not for every step.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let mut params: Params = Params::new();
    /// let dead = params.add("dead.weight", -3.0);
    /// let alive = params.add("alive.weight", 2.0);
    /// params.add("forgotten.weight", 1.0);
    /// let tape = Tape::eval(&params);
    /// let loss = (tape.param(dead).relu() + tape.param(alive)).square();
    /// let report = loss.backward().report(&tape);
    /// let text = report.to_string();
    /// assert!(text.contains("relu v1 is off: its input -3 is not above 0"));
    /// assert!(text.contains("nothing on this tape is made from it"));
    /// assert_eq!(report.rows[1].norm, Some(4.0));
    /// assert!(!report.is_fine());
    /// ```
    ///
    /// The gradient of a value between the leaves is kept by
    /// [`keep_grad`](Var::keep_grad); [`Tape::hook`] looks at it on its way, and
    /// [`Tape::watch`] stops at the first value that is not finite.
    ///
    /// # Panics
    /// If the gradients are of another tape, or a sum of several.
    #[track_caller]
    pub fn report(&self, tape: &Tape<'_, T>) -> GradientReport {
        let (root, seed) = self.origin(tape);
        let mut rows = leaves(self, tape, root);
        let bad = !root.value().is_finite() || rows.iter().any(GradientRow::is_bad);
        let first_not_finite = if bad { bad_value(tape, root) } else { None };
        explain(tape, root, seed, &mut rows, first_not_finite.as_ref());
        let layers = layers(&rows);
        let root = Cut::at(tape, root.id(), title(tape, root.id()));
        GradientReport { root, first_not_finite, rows, layers }
    }
}

impl GradientReport {
    /// A layer whose ‖g‖/√n is below this share of the largest layer's vanishes: it learns ten
    /// thousand times more slowly. Layers that explode are not compared with.
    pub const VANISHING: f64 = 1e-4;
    /// A layer whose ‖g‖ is below this share of its ‖w‖ vanishes: a step of SGD at a learning
    /// rate of 1 would change the weights by less than `f32` can hold.
    pub const LOST: f64 = 1e-7;
    /// A layer whose ‖g‖ is more than so many times its ‖w‖ (and 1) explodes: a step of SGD at a
    /// learning rate of 0.01 would be longer than the weights are.
    pub const EXPLODING: f64 = 100.0;

    /// Whether there is nothing to complain of: every gradient that should be there is, finite and
    /// not all 0, no layer's is of an unusual size, and the root is finite.
    pub fn is_fine(&self) -> bool {
        let fine = |row: &GradientRow| matches!(row.finding, Finding::Fine | Finding::Frozen);
        self.first_not_finite.is_none()
            && self.rows.iter().all(fine)
            && self.layers.iter().all(|layer| layer.size == Size::Usual)
    }

    /// The row of a parameter or a variable of this name.
    pub fn get(&self, name: &str) -> Option<&GradientRow> {
        self.rows.iter().find(|row| row.name == name)
    }
}

impl Finding {
    /// The operation at which the gradient ended or went bad, where it was one.
    pub fn cut(&self) -> Option<&Cut> {
        match self {
            Finding::Cut(cut) | Finding::Zero(cut) | Finding::NotFinite(Some(cut)) => Some(cut),
            _ => None,
        }
    }
}

/// Every parameter of the store and every variable, with what can be said without asking why.
fn leaves<T: Float>(grads: &Gradients<T>, tape: &Tape<'_, T>, root: Var<'_, T>) -> Vec<GradientRow> {
    let mut places = BTreeMap::new();
    let mut variables = Vec::new();
    for id in tape.leaves_with_gradients(tape.len()) {
        let node = tape.node(id);
        match node.kind {
            NodeKind::Parameter(param) => drop(places.insert(param.index(), id)),
            _ => {
                let name = node.label.map_or_else(|| format!("v{id}"), |name| name.to_string());
                // OK because a tape has fewer than 2^32 nodes.
                let gradient = grads.get(tape.handle(id as u32));
                let row = GradientRow::new(name, Some(id), &node.value, gradient);
                variables.push(row.after(root.id()));
            }
        }
    }
    let mut rows = Vec::new();
    if let Some(params) = tape.params() {
        for id in params.ids() {
            let node = places.get(&id.index()).copied();
            let mut row = GradientRow::new(
                params.name(id).to_string(),
                node,
                params.value(id),
                grads.params().get(id.index()).and_then(Option::as_ref),
            );
            row.param = Some(id);
            if params.is_frozen(id) {
                row.finding = Finding::Frozen;
            }
            rows.push(row.after(root.id()));
        }
    }
    rows.append(&mut variables);
    rows
}

impl GradientRow {
    fn new<T: Float>(name: String, node: Option<usize>, value: &Tensor<T>, g: Option<&Tensor<T>>) -> Self {
        let finding = match g {
            None if node.is_none() => Finding::Unused,
            None => Finding::NotReached,
            Some(g) if g.is_finite() => Finding::Fine,
            Some(_) => Finding::NotFinite(None),
        };
        GradientRow {
            name,
            param: None,
            node,
            shape: value.shape().clone(),
            norm: g.map(norm),
            value_norm: norm(value),
            zeros: g.map_or(0, |g| g.data().iter().filter(|&&g| g == T::ZERO).count()),
            finding,
        }
    }

    fn after(mut self, root: usize) -> Self {
        if self.finding == Finding::NotReached && self.node > Some(root) {
            self.finding = Finding::AfterRoot;
        }
        self
    }

    fn is_zero(&self) -> bool {
        self.norm.is_some() && self.zeros == self.shape.numel()
    }

    fn is_bad(&self) -> bool {
        matches!(self.finding, Finding::NotFinite(_))
    }

    /// What the layer is called that this parameter is of.
    fn layer(&self) -> &str {
        self.name.rsplit_once('.').map_or("", |(layer, _)| layer)
    }
}

/// Asks the tape about the rows that are not fine.
fn explain<T: Float>(
    tape: &Tape<'_, T>,
    root: Var<'_, T>,
    seed: &Tensor<T>,
    rows: &mut [GradientRow],
    bad_value: Option<&Cut>,
) {
    let open = |row: &GradientRow| row.finding == Finding::NotReached || row.is_zero() || row.is_bad();
    if !rows.iter().any(open) {
        return;
    }
    let mut flows = vec![Flow::None; root.id() + 1];
    let mut spoilt = None;
    tape.look_back(root, seed.clone(), |id, g| {
        flows[id] = Flow::of(g);
        if spoilt.is_none() && !g.is_finite() {
            spoilt = Some(id);
        }
    });
    let causes = Causes::find(tape, &flows);
    // What numbers decide is decided by a few gradients: all at once would take as much memory as
    // the tape's values.
    let mut wanted: BTreeMap<usize, Option<Tensor<T>>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_zero()) {
        if let Some(Cause::Gate { node, .. }) = row.node.and_then(|id| causes.of(id)) {
            wanted.insert(node as usize, None);
        }
    }
    let users = spoilt.map_or(Vec::new(), |bad| users(tape, root, bad));
    wanted.extend(users.iter().map(|&user| (user, None)));
    if !wanted.is_empty() {
        tape.look_back(root, seed.clone(), |id, g| {
            if let Some(kept) = wanted.get_mut(&id) {
                *kept = Some(g.clone());
            }
        });
    }
    let gradient = |id: usize| wanted.get(&id).and_then(Option::as_ref);
    let sender = || spoilt.and_then(|bad| sender(tape, root, bad, &users, gradient));
    let spoiler = bad_value.cloned().or_else(sender);
    for row in rows.iter_mut().filter(|row| open(row)) {
        row.finding = match row.node.and_then(|id| causes.of(id)) {
            _ if row.is_bad() => Finding::NotFinite(spoiler.clone()),
            Some(Cause::Gate { node, input }) if row.is_zero() => {
                let (id, input) = (node as usize, input as usize);
                Finding::Zero(Cut::at(tape, id, why_zero(tape, id, input, gradient(id))))
            }
            // The seed is 0, or these gradients have been changed since.
            _ if row.is_zero() => {
                Finding::Zero(Cut::at(tape, root.id(), "the root sent nothing but 0".to_string()))
            }
            Some(Cause::Cut(at)) => {
                let what = format!("{} has no derivative", title(tape, at as usize));
                Finding::Cut(Cut::at(tape, at as usize, what))
            }
            _ => continue,
        };
    }
}

impl Cut {
    fn at<T: Float>(tape: &Tape<'_, T>, id: usize, what: String) -> Self {
        let node = tape.node(id);
        Cut { node: id, op: node.name, what, line: node.line, layer: node.layer }
    }
}

/// Forward, the first value up to the root that is not finite.
fn bad_value<T: Float>(tape: &Tape<'_, T>, root: Var<'_, T>) -> Option<Cut> {
    let id = tape.first_not_finite(root.id() + 1)?;
    let what = format!("{} {}", title(tape, id), first_bad(&tape.node(id).value)?);
    Some(Cut::at(tape, id, what))
}

/// Backward, who made the gradient of `bad`, the first that is not finite, so: one of its users, or
/// all of them together. None if it was the seed.
fn sender<'g, T: Float>(
    tape: &Tape<'_, T>,
    root: Var<'_, T>,
    bad: usize,
    users: &[usize],
    gradient: impl Fn(usize) -> Option<&'g Tensor<T>>,
) -> Option<Cut> {
    for &user in users {
        let Some(g) = gradient(user) else { continue };
        let inputs = tape.node(user).inputs;
        for (i, sent) in tape.contributions(user, g) {
            if let (true, Some(is)) = (inputs[i] == bad, first_bad(&sent)) {
                let what = format!("what {} sends back to {} {is}", title(tape, user), title(tape, bad));
                return Some(Cut::at(tape, user, what));
            }
        }
    }
    let what = format!("what is sent back to {} adds up to more than {} can hold", title(tape, bad), T::NAME);
    (bad != root.id()).then(|| Cut::at(tape, bad, what))
}

/// The nodes that have this one as an input, the last first, and no more than are worth asking.
fn users<T: Float>(tape: &Tape<'_, T>, root: Var<'_, T>, of: usize) -> Vec<usize> {
    let mut users = Vec::new();
    tape.backwards(root.id() + 1, |id, inputs, _| {
        if users.len() < MOST_USERS && inputs.contains(&(of as u32)) {
            users.push(id);
        }
    });
    users
}

/// Of a value that is used more often, the last uses are asked who spoilt its gradient.
const MOST_USERS: usize = 1000;

/// Why what a node with the gradient g sends to an input comes to 0: its rule gives 0; the numbers
/// got too small; or several contributions cancel.
fn why_zero<T: Float>(tape: &Tape<'_, T>, id: usize, input: usize, g: Option<&Tensor<T>>) -> String {
    let node = tape.node(id);
    let sent = |g: &Tensor<T>| {
        let sent = tape.contributions(id, g);
        sent.iter().any(|(i, sent)| node.inputs[*i] == input && !is_zero(sent))
    };
    let (name, to) = (title(tape, id), title(tape, input));
    match g {
        Some(g) if sent(g) => format!("what {name} and others send back to {to} cancels"),
        // A rule is linear in g: with a larger one it sends what had underflown.
        Some(g) if sent(&g.map(|g| g * T::from_f64(1e30))) => {
            format!("what {name} sends back to {to} is too small for {}: it underflows to 0", T::NAME)
        }
        _ => gate(tape, &node, input),
    }
}

/// The parameters by layer, with a word on the sizes.
fn layers(rows: &[GradientRow]) -> Vec<GradientLayer> {
    let mut layers: Vec<GradientLayer> = Vec::new();
    for row in rows.iter().filter(|row| row.param.is_some()) {
        let at = layers.iter().position(|layer| layer.name == row.layer()).unwrap_or_else(|| {
            let name = row.layer().to_string();
            layers.push(GradientLayer { name, entries: 0, norm: 0.0, value_norm: 0.0, size: Size::Usual });
            layers.len() - 1
        });
        if let Some(norm) = row.norm {
            layers[at].entries += row.shape.numel();
            layers[at].norm = layers[at].norm.hypot(norm);
            layers[at].value_norm = layers[at].value_norm.hypot(row.value_norm);
        }
    }
    for layer in &mut layers {
        if layer.norm > GradientReport::EXPLODING * layer.value_norm.max(1.0) {
            layer.size = Size::Exploding;
        }
    }
    let compared = layers.iter().filter(|layer| layer.size == Size::Usual && layer.norm.is_finite());
    let largest = compared.map(GradientLayer::rms).fold(0.0, f64::max);
    for layer in layers.iter_mut().filter(|layer| layer.size == Size::Usual && layer.norm > 0.0) {
        let small = layer.rms() < GradientReport::VANISHING * largest;
        if small || layer.norm < GradientReport::LOST * layer.value_norm {
            layer.size = Size::Vanishing;
        }
    }
    layers
}

/// `relu v17`, `mul "area"`, `param "head.weight"`.
fn title<T: Float>(tape: &Tape<'_, T>, id: usize) -> String {
    let node = tape.node(id);
    match (node.kind, node.label) {
        (NodeKind::Parameter(_), Some(label)) => format!("param {label:?}"),
        (_, Some(label)) => format!("{} {label:?}", node.name),
        (_, None) => format!("{} v{id}", node.name),
    }
}
