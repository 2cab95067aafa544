//! `Pullback`: what a rule sees while it runs: its inputs, its result, and a place to put each
//! input's gradient.

use super::{Inputs, Tape, Var};
use crate::float::Float;
use smallvec::SmallVec;
use std::cell::RefCell;

/// What a rule pulled: inputs by number, and their gradients, each of the input's shape or still
/// broadcast.
pub(crate) type Pulled<G> = SmallVec<[(usize, G); 4]>;

/// The point at which a rule is asked for its gradients.
///
/// [`pull`](Self::pull) is lazy: the closure for an input that needs no gradient is not run.
/// Hoist no work out of it.
pub struct Pullback<'t, T: Float> {
    pub(super) tape: &'t Tape<'t, T>,
    pub(super) inputs: Inputs,
    pub(super) output: u32,
    /// Whether input i needs a gradient, as bit i; inputs beyond 63 always do.
    pub(super) wanted: u64,
    /// What was pulled: (input, gradient).
    pub(super) pulled: RefCell<Pulled<Var<'t, T>>>,
}

impl<'t, T: Float> Pullback<'t, T> {
    /// Input i.
    pub fn x(&self, i: usize) -> Var<'t, T> {
        self.tape.handle(self.inputs[i])
    }

    /// The result.
    pub fn y(&self) -> Var<'t, T> {
        self.tape.handle(self.output)
    }

    /// The number of inputs.
    pub fn arity(&self) -> usize {
        self.inputs.len()
    }

    /// The tape.
    pub fn tape(&self) -> &'t Tape<'t, T> {
        self.tape
    }

    /// Whether input i needs a gradient.
    pub fn wants(&self, i: usize) -> bool {
        i >= 64 || self.wanted >> i & 1 == 1
    }

    /// x̄ᵢ += `gradient()`, if input i needs one.
    ///
    /// # Panics
    /// If there is no input i.
    #[track_caller]
    pub fn pull(&self, i: usize, gradient: impl FnOnce() -> Var<'t, T>) {
        if i >= self.arity() {
            let name = self.tape.node(self.output as usize).name;
            panic!("{name}: its rule gave a gradient to input {i}, the operation has {}", self.arity());
        }
        if self.wants(i) {
            let gradient = gradient();
            self.pulled.borrow_mut().push((i, gradient));
        }
    }
}
