//! Hooks: a user's function on a node's gradient, run once a backward pass, when the gradient is
//! complete. It may look, or return another gradient.

use super::{Tape, Var};
use crate::float::Float;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

type Hook<T> = Rc<dyn for<'t> Fn(Var<'t, T>) -> Var<'t, T>>;

struct Entry<T: Float> {
    node: u32,
    number: u64,
    hook: Hook<T>,
}

pub(super) struct Hooks<T: Float> {
    entries: RefCell<Vec<Entry<T>>>,
    next: Cell<u64>,
}

impl<T: Float> Default for Hooks<T> {
    fn default() -> Self {
        Self { entries: RefCell::default(), next: Cell::new(0) }
    }
}

impl<T: Float> Hooks<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.borrow().is_empty()
    }

    /// The hooks of a node, in the order in which they were added.
    pub(super) fn of(&self, node: u32) -> Vec<Hook<T>> {
        self.entries.borrow().iter().filter(|e| e.node == node).map(|e| e.hook.clone()).collect()
    }

    pub(super) fn forget_from(&self, start: usize) {
        self.entries.borrow_mut().retain(|e| (e.node as usize) < start);
    }
}

/// Which hook, for taking it off again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HookId(u64);

impl<T: Float> Tape<'_, T> {
    /// Runs `f` on the gradient of `v` once in every backward pass, when all contributions are
    /// in; what it returns goes on. Several hooks run in the order in which they were added. It
    /// works in `backward` and in recorded `grad` alike.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let tape = Tape::new();
    /// let x = tape.var(3.0);
    /// let y = x * x;
    /// let hook = tape.hook(y, |g| g * 2.0);
    /// assert_eq!(y.backward()[x], 12.0);
    /// tape.unhook(hook);
    /// assert_eq!(y.backward()[x], 6.0);
    /// ```
    ///
    /// # Panics
    /// In the backward pass, if `f` returns a gradient of another shape.
    #[doc(alias = "register_hook")]
    #[track_caller]
    pub fn hook(&self, v: Var<'_, T>, f: impl for<'t> Fn(Var<'t, T>) -> Var<'t, T> + 'static) -> HookId {
        self.check(v);
        let number = self.hooks.next.get();
        self.hooks.next.set(number + 1);
        self.hooks.entries.borrow_mut().push(Entry { node: v.node(), number, hook: Rc::new(f) });
        HookId(number)
    }

    /// Takes a hook off; returns whether it was there.
    pub fn unhook(&self, hook: HookId) -> bool {
        let mut entries = self.hooks.entries.borrow_mut();
        let before = entries.len();
        entries.retain(|e| e.number != hook.0);
        entries.len() < before
    }

    /// Sends a gradient through the hooks of its node.
    pub(super) fn through_hooks<'t>(&'t self, node: u32, mut gradient: Var<'t, T>) -> Var<'t, T> {
        for hook in self.hooks.of(node) {
            let shape = gradient.shape();
            gradient = hook(gradient);
            assert!(
                gradient.shape() == shape,
                "the hook on v{node} returned a gradient of shape {}, not {shape}",
                gradient.shape()
            );
        }
        gradient
    }
}
