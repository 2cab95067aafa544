//! Stopping when it gets no better, and going back to the best.

use super::callback::{Callback, Moment};
use super::monitor::Monitor;
use super::progress::short;
use crate::error::Error;
use crate::float::Float;
use crate::optim::{Reader, State};
use crate::params::Params;

/// Stops the training when a number has not got better for `patience` epochs in a row, and at the
/// end, stopped or not, sets the parameters to those of the best epoch.
///
/// The number is the validation loss, or the training loss where nothing is validated, unless
/// [`of`](Self::of) says otherwise. NaN is never better. Fitting again after a stop trains no further epoch;
/// with a larger patience it does.
#[derive(Debug, Clone)]
pub struct EarlyStopping<T: Float = f32> {
    monitor: Monitor,
    patience: usize,
    waited: usize,
    best_epoch: usize,
    best: Option<Params<T>>,
}

impl<T: Float> EarlyStopping<T> {
    /// Stops after this many epochs in a row without a better one.
    ///
    /// # Errors
    /// If the patience is 0.
    pub fn new(patience: usize) -> Result<Self, Error> {
        if patience == 0 {
            return Err(Error::config(
                "early stopping with a patience of 0 would stop after the first epoch; it must be at least 1",
            ));
        }
        Ok(Self { monitor: Monitor::default(), patience, waited: 0, best_epoch: 0, best: None })
    }

    /// Looks at another number of the history, such as `valid_accuracy`.
    #[must_use]
    pub fn of(mut self, name: impl Into<String>) -> Self {
        self.monitor.name = Some(name.into());
        self
    }

    /// For accuracies and the like.
    #[must_use]
    pub fn higher_is_better(mut self) -> Self {
        self.monitor.higher_is_better = true;
        self
    }

    /// A number is better only if it is by more than this; 0 at first.
    ///
    /// # Errors
    /// If it is negative, infinite or NaN.
    pub fn min_delta(mut self, min_delta: f64) -> Result<Self, Error> {
        if !(min_delta.is_finite() && min_delta >= 0.0) {
            return Err(Error::config(format!(
                "early stopping's min_delta is {min_delta}: it must be finite and not negative"
            )));
        }
        self.monitor.min_delta = min_delta;
        Ok(self)
    }

    /// The best epoch and its number, once there is one.
    pub fn best(&self) -> Option<(usize, f64)> {
        Some((self.best_epoch, self.monitor.best?))
    }

    fn stop_after_patience(&self, name: &str, now: &mut Moment<'_, T>) {
        if self.waited < self.patience {
            return;
        }
        let best = match self.best() {
            Some((epoch, value)) => format!("the best was {} in epoch {epoch}", short(value)),
            None => "there was no number to compare with".to_string(),
        };
        now.stop(format!("{name} got no better for {} epochs; {best}", self.waited));
    }
}

impl<T: Float> Callback<T> for EarlyStopping<T> {
    /// A training that it has ended already stays ended when it is taken up again.
    fn on_train_begin(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        let name = self.monitor.name.clone().unwrap_or_else(|| "the loss".to_string());
        self.stop_after_patience(&name, now);
        Ok(())
    }

    fn on_epoch_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        if self.monitor.sees_better(now)? {
            self.best = Some(now.validated().clone());
            self.best_epoch = now.epoch;
            self.waited = 0;
            return Ok(());
        }
        self.waited += 1;
        let name = self.monitor.name(now);
        self.stop_after_patience(&name, now);
        Ok(())
    }

    fn on_train_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        if let Some(best) = &self.best {
            for id in best.ids() {
                now.params.value_mut(id).clone_from(best.value(id));
            }
        }
        Ok(())
    }

    fn state(&self) -> Option<State<T>> {
        let mut state = State::new("EarlyStopping");
        state.numbers.insert("waited".into(), self.waited as f64);
        state.numbers.insert("best_epoch".into(), self.best_epoch as f64);
        state.numbers.insert("best".into(), self.monitor.best.unwrap_or_default());
        if let Some(best) = &self.best {
            state.tensors = best.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        }
        Some(state)
    }

    fn load_state(&mut self, params: &Params<T>, state: &State<T>) -> Result<(), Error> {
        let mut reader = Reader::new(state, "EarlyStopping")?;
        let [waited, best_epoch] = ["waited", "best_epoch"].map(|key| reader.count(key).unwrap_or_default());
        let best = reader.number("best", Ok);
        let mut weights = params.clone();
        for id in params.ids().filter(|_| best_epoch > 0) {
            if let Some(value) = reader.tensor(params.name(id), params.value(id).shape()) {
                *weights.value_mut(id) = value;
            }
        }
        reader.finish()?;
        self.waited = waited as usize;
        self.best_epoch = best_epoch as usize;
        self.monitor.best = best.filter(|_| best_epoch > 0);
        self.best = (best_epoch > 0).then_some(weights);
        Ok(())
    }
}
