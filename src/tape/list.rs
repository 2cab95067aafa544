//! `List`: the nodes in their order, the value of each, and what few of them have besides.

use super::Kind;
use super::op::{Rule, Words};
use super::recycle::Recycle;
use crate::float::Float;
use crate::kernel::prefetch::prefetch;
use crate::params::Params;
use crate::tensor::Tensor;
use smallvec::SmallVec;
use std::ops::{Index, IndexMut};
use std::panic::Location;

/// The ids of a node's inputs, apart from the list.
pub(super) type Inputs = SmallVec<[u32; 4]>;

/// A list of nodes. Index it by id for a [`Node`].
// A long list does not stay in the processor's caches: what each node costs is then its bytes. So a node is 72 of
// them, its value included, and plain data but for the value: dropping a list looks at values only, 16 bytes each
// (measured, a million nodes of a scalar chain: 128 bytes with everything in one struct took half as long again).
pub(super) struct List<T: Float> {
    /// The values; of a parameter's leaf, nothing: the store holds it.
    values: Vec<Tensor<T>>,
    nodes: Vec<Node<T>>,
    extras: Vec<Extra<T>>,
    /// Whether a node may have got its extra later than those behind it.
    replaced: bool,
    /// What a node keeps that keeps nothing: a single 0.
    nothing: Tensor<T>,
}

/// One entry of the list, without its value.
#[derive(Clone, Copy)]
pub(super) struct Node<T: Float> {
    /// A built-in operation's rule, on inference tapes, too; none of one that is kept as a user's own is.
    rule: Option<&'static dyn Rule<T>>,
    pub(super) line: &'static Location<'static>,
    /// The inputs, up to three; all of them are in the extra if there are more.
    ids: [u32; 3],
    arity: u8,
    pub(super) needs_grad: bool,
    /// Whether `backward` returns this node's gradient though it is no leaf.
    pub(super) keeps_grad: bool,
    /// Whether the rule is running, and out of the list.
    pub(super) running: bool,
    pub(super) kind: Kind,
    pub(super) layer: u32,
    /// The place of its extra, `NONE` if it has none.
    extra: u32,
}

impl<T: Float> Node<T> {
    /// What every new node is a copy of.
    const BLANK: Self = Node {
        rule: None,
        line: Location::caller(),
        ids: [0; 3],
        arity: 0,
        needs_grad: false,
        keeps_grad: false,
        running: false,
        kind: Kind::Constant,
        layer: 0,
        extra: NONE,
    };
}

const NONE: u32 = u32::MAX;
/// So many nodes ahead of the new one the processor is asked for memory: a long list is not in its caches, and would wait for
/// each line (measured, a million nodes of a scalar chain: 22 ns for each to be recorded, and 13.5 so).
const AHEAD: usize = 32;
pub(super) const NO_WORDS: Words = [0; 3];
/// More inputs than a node itself has room for.
const MANY: u8 = 4;

/// What few nodes have: attributes, more than three inputs, a tensor put by, an operation of the user's own.
pub(super) struct Extra<T: Float> {
    pub(super) words: Words,
    /// All of the inputs, if there are more than three.
    pub(super) inputs: Vec<u32>,
    pub(super) kept: Tensor<T>,
    /// An operation of the user's own, or a built-in one whose attributes do not fit into words; nothing while its rule
    /// runs, and on an inference tape.
    pub(super) own: Option<Box<dyn Rule<T>>>,
    /// Its name.
    pub(super) name: &'static str,
}

/// A rule out of its list, so that it may record on the very tape that it is of.
pub(super) enum Out<T: Float> {
    BuiltIn(&'static dyn Rule<T>),
    Own(Box<dyn Rule<T>>),
}

impl<T: Float> Out<T> {
    pub(super) fn rule(&self) -> &dyn Rule<T> {
        match self {
            Out::BuiltIn(rule) => *rule,
            Out::Own(rule) => &**rule,
        }
    }
}

impl<T: Float> Default for List<T> {
    fn default() -> Self {
        List {
            values: Vec::new(),
            nodes: Vec::new(),
            extras: Vec::new(),
            replaced: false,
            nothing: Tensor::default(),
        }
    }
}

impl<T: Float> Recycle for List<T> {
    fn clear(&mut self) {
        self.values.clear();
        self.nodes.clear();
        self.extras.clear();
        self.replaced = false;
    }
    fn bytes(&self) -> usize {
        self.values.bytes() + self.nodes.bytes() + self.extras.bytes()
    }
}

impl<T: Float> List<T> {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Appends a constant; what it is besides is set where it lies. Made elsewhere and moved here, a node would be
    /// written in pieces and read in larger ones, which waits for the writes (measured: that costs 10 ns a node, and 2
    /// if only the blank one is made elsewhere).
    #[inline(always)]
    pub(super) fn push(&mut self, value: Tensor<T>, line: &'static Location<'static>, layer: u32) {
        const { assert!(size_of::<Node<f64>>() + size_of::<Tensor<f64>>() <= 72) } // less where pointers are shorter
        self.values.push(value);
        let node = self.nodes.push_mut(*const { &Node::BLANK });
        prefetch(std::ptr::from_ref(node).wrapping_add(AHEAD));
        (node.line, node.layer) = (line, layer);
    }

