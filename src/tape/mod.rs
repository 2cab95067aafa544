//! The Wengert list: operations in the order in which they ran. R. E. Wengert (1964).
//!
//! A [`Tape`] holds nodes; a [`Var`] is a `Copy` handle to one. A node's inputs have smaller ids
//! than the node, so ids are a topological order and going backward is a reverse `for`.

mod accumulate;
mod alone;
mod backward;
mod by_node;
mod failure;
mod gradients;
mod hook;
mod inspect;
mod list;
mod name;
mod op;
mod plain;
mod pullback;
mod record;
mod recycle;
mod scope;
mod var;
mod watch;

pub use accumulate::{Accum, Slots};
pub use gradients::Gradients;
pub use hook::HookId;
pub use inspect::{NodeInfo, NodeKind};
pub use op::{Keep, Op, Point};
#[doc(hidden)]
pub use plain::Fault;
pub use pullback::Pullback;
pub use scope::Layer;
pub use var::{IntoVar, Var};

pub(crate) use accumulate::Expand;
pub(crate) use alone::Change;
pub(crate) use op::{Inline, Words, inline_unit, pack_shape, unpack_shape};
pub(crate) use watch::first_bad;

use crate::float::Float;
use crate::params::{ParamId, Params};
use crate::rng::{self, Rng};
use crate::tensor::Tensor;
use list::{Inputs, List, Node};
use recycle::Recycled;
use scope::{Ages, Layers};
use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

/// A list of operations in the order in which they ran, with every value they made.
///
/// | made by | parameters | dropout | rules |
/// |---|---|---|---|
/// | [`Tape::new`], [`Tape::f64`] | none | off | kept |
/// | [`Tape::training`] | borrowed | on | kept |
/// | [`Tape::eval`] | borrowed | off | kept |
/// | [`Tape::inference`] | borrowed | off | none: no gradients |
///
/// ```
/// use wengert::prelude::*;
/// let tape = Tape::new();
/// let a = tape.var(-4.0);
/// let b = tape.var(2.0);
/// let y = a * b + b.powi(3);
/// let grads = y.backward();
/// assert_eq!(y.item(), 0.0);
/// assert_eq!(grads[a], 2.0); // b
/// assert_eq!(grads[b], 8.0); // a + 3b²
/// ```
///
/// A tape belongs to one thread: it is neither `Sync` nor `Send`, nor is what stands on it, a [`Var`].
///
/// ```compile_fail,E0277
/// fn sent<A: Send>() {}
/// sent::<wengert::Tape<'static, f32>>();
/// ```
///
/// ```compile_fail,E0277
/// fn shared<A: Sync>() {}
/// shared::<wengert::Tape<'static, f32>>();
/// ```
///
/// ```compile_fail,E0277
/// fn sent<A: Send>() {}
/// sent::<wengert::Var<'static, f32>>();
/// ```
// No Drop here: with one, `optimizer.step(&mut params, ..)` would not compile while a tape that
// borrows `params` is still in scope. Nothing here is invariant in 'p, so that a tape coerces to
// one of a shorter life.
pub struct Tape<'p, T: Float = f32> {
    params: Option<&'p Params<T>>,
    /// Which tape: gradients carry it, so that another tape's are not mistaken for this one's.
    number: u64,
    training: bool,
    /// Whether one may go backward: not on an inference tape, nor while a rule runs on scratch. Operations of the user's own
    /// are not kept there.
    keeps_rules: Cell<bool>,
    seed: u64,
    draws: Cell<u64>,
    nodes: RefCell<Recycled<List<T>>>,
    /// The leaf of each parameter that was used; `NONE` elsewhere.
    param_leaves: RefCell<Recycled<Vec<u32>>>,
    ages: Ages,
    layers: Layers,
    names: name::Names,
    hooks: hook::Hooks<T>,
    /// Whether what is not finite panics.
    watched: Cell<bool>,
    /// A line that stands for every line that records: while a rule runs, its operation's.
    line: Cell<Option<&'static Location<'static>>>,
    /// A mistake to make on purpose, for whoever checks a checker.
    fault: Cell<Option<Fault>>,
}

const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Variable,
    Constant,
    /// The leaf of the parameter of this index.
    Parameter(u32),
    Operation,
}

impl Kind {
    fn is_leaf(self) -> bool {
        !matches!(self, Kind::Operation)
    }
}

