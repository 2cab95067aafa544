//! Watching for the first value that is NaN or infinite, forward or backward.

use super::scope::Off;
use super::{Kind, List, Node, Tape};
use crate::float::Float;
use crate::tensor::Tensor;
use std::fmt::Write;

impl<T: Float> Tape<'_, T> {
    /// From now on the first NaN or infinity panics where it arises, naming the operation, its
    /// operands and the line that recorded it: a value when it is recorded, a gradient when a
    /// rule sends it on.
    ///
    /// What is on the tape already is not looked at. A tape that is not watched pays the test of a
    /// flag for each node, 1 ns of 50.
    ///
    /// ```should_panic
    /// use wengert::prelude::*;
    /// let tape = Tape::new();
    /// tape.watch();
    /// let x = tape.var([1.0, -1.0]);
    /// let y = x.ln(); // panics: ln: the result is NaN at [1] …
    /// ```
    #[doc(alias = "detect_anomaly")]
    pub fn watch(&self) {
        self.watched.set(true);
    }

    /// What `f` does, unwatched: for looks at a tape that may hold the very number that is hunted.
    pub(crate) fn unwatched<R>(&self, f: impl FnOnce() -> R) -> R {
        let _unwatched = Off::enter(&self.watched);
        f()
    }

    /// Panics if the value just recorded is not finite, and takes it off again.
    #[cold]
    pub(super) fn inspect_last(&self) {
        let nodes = self.nodes.borrow();
        let id = nodes.len() - 1; // OK because one was just recorded
        let Some(bad) = first_bad(nodes.value(self.params, id as u32)) else { return };
        let what = match nodes[id].kind {
            Kind::Operation => format!("{}: the result", nodes.name(&nodes[id])),
            _ => format!("{}: the value", self.title(&nodes, id as u32)),
        };
        let mut message = format!("{what} {bad}");
        self.list_operands(&mut message, &nodes, &nodes[id]);
        drop(nodes);
        self.nodes.borrow_mut().truncate(id);
        panic!("{message}");
    }

    /// Panics if the rule of node `id`, asked with g, made the gradient of an input not finite;
    /// `sum` gives what has come together there.
    #[cold]
    #[track_caller]
    pub(super) fn inspect_sent(&self, id: u32, g: &Tensor<T>, sum: impl Fn(u32) -> Option<Tensor<T>>) {
        let nodes = self.nodes.borrow();
        let node = &nodes[id as usize];
        for &input in nodes.inputs(node) {
            let Some(bad) = sum(input).as_ref().and_then(first_bad) else { continue };
            let name = self.title(&nodes, id);
            let to = self.title(&nodes, input);
            let mut message = format!(
                "{name}: going backward, the gradient of v{input} ({to}) {bad}\n  \
                 came from v{id}, whose own gradient is {}",
                brief(g)
            );
            self.list_operands(&mut message, &nodes, node);
            panic!("{message}");
        }
    }

    /// Panics if a gradient is not finite before any rule has seen it: the seed, or what a hook
    /// returned.
    #[cold]
    #[track_caller]
    pub(super) fn inspect_gradient(&self, id: usize, g: &Tensor<T>) {
        if let Some(bad) = first_bad(g) {
            let title = self.title(&self.nodes.borrow(), id as u32);
            panic!(
                "going backward, the gradient of v{id} ({title}) {bad}: it is the seed, or came from a hook"
            );
        }
    }

    /// The first of the first `count` nodes whose value is not finite.
    pub(crate) fn first_not_finite(&self, count: usize) -> Option<usize> {
        let nodes = self.nodes.borrow();
        (0..count).find(|&id| first_bad(nodes.value(self.params, id as u32)).is_some())
    }

    fn list_operands(&self, message: &mut String, nodes: &List<T>, node: &Node<T>) {
        for &input in nodes.inputs(node) {
            let operand = &nodes[input as usize];
            let value = nodes.value(self.params, input);
            let (title, place) = (self.title(nodes, input), operand.line);
            let (shape, brief) = (value.shape(), brief(value));
            let _ = write!(
                message,
                "\n  v{input} {title} {shape} {brief}  made at {}:{}",
                place.file(),
                place.line()
            );
        }
        let _ = write!(message, "\n  at {}:{}", node.line.file(), node.line.line());
        if let Some(layer) = self.layers.name(node.layer) {
            let _ = write!(message, " in layer {layer:?}");
        }
    }
}

/// What the first entry that is not finite is, and where: `is NaN at [1, 2]`.
pub(crate) fn first_bad<T: Float>(x: &Tensor<T>) -> Option<String> {
    let at = x.data().iter().position(|x| !x.is_finite())?;
    let value = x.data()[at].to_f64();
    let mut rest = at;
    let mut index: Vec<usize> = x
        .shape()
        .iter()
        .rev()
        .map(|&extent| {
            let i = rest % extent;
            rest /= extent;
            i
        })
        .collect();
    index.reverse();
    Some(if index.is_empty() { format!("is {value}") } else { format!("is {value} at {index:?}") })
}

/// A number as it is, of a larger tensor the range of what is finite.
fn brief<T: Float>(x: &Tensor<T>) -> String {
    if let [x] = x.data() {
        return format!("= {x}");
    }
    let finite = x.data().iter().map(|x| x.to_f64()).filter(|x| x.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    if low > high {
        return "with no finite entry".to_string();
    }
    format!("from {low} to {high}")
}