    /// Makes the last node a leaf of this kind.
    #[inline(always)]
    pub(super) fn set_leaf(&mut self, kind: Kind, needs_grad: bool) {
        if let Some(node) = self.nodes.last_mut() {
            (node.kind, node.needs_grad) = (kind, needs_grad);
        }
    }

    /// Makes the last node the result of an operation: of a built-in one if there is a rule. The ids of more than three
    /// inputs are in the extra.
    #[inline(always)]
    pub(super) fn set_operation(
        &mut self,
        rule: Option<&'static dyn Rule<T>>,
        inputs: impl ExactSizeIterator<Item = u32>,
        needs_grad: bool,
    ) {
        let Some(node) = self.nodes.last_mut() else { return };
        (node.kind, node.rule, node.needs_grad) = (Kind::Operation, rule, needs_grad);
        node.arity = inputs.len().min(usize::from(MANY)) as u8;
        node.ids.iter_mut().zip(inputs).for_each(|(slot, id)| *slot = id);
    }

    /// Gives the last node an extra.
    pub(super) fn set_extra(&mut self, extra: Extra<T>) {
        let Some(node) = self.nodes.last_mut() else { return };
        node.extra = self.extras.len() as u32; // fewer than nodes, which are fewer than 2^32
        self.extras.push(extra);
    }

    fn extra(&self, node: &Node<T>) -> Option<&Extra<T>> {
        self.extras.get(node.extra as usize)
    }

    /// The value of a node.
    #[inline]
    pub(super) fn value<'a>(&'a self, params: Option<&'a Params<T>>, id: u32) -> &'a Tensor<T> {
        match (self.nodes[id as usize].kind, params) {
            (Kind::Parameter(index), Some(params)) => params.at(index as usize),
            _ => &self.values[id as usize],
        }
    }

    /// The value of an operation's node.
    #[inline]
    pub(super) fn result(&self, id: u32) -> &Tensor<T> {
        &self.values[id as usize]
    }

    /// Gives a node another value.
    pub(super) fn overwrite(&mut self, id: usize, value: Tensor<T>) {
        self.values[id] = value;
    }

    /// The ids of a node's inputs.
    #[inline(always)]
    pub(super) fn inputs<'a>(&'a self, node: &'a Node<T>) -> &'a [u32] {
        match node.ids.get(..usize::from(node.arity)) {
            Some(ids) => ids,
            None => self.extra(node).map_or(&[], |extra| &extra.inputs),
        }
    }

    /// The attributes of a node's operation.
    #[inline]
    pub(super) fn words<'a>(&'a self, node: &Node<T>) -> &'a Words {
        self.extra(node).map_or(&NO_WORDS, |extra| &extra.words)
    }

    /// What the forward computation put by, a single 0 if nothing.
    pub(super) fn kept(&self, node: &Node<T>) -> &Tensor<T> {
        self.extra(node).map_or(&self.nothing, |extra| &extra.kept)
    }

    /// The rule; none on a leaf, while the rule runs, and of a user's own operation on an inference tape.
    #[inline]
    pub(super) fn rule<'a>(&'a self, node: &Node<T>) -> Option<&'a dyn Rule<T>> {
        match node.rule {
            _ if node.running => None,
            Some(rule) => Some(rule),
            None => self.extra(node)?.own.as_deref(),
        }
    }

    /// The name of a node's operation.
    pub(super) fn name(&self, node: &Node<T>) -> &'static str {
        let mut name = self.extra(node).map_or("", |extra| extra.name);
        if let Some(rule) = node.rule {
            rule.with(self.words(node), &mut |op| name = op.name());
        }
        name
    }

    /// Takes a rule out, to be given back by [`put_back`](Self::put_back); nothing if there is none or it runs.
    pub(super) fn take_out(&mut self, id: usize) -> Option<Out<T>> {
        let node = &mut self.nodes[id];
        let out = match node.rule {
            _ if node.running => None,
            Some(rule) => Some(Out::BuiltIn(rule)),
            None => self.extras.get_mut(node.extra as usize)?.own.take().map(Out::Own),
        };
        node.running |= out.is_some();
        out
    }

    pub(super) fn put_back(&mut self, id: usize, rule: Out<T>) {
        let node = &mut self.nodes[id];
        node.running = false;
        if let (Out::Own(rule), Some(extra)) = (rule, self.extras.get_mut(node.extra as usize)) {
            extra.own = Some(rule);
        }
    }

    /// Gives an operation another rule in the place of its own.
    pub(super) fn replace_rule(&mut self, id: usize, with: impl FnOnce(Out<T>) -> Box<dyn Rule<T>>) {
        let name = self.name(&self.nodes[id]);
        let Some(rule) = self.take_out(id) else { return };
        let node = &mut self.nodes[id];
        (node.running, node.rule) = (false, None);
        let own = Some(with(rule));
        match self.extras.get_mut(node.extra as usize) {
            Some(extra) => (extra.own, extra.name) = (own, name),
            None => {
                self.replaced = true;
                node.extra = self.extras.len() as u32;
                self.extras.push(Extra {
                    words: NO_WORDS,
                    inputs: Vec::new(),
                    kept: Tensor::default(),
                    own,
                    name,
                });
            }
        }
    }

    /// Cuts off every node from this id on, and its extra, which lies behind those of the nodes before; where it may not,
    /// extras stay until the list is cleared.
    pub(super) fn truncate(&mut self, len: usize) {
        let first = self.nodes[len..].iter().map(|node| node.extra).min().unwrap_or(NONE);
        self.nodes.truncate(len);
        self.values.truncate(len);
        // Last: an operation of the user's own may panic when it is dropped.
        if !self.replaced {
            self.extras.truncate(first as usize);
        }
    }

    pub(super) fn nodes(&self) -> &[Node<T>] {
        &self.nodes
    }
}

