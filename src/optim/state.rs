//! `State`: what an optimizer remembers between steps, as plain data.
// What comes from outside may be anything: an error at worst.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

use crate::error::{Error, listed};
use crate::float::Float;
use crate::shape::Shape;
use crate::tensor::Tensor;
use std::collections::{BTreeMap, BTreeSet};

/// What is remembered between steps: numbers and tensors by name, ready to be written to a file.
///
/// A name is the parameter's, a dot, and PyTorch's name of the quantity:
/// `hidden1.weight.exp_avg`, `hidden1.weight.step`. Names of numbers that belong to no parameter
/// have no dot: `learning_rate`.
///
/// ```
/// use wengert::prelude::*;
/// let mut params: Params = Params::new();
/// let w = params.add("w", [1.0, 2.0]);
/// let grads = Tape::eval(&params).param(w).square().backward_with([1.0, 1.0]);
///
/// let mut adam = Adam::new(0.1);
/// adam.step(&mut params, &grads);
/// let state = adam.state(&params);
/// assert_eq!((state.kind.as_str(), state.numbers["w.step"]), ("Adam", 1.0));
///
/// // Elsewhere, later: the same bits follow.
/// let mut copy = params.clone();
/// let mut resumed = Adam::new(0.1);
/// resumed.load_state(&copy, &state)?;
/// adam.step(&mut params, &grads);
/// resumed.step(&mut copy, &grads);
/// assert_eq!(params[w], copy[w]);
///
/// let error = Sgd::new(0.1).load_state(&params, &state).unwrap_err();
/// assert_eq!(error.to_string(), "the state is that of Adam and does not fit Sgd");
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct State<T: Float = f32> {
    /// Whose it is: `"Adam"`.
    pub kind: String,
    /// Step counts, the learning rate.
    pub numbers: BTreeMap<String, f64>,
    /// Running means and the like, each of its parameter's shape.
    pub tensors: BTreeMap<String, Tensor<T>>,
}

impl<T: Float> State<T> {
    /// Of this kind, with nothing in it.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), numbers: BTreeMap::new(), tensors: BTreeMap::new() }
    }
}

/// Reads a state and notes everything that does not fit.
pub(crate) struct Reader<'a, T: Float> {
    state: &'a State<T>,
    /// As many as the program has; of the state's own keys, of which a file may have any number, none is kept.
    asked: BTreeSet<String>,
    misfits: Vec<String>,
}

impl<'a, T: Float> Reader<'a, T> {
    /// If the state is of this kind.
    pub fn new(state: &'a State<T>, kind: &str) -> Result<Self, Error> {
        if state.kind != kind {
            return Err(Error::parameter(format!(
                "the state is that of {} and does not fit {kind}",
                state.kind
            )));
        }
        Ok(Self { state, asked: BTreeSet::new(), misfits: Vec::new() })
    }

    /// Whether there is such a number.
    pub fn has(&self, key: &str) -> bool {
        self.state.numbers.contains_key(key)
    }

    /// A number that is in the state and passes `check`; otherwise the misfit is noted, and
    /// `check`'s words with it.
    pub fn number(&mut self, key: &str, check: impl Fn(f64) -> Result<f64, Error>) -> Option<f64> {
        self.asked.insert(key.to_string());
        match self.state.numbers.get(key).map(|&x| check(x)) {
            Some(Ok(x)) => return Some(x),
            Some(Err(error)) => self.misfits.push(format!("{key}: {error}")),
            None => self.misfits.push(format!("{key} is missing")),
        }
        None
    }

    /// How often something happened: a whole number.
    pub fn count(&mut self, key: &str) -> Option<u64> {
        let whole = |x: f64| {
            let holds = x >= 0.0 && x.fract() == 0.0 && x < 2f64.powi(53);
            if holds { Ok(x) } else { Err(Error::config(format!("{x} is not a count"))) }
        };
        self.number(key, whole).map(|x| x as u64)
    }

    /// A tensor that is in the state and has this shape; otherwise the misfit is noted.
    pub fn tensor(&mut self, key: &str, shape: &Shape) -> Option<Tensor<T>> {
        self.asked.insert(key.to_string());
        match self.state.tensors.get(key) {
            Some(tensor) if tensor.shape() == shape => return Some(tensor.clone()),
            Some(tensor) => {
                self.misfits.push(format!("{key} has shape {}, the parameter {shape}", tensor.shape()))
            }
            None => self.misfits.push(format!("{key} is missing")),
        }
        None
    }

    /// An error that names what did not fit, and what was not asked for.
    pub fn finish(self) -> Result<(), Error> {
        let Self { state, asked, misfits } = self;
        let keys = state.numbers.keys().chain(state.tensors.keys());
        let unknown =
            keys.filter(|key| !asked.contains(*key)).map(|key| format!("{key} belongs to nothing here"));
        let misfits = listed(misfits.into_iter().chain(unknown), "; ");
        match misfits.is_empty() {
            true => Ok(()),
            false => Err(Error::parameter(format!("the state of {} does not fit: {misfits}", state.kind))),
        }
    }
}
