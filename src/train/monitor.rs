//! Watching one number of the history for getting better.

use super::callback::Moment;
use crate::error::Error;
use crate::float::Float;

/// Which number, what is better, and the best so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Monitor {
    /// `None` for the validation loss, or the training loss where nothing is validated.
    pub name: Option<String>,
    pub higher_is_better: bool,
    /// Better is better by more than this.
    pub min_delta: f64,
    pub best: Option<f64>,
}

impl Monitor {
    pub fn name<T: Float>(&self, now: &Moment<'_, T>) -> String {
        self.name.clone().unwrap_or_else(|| now.loss_name().to_string())
    }

    /// Whether this epoch's number is better than the best before, which it then is. NaN never is.
    pub fn sees_better<T: Float>(&mut self, now: &Moment<'_, T>) -> Result<bool, Error> {
        let value = now.recorded_as(&self.name(now))?;
        let better = match self.best {
            None => !value.is_nan(),
            Some(best) if self.higher_is_better => value > best + self.min_delta,
            Some(best) => value < best - self.min_delta,
        };
        if better {
            self.best = Some(value);
        }
        Ok(better)
    }
}
