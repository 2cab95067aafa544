//! `Callback`: code of your own at the moments of a training.

use super::history::{History, no_column};
use crate::error::Error;
use crate::float::Float;
use crate::optim::{Optimizer, State};
use crate::params::Params;
use crate::tape::Gradients;

/// Code that runs at the moments of a training. Each method does nothing unless it is written;
/// an error ends the training and comes out of [`fit`](super::Trainer::fit).
///
/// ```text
/// on_train_begin
///   on_epoch_begin
///     on_batch_begin          each batch: forward and backward,
///     on_backward             before the optimizer's step, once for each step
///     on_batch_end
///   on_validation_begin       if there is validation data
///   on_epoch_end              everything of the epoch is recorded
/// on_train_end
/// ```
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::optim::grad_norm;
/// use wengert::prelude::*;
/// use wengert::train::{Callback, Moment, Trainer};
///
/// /// The largest gradient norm of each epoch, as a column of the history.
/// #[derive(Default)]
/// struct LargestNorm(f64);
///
/// impl<T: Float> Callback<T> for LargestNorm {
///     fn on_backward(&mut self, _: &mut Moment<'_, T>, grads: &mut Gradients<T>) -> Result<(), Error> {
///         self.0 = self.0.max(grad_norm(grads));
///         Ok(())
///     }
///     fn on_epoch_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
///         now.record("largest_norm", std::mem::take(&mut self.0));
///         Ok(())
///     }
/// }
///
/// let mut params: Params = Params::new();
/// let w = params.add("w", 1.0);
/// let loader = DataLoader::new(Tensor::from([[2.0]]), Tensor::from([[0.0]]), 1)?;
/// let (mut sgd, mut rng) = (Sgd::new(0.125), Rng::new(0));
/// let history = Trainer::new(&mut params, &mut sgd, &mut rng)
///     .callback(LargestNorm::default())
///     .fit(&loader, 2, |tape, (x, y)| mse(tape.constant(x) * tape.param(w), y))?;
/// assert_eq!(history["largest_norm"], [8.0, 0.0]); // 2·(2w)·2, then w = 0
/// # Ok(()) }
/// ```
pub trait Callback<T: Float = f32> {
    /// Before the first epoch; also of a training that is taken up again.
    #[expect(unused_variables, reason = "a method that does nothing")]
    fn on_train_begin(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        Ok(())
    }

    /// Before an epoch's first batch. The learning rate is set.
    #[expect(unused_variables, reason = "a method that does nothing")]
    fn on_epoch_begin(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        Ok(())
    }

    /// Before a training batch.
    #[expect(unused_variables, reason = "a method that does nothing")]
    fn on_batch_begin(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        Ok(())
    }

    /// Before the optimizer's step, with its gradients: accumulated and clipped. They may be looked
    /// at and changed. After [`stop`](Moment::stop) here, the step is not taken.
    #[expect(unused_variables, reason = "a method that does nothing")]
    fn on_backward(&mut self, now: &mut Moment<'_, T>, grads: &mut Gradients<T>) -> Result<(), Error> {
        Ok(())
    }

    /// After a training batch, and after the step if the batch completed one.
    #[expect(unused_variables, reason = "a method that does nothing")]
    fn on_batch_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        Ok(())
    }

    /// Between an epoch's training and its validation.
    #[expect(unused_variables, reason = "a method that does nothing")]
    fn on_validation_begin(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        Ok(())
    }

    /// After an epoch, with everything recorded by the trainer and by the callbacks before this
    /// one. An epoch that was stopped in its middle has no end.
    #[expect(unused_variables, reason = "a method that does nothing")]
    fn on_epoch_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        Ok(())
    }

    /// After the last epoch. What is written into the parameters here is what the training leaves
    /// behind.
    #[expect(unused_variables, reason = "a method that does nothing")]
    fn on_train_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        Ok(())
    }

    /// What it remembers from epoch to epoch, for the training's checkpoint; `None` if nothing.
    fn state(&self) -> Option<State<T>> {
        None
    }

    /// Takes up where [`state`](Self::state) was read, in a training of these parameters.
    ///
    /// # Errors
    /// If it does not fit. Nothing is changed then.
    #[expect(unused_variables, reason = "a method that does nothing")]
    fn load_state(&mut self, params: &Params<T>, state: &State<T>) -> Result<(), Error> {
        Ok(())
    }
}