impl<T: Float> Index<usize> for List<T> {
    type Output = Node<T>;
    #[inline(always)]
    fn index(&self, id: usize) -> &Node<T> {
        &self.nodes[id]
    }
}

impl<T: Float> IndexMut<usize> for List<T> {
    #[inline(always)]
    fn index_mut(&mut self, id: usize) -> &mut Node<T> {
        &mut self.nodes[id]
    }
}

#[cfg(test)]
mod tests {
    use crate::shape::{Shape, ShapeError};
    use crate::tape::{Keep, Op, Pullback, Tape, Var};
    use crate::tensor::Tensor;
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn what_a_node_has_besides_stays_its_own_when_nodes_are_cut_off() {
        let tape = Tape::f64();
        let xs = [1.0, -2.0, 3.0, -4.0, 5.0].map(|x| tape.var([x]));
        let y = Var::concat(xs, 0);
        let before = y.leaky_relu(0.25);
        let within = tape.scope(|| before.detach().leaky_relu(0.5).powi(3).sum());
        let after = before.leaky_relu(0.125);
        let attributes = |v: Var<'_, f64>| tape.node(v.id()).attributes;
        assert_eq!(tape.node(y.id()).inputs, xs.map(Var::id));
        assert_eq!(attributes(before), "negative_slope 0.25");
        assert_eq!(attributes(after), "negative_slope 0.125");
        assert_eq!(within.id(), before.id() + 1); // all else is gone
        let grads = after.sum().backward();
        assert_eq!(xs.map(|x| grads[x].item()), [1.0, 0.03125, 1.0, 0.03125, 1.0]);
    }

    /// y = 2x, whose rule panics the first time.
    #[derive(Debug)]
    struct Double(Cell<bool>);

    impl Op<f64> for Double {
        fn name(&self) -> &'static str {
            "double"
        }
        fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
            Ok(x[0].clone())
        }
        fn forward(&self, x: &[&Tensor<f64>], _: Shape, _: &mut Keep<f64>) -> Tensor<f64> {
            x[0].map(|x| 2.0 * x)
        }
        fn vjp<'t>(&self, p: &Pullback<'t, f64>, g: Var<'t, f64>) {
            assert!(self.0.replace(true), "not yet");
            p.pull(0, || g * 2.0);
        }
    }

    #[test]
    fn a_built_in_rule_is_out_once() {
        let tape = Tape::f64();
        let x = tape.var(-2.0);
        let y = x.leaky_relu(0.5);
        let out = tape.nodes.borrow_mut().take_out(y.id()).expect("a rule");
        assert!(tape.nodes.borrow_mut().take_out(y.id()).is_none());
        assert!(catch_unwind(AssertUnwindSafe(|| y.backward())).is_err());
        let node = tape.node(y.id());
        assert!(!node.has_rule && node.name == "leaky_relu");
        tape.nodes.borrow_mut().put_back(y.id(), out);
        assert_eq!(y.backward()[x], 0.5);
    }

    #[test]
    fn a_planted_rule_stays_when_later_nodes_are_cut_off() {
        let tape = Tape::f64();
        let x = tape.var(3.0);
        let y = x * x;
        let _ = tape.scope(|| {
            let z = y.detach().leaky_relu(0.25);
            tape.plant(
                y.id(),
                std::rc::Rc::new(|pulled| pulled.iter_mut().for_each(|(_, g)| *g = Tensor::scalar(1.0))),
            );
            z
        });
        let after = y.leaky_relu(0.5);
        assert_eq!(tape.node(y.id()).name, "mul");
        assert_eq!(after.backward()[x], 1.0);
    }

    #[test]
    fn a_rule_that_panics_is_back_in_its_node() {
        let tape = Tape::f64();
        let x = tape.var(3.0);
        let y = tape.record(Double(Cell::new(false)), &[x]);
        for gradient in [None, Some(2.0)] {
            let pulled = catch_unwind(AssertUnwindSafe(|| y.backward()[x].item()));
            assert_eq!(pulled.ok(), gradient);
            let node = tape.node(y.id());
            assert!(node.has_rule && node.name == "double");
        }
    }
}
