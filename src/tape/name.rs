//! Names for single values: tables, pictures and messages show them.

use super::{Tape, Var};
use crate::float::Float;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The names by node. A tape without names pays nothing for them.
#[derive(Default)]
pub(super) struct Names(RefCell<BTreeMap<u32, Arc<str>>>);

impl Names {
    pub(super) fn of(&self, node: u32) -> Option<Arc<str>> {
        self.0.borrow().get(&node).cloned()
    }

    pub(super) fn forget_from(&self, start: usize) {
        self.0.borrow_mut().retain(|&node, _| (node as usize) < start);
    }
}

impl<T: Float> Var<'_, T> {
    /// Gives this value a name, which tables, pictures and messages show; the last one counts.
    ///
    /// ```
    /// use wengert::prelude::*;
    /// let tape = Tape::new();
    /// let x = tape.var(2.0).named("x");
    /// let y = (x * x).named("area");
    /// assert_eq!(format!("{y:?}"), "v1 mul \"area\" [] ← v0 v0");
    /// ```
    #[track_caller]
    pub fn named(self, name: impl Into<Arc<str>>) -> Self {
        self.tape.check(self);
        self.tape.names.0.borrow_mut().insert(self.node(), name.into());
        self
    }

    /// The name it was given by [`named`](Self::named), or the parameter's.
    #[track_caller]
    pub fn name(self) -> Option<Arc<str>> {
        self.tape.check(self);
        self.tape.label(self.node())
    }
}

impl<T: Float> Tape<'_, T> {
    /// The name that a node was given, or its parameter's.
    pub(super) fn label(&self, node: u32) -> Option<Arc<str>> {
        self.names.of(node).or_else(|| match (self.nodes.borrow()[node as usize].kind, self.params) {
            (super::Kind::Parameter(index), Some(params)) => Some(params.name_at(index as usize).into()),
            _ => None,
        })
    }
}