/// Where a training stands, as a [`Callback`] sees it.
pub struct Moment<'a, T: Float = f32> {
    /// The epoch, from 1. Before the first one it is the number of epochs done: 0, or more if the
    /// training is taken up again.
    pub epoch: usize,
    /// The last epoch that is to be done.
    pub epochs: usize,
    /// The batch of the epoch, from 1; 0 before the first.
    pub batch: usize,
    /// How many batches an epoch has.
    pub batches: usize,
    /// How many steps the optimizer has taken, in all epochs.
    pub step: usize,
    /// The last batch's loss; NaN before the first.
    pub loss: f64,
    /// The parameters.
    pub params: &'a mut Params<T>,
    /// What changes them.
    pub optimizer: &'a mut dyn Optimizer<T>,
    /// The epochs before this one.
    pub history: &'a History,
    pub(super) average: Option<&'a Params<T>>,
    pub(super) wishes: &'a mut Wishes,
}

/// What callbacks ask the trainer for, and what was measured in the epoch so far.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub record: Vec<(String, f64)>,
    pub stop: Option<String>,
    #[cfg(feature = "safetensors")]
    pub saves: Vec<std::path::PathBuf>,
}

impl<T: Float> Moment<'_, T> {
    /// Puts a number into this epoch's row of the history.
    pub fn record(&mut self, name: impl Into<String>, value: f64) {
        self.wishes.record.push((name.into(), value));
    }

    /// What was recorded in this epoch so far.
    pub fn recorded(&self) -> impl Iterator<Item = (&str, f64)> {
        self.wishes.record.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// The number of this name recorded in this epoch.
    ///
    /// # Errors
    /// If there is none: says which there are.
    pub fn recorded_as(&self, name: &str) -> Result<f64, Error> {
        match self.recorded().filter(|(known, _)| *known == name).last() {
            Some((_, value)) => Ok(value),
            None => Err(Error::config(no_column(name, self.recorded().map(|(name, _)| name)))),
        }
    }

    /// The name of the loss that tells how well the model generalises: `valid_loss`, or
    /// `train_loss` where nothing is validated.
    pub fn loss_name(&self) -> &'static str {
        match self.recorded().any(|(name, _)| name == "valid_loss") {
            true => "valid_loss",
            false => "train_loss",
        }
    }

    /// The parameters that are validated: their running average, if there is one.
    pub fn validated(&self) -> &Params<T> {
        self.average.unwrap_or(self.params)
    }

    /// Why the training ends before its last epoch, if a callback asked for it.
    pub fn stopped(&self) -> Option<&str> {
        self.wishes.stop.as_deref()
    }

    /// Ends the training: at once in the middle of an epoch, otherwise after this moment's
    /// callbacks. Of two reasons the first is kept.
    pub fn stop(&mut self, reason: impl Into<String>) {
        self.wishes.stop.get_or_insert_with(|| reason.into());
    }

    /// Writes the whole training to this file when this epoch's callbacks are through: what
    /// [`Trainer::resume`](super::Trainer::resume) reads. For [`on_epoch_end`](Callback::on_epoch_end).
    #[cfg(feature = "safetensors")]
    pub fn save(&mut self, path: impl Into<std::path::PathBuf>) {
        self.wishes.saves.push(path.into());
    }
}

impl<T: Float> std::fmt::Debug for Moment<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Moment { epoch, epochs, batch, batches, step, loss, .. } = self;
        write!(f, "epoch {epoch} of {epochs}, batch {batch} of {batches}, step {step}, loss {loss}")
    }
}

/// A callback that is looked at again after the training: `trainer.callback(&mut rates)`.
impl<T: Float, C: Callback<T> + ?Sized> Callback<T> for &mut C {
    fn on_train_begin(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        (**self).on_train_begin(now)
    }
    fn on_epoch_begin(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        (**self).on_epoch_begin(now)
    }
    fn on_batch_begin(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        (**self).on_batch_begin(now)
    }
    fn on_backward(&mut self, now: &mut Moment<'_, T>, grads: &mut Gradients<T>) -> Result<(), Error> {
        (**self).on_backward(now, grads)
    }
    fn on_batch_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        (**self).on_batch_end(now)
    }
    fn on_validation_begin(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        (**self).on_validation_begin(now)
    }
    fn on_epoch_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        (**self).on_epoch_end(now)
    }
    fn on_train_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        (**self).on_train_end(now)
    }
    fn state(&self) -> Option<State<T>> {
        (**self).state()
    }
    fn load_state(&mut self, params: &Params<T>, state: &State<T>) -> Result<(), Error> {
        (**self).load_state(params, state)
    }
}
