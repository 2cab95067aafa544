//! Scopes of two kinds: `scope` bounds the life of nodes, `layer` gives them a name.

use super::{Kind, NONE, Tape, Var};
use crate::float::Float;
use smallvec::SmallVec;
use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::sync::Arc;

/// Which scopes are open. Every scope has an age of its own; a handle carries the age of the
/// scope it was made in and is good as long as that one is open.
#[derive(Default)]
pub(super) struct Ages {
    current: Cell<u32>,
    youngest: Cell<u32>,
    outer: RefCell<SmallVec<[u32; 4]>>,
}

impl Ages {
    #[inline(always)]
    pub(super) fn current(&self) -> u32 {
        self.current.get()
    }

    #[inline(always)]
    pub(super) fn lives(&self, age: u32) -> bool {
        age == self.current.get() || self.outer.borrow().contains(&age)
    }

    /// # Panics
    /// If there is no age left: an age that came again would let a handle of a scope that has ended pass.
    #[track_caller]
    fn enter(&self) {
        let Some(age) = self.youngest.get().checked_add(1) else {
            panic!("scope: this tape has had 2^32 scopes, those of rules included; go on with a new tape")
        };
        self.outer.borrow_mut().push(self.current.get());
        self.youngest.set(age);
        self.current.set(age);
    }

    fn leave(&self) {
        // OK because `leave` is called by the region that called `enter`, and by it alone.
        let age = self.outer.borrow_mut().pop().expect("a region is left once");
        self.current.set(age);
    }
}

/// Nodes that go when this is dropped, also by a panic.
pub(super) struct Region<'a, 'p, T: Float> {
    tape: &'a Tape<'p, T>,
    start: usize,
    /// Whether the nodes stay after all; their handles end in any case.
    stays: bool,
}

impl<'a, 'p, T: Float> Region<'a, 'p, T> {
    #[track_caller]
    pub(super) fn enter(tape: &'a Tape<'p, T>) -> Self {
        tape.ages.enter();
        Region { tape, start: tape.len(), stays: false }
    }

    /// Leaves the region and its nodes on the tape.
    pub(super) fn keep(mut self) {
        self.stays = true;
    }
}

impl<T: Float> Drop for Region<'_, '_, T> {
    fn drop(&mut self) {
        self.tape.ages.leave();
        if !self.stays {
            let mut nodes = self.tape.nodes.borrow_mut();
            for node in &nodes.nodes()[self.start..] {
                if let Kind::Parameter(index) = node.kind {
                    self.tape.param_leaves.borrow_mut()[index as usize] = NONE;
                }
            }
            self.tape.hooks.forget_from(self.start);
            self.tape.names.forget_from(self.start);
            nodes.truncate(self.start);
        }
    }
}

/// While this lives, a switch is off.
pub(super) struct Off<'a>(&'a Cell<bool>, bool);

impl<'a> Off<'a> {
    pub(super) fn enter(switch: &'a Cell<bool>) -> Self {
        Off(switch, switch.replace(false))
    }
}

impl Drop for Off<'_> {
    fn drop(&mut self) {
        self.0.set(self.1);
    }
}

/// While this lives, this line stands for every line that records.
pub(crate) struct Blame<'a>(&'a Cell<Line>, Line);

type Line = Option<&'static Location<'static>>;

impl Drop for Blame<'_> {
    fn drop(&mut self) {
        self.0.set(self.1);
    }
}

impl<T: Float> Tape<'_, T> {
    /// Has this line stand for every line that records, until the guard is dropped; unless one
    /// does so already, for the outermost caller is the user.
    pub(crate) fn blame(&self, line: &'static Location<'static>) -> Blame<'_> {
        let before = self.line.get();
        self.line.set(before.or(Some(line)));
        Blame(&self.line, before)
    }

    /// Runs `f` and keeps only its result: what was recorded on the way is let go of, and a
    /// `Var` made on the way panics if it is used afterwards. A thousand layers, each in a scope,
    /// leave a thousand and one nodes.
    ///
    /// If a gradient may flow through the result (on a tape that keeps rules), the nodes stay,
    /// since going backward needs them.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let params = Params::<f32>::new();
    /// let tape = Tape::inference(&params);
    /// let mut x = tape.constant([1.0, 2.0]);
    /// for _ in 0..1000 {
    ///     x = tape.scope(|| (x * 0.5).tanh() + x);
    /// }
    /// assert_eq!(tape.len(), 1001);
    /// ```
    #[track_caller]
    pub fn scope<'t>(&'t self, f: impl FnOnce() -> Var<'t, T>) -> Var<'t, T> {
        let mut region = Region::enter(self);
        let result = f();
        self.check(result);
        if result.needs_grad() || result.id() < region.start {
            region.stays = result.id() >= region.start;
            drop(region);
            return self.handle(result.node());
        }
        let value = result.value();
        drop(region);
        self.constant(value)
    }

    /// Names what is recorded until the returned guard is dropped: messages and pictures show it.
    /// Layers name themselves after their parameters.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0]);
    /// let _head = tape.layer("head");
    /// let y = x.sum();
    /// ```
    #[must_use = "the name holds until the guard is dropped"]
    pub fn layer(&self, name: impl Into<Arc<str>>) -> Layer<'_> {
        Layer { layers: &self.layers, before: self.layers.enter(name.into()) }
    }
}

/// A name for what is recorded, until it is dropped. See [`Tape::layer`].
pub struct Layer<'a> {
    layers: &'a Layers,
    before: u32,
}

impl Drop for Layer<'_> {
    fn drop(&mut self) {
        self.layers.current.set(self.before);
    }
}

/// The layers' names. Number 0 is none; n is `names[n − 1]`.
#[derive(Default)]
pub(super) struct Layers {
    names: RefCell<super::recycle::Recycled<Vec<Arc<str>>>>,
    current: Cell<u32>,
}

impl Layers {
    #[inline(always)]
    pub(super) fn current(&self) -> u32 {
        self.current.get()
    }

    /// Makes `name` the current one and returns the one before.
    fn enter(&self, name: Arc<str>) -> u32 {
        let mut names = self.names.borrow_mut();
        let known = names.iter().position(|n| Arc::ptr_eq(n, &name) || *n == name);
        let index = known.unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        self.current.replace(index as u32 + 1)
    }

    pub(super) fn set(&self, layer: u32) -> u32 {
        self.current.replace(layer)
    }

    pub(super) fn name(&self, layer: u32) -> Option<Arc<str>> {
        self.names.borrow().get((layer as usize).checked_sub(1)?).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A handle of the first scope would be taken for one of the scope that had its age again.
    #[test]
    fn no_scope_has_the_age_of_another() {
        let tape = Tape::new();
        let mut first = None;
        tape.scope(|| *first.insert(tape.constant(1.0)));
        tape.ages.youngest.set(u32::MAX - 1);
        let last = tape.scope(|| tape.constant(2.0));
        assert_eq!(last.item(), 2.0);
        for _ in 0..2 {
            let cause = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| tape.scope(|| last * 3.0)));
            let cause = cause.expect_err("a scope of no age");
            assert!(
                cause
                    .downcast_ref::<&str>()
                    .is_some_and(|text| text.starts_with("scope: this tape has had 2^32"))
            );
        }
        assert_eq!((last + 1.0).item(), 3.0); // the tape is as it was
        assert!(!tape.ages.lives(first.unwrap().age()));
    }
}
