//! `Snapshots`: the parameters as they were, and their gradients, every so many epochs.

use super::callback::{Callback, Moment};
use crate::error::Error;
use crate::float::Float;
use crate::params::{ParamId, Params};
use crate::tape::Gradients;
use crate::tensor::Tensor;

/// Keeps the parameters as they were before the first epoch, after every so many, and after the
/// last: what a picture of the training is drawn from.
///
/// A snapshot takes as much memory as the parameters and their gradients.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::prelude::*;
/// use wengert::train::{Snapshots, Trainer};
/// let mut params: Params = Params::new();
/// let w = params.add("w", 1.0);
/// let loader = DataLoader::new(Tensor::from([[2.0]]), Tensor::from([[0.0]]), 1)?;
/// let (mut sgd, mut rng) = (Sgd::new(0.0625), Rng::new(0));
/// let mut snapshots = Snapshots::every(2);
/// Trainer::new(&mut params, &mut sgd, &mut rng)
///     .callback(&mut snapshots)
///     .fit(&loader, 3, |tape, (x, y)| mse(tape.constant(x) * tape.param(w), y))?;
/// let seen: Vec<_> = snapshots.iter().map(|s| (s.epoch, s.params.value(w).item())).collect();
/// assert_eq!(seen, [(0, 1.0), (2, 0.25), (3, 0.125)]);
/// assert_eq!(snapshots.iter().last().unwrap().grad(w).unwrap().item(), 2.0); // of the last step
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Snapshots<T: Float = f32> {
    every: usize,
    kept: Vec<Snapshot<T>>,
    grads: Vec<Option<Tensor<T>>>,
}

/// A training at the end of an epoch.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Snapshot<T: Float = f32> {
    /// The epoch, from 1; before the first one the number of epochs done.
    pub epoch: usize,
    /// The parameters.
    pub params: Params<T>,
    grads: Vec<Option<Tensor<T>>>,
}

impl<T: Float> Snapshots<T> {
    /// Every so many epochs; every one for 0.
    pub fn every(epochs: usize) -> Self {
        Self { every: epochs.max(1), kept: Vec::new(), grads: Vec::new() }
    }

    /// What was kept, in the order of time.
    pub fn iter(&self) -> std::slice::Iter<'_, Snapshot<T>> {
        self.kept.iter()
    }

    fn keep(&mut self, now: &Moment<'_, T>) {
        self.kept.push(Snapshot { epoch: now.epoch, params: now.params.clone(), grads: self.grads.clone() });
    }
}

impl<'a, T: Float> IntoIterator for &'a Snapshots<T> {
    type Item = &'a Snapshot<T>;
    type IntoIter = std::slice::Iter<'a, Snapshot<T>>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Float> Snapshot<T> {
    /// The gradient of a parameter in the last step before; none if there was no step, or if the
    /// parameter got none.
    ///
    /// # Panics
    /// If the parameter is of another store.
    #[track_caller]
    pub fn grad(&self, id: ParamId) -> Option<&Tensor<T>> {
        // The store says whose parameter it is.
        let _ = self.params.value(id);
        self.grads.get(id.index())?.as_ref()
    }
}

impl<T: Float> Callback<T> for Snapshots<T> {
    fn on_train_begin(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        self.keep(now);
        Ok(())
    }

    fn on_backward(&mut self, _: &mut Moment<'_, T>, grads: &mut Gradients<T>) -> Result<(), Error> {
        // Buffers are shared until somebody writes: this copies nothing.
        self.grads.clear();
        self.grads.extend_from_slice(grads.params());
        Ok(())
    }

    fn on_epoch_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        if now.epoch.is_multiple_of(self.every) || now.epoch == now.epochs || now.stopped().is_some() {
            self.keep(now);
        }
        Ok(())
    }
}