impl Tape<'static, f32> {
    /// An empty tape of `f32` without parameters.
    #[allow(clippy::new_without_default)] // there is a Default, for every element type
    pub fn new() -> Self {
        Self::make(None, false, true, 0)
    }
}

impl Tape<'static, f64> {
    /// An empty tape of `f64` without parameters.
    pub fn f64() -> Self {
        Self::make(None, false, true, 0)
    }
}

impl<T: Float> Default for Tape<'_, T> {
    /// An empty tape without parameters, for code generic in the element type.
    fn default() -> Self {
        Self::make(None, false, true, 0)
    }
}

impl<'p, T: Float> Tape<'p, T> {
    /// A tape for a training step: dropout is on, and takes its masks from a seed drawn here.
    pub fn training(params: &'p Params<T>, rng: &mut Rng) -> Self {
        Self::make(Some(params), true, true, rng.next_u64())
    }

    /// A tape with dropout off and gradients on: for checking, explaining, adversaries.
    pub fn eval(params: &'p Params<T>) -> Self {
        Self::make(Some(params), false, true, 0)
    }

    /// A tape for predictions: dropout off, no rules kept. [`Var::backward`] panics.
    #[doc(alias = "no_grad")]
    pub fn inference(params: &'p Params<T>) -> Self {
        Self::make(Some(params), false, false, 0)
    }

    fn make(params: Option<&'p Params<T>>, training: bool, keeps_rules: bool, seed: u64) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Tape {
            params,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            training,
            keeps_rules: Cell::new(keeps_rules),
            seed,
            draws: Cell::new(0),
            nodes: RefCell::default(),
            param_leaves: RefCell::default(),
            ages: Ages::default(),
            layers: Layers::default(),
            names: name::Names::default(),
            hooks: hook::Hooks::default(),
            watched: Cell::new(false),
            line: Cell::new(None),
            fault: Cell::new(None),
        }
    }

    /// Whether dropout is on.
    pub fn is_training(&self) -> bool {
        self.training
    }

    /// The number of nodes: leaves and operations.
    pub fn len(&self) -> usize {
        self.nodes.borrow().len()
    }

    /// Whether nothing was recorded yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The parameters this tape borrows.
    pub fn params(&self) -> Option<&'p Params<T>> {
        self.params
    }

    /// A fresh seed for an operation that draws random numbers: from the tape's own seed and a
    /// count of draws, so that it depends on neither node ids nor threads.
    pub fn draw(&self) -> u64 {
        let count = self.draws.get();
        self.draws.set(count + 1);
        rng::nth(self.seed, count)
    }

    /// A leaf that gets a gradient: an input or a weight of one's own.
    #[track_caller]
    pub fn var<'t>(&'t self, value: impl Into<Tensor<T>>) -> Var<'t, T> {
        self.leaf(Kind::Variable, value.into(), true)
    }

    /// A leaf that gets no gradient: data, targets, numbers.
    #[track_caller]
    pub fn constant<'t>(&'t self, value: impl Into<Tensor<T>>) -> Var<'t, T> {
        self.leaf(Kind::Constant, value.into(), false)
    }

    /// The leaf of a parameter: one for each parameter, however often it is asked for, so that
    /// tied uses meet. A frozen parameter's leaf gets no gradient.
    ///
    /// # Panics
    /// If the tape has no parameters, or the id is of another store.
    #[track_caller]
    pub fn param<'t>(&'t self, id: ParamId) -> Var<'t, T> {
        let Some(params) = self.params else {
            panic!("param: this tape has no parameters; make it with Tape::training, eval or inference")
        };
        let index = params.checked(id);
        let mut leaves = self.param_leaves.borrow_mut();
        if leaves.len() <= index {
            leaves.resize(params.len(), NONE);
        }
        if leaves[index] == NONE {
            // OK because ids of parameters are 32 bits wide.
            let leaf = self.leaf(Kind::Parameter(index as u32), Tensor::default(), !params.is_frozen(id));
            leaves[index] = leaf.node();
        }
        self.handle(leaves[index])
    }
}

/// `tape.len()` nodes and where they come from; the views print the nodes themselves.
impl<T: Float> std::fmt::Debug for Tape<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tape<{}> {} of {} nodes", T::NAME, self.number, self.len())
    }
}
