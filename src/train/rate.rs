//! The learning rate of a training: the optimizer's own, a schedule's, or a plateau's.

use super::history::no_column;
use crate::error::Error;
use crate::float::Float;
use crate::optim::schedule::ReduceOnPlateau;
use crate::optim::{Optimizer, Schedule};

/// What sets the optimizer's learning rate, and when.
pub(super) enum Rate<'a> {
    /// Nothing.
    Own,
    Epochs(Box<dyn Schedule + 'a>),
    Steps(Box<dyn Schedule + 'a>),
    /// With the name of the number that it looks at.
    Plateau(ReduceOnPlateau, String),
}

impl Rate<'_> {
    /// An error if a schedule ends before the training does.
    pub fn check(&self, epochs: usize, steps: usize) -> Result<(), Error> {
        let (what, needed, end) = match self {
            Rate::Epochs(schedule) => ("epochs", epochs, schedule.end()),
            Rate::Steps(schedule) => ("steps", steps, schedule.end()),
            Rate::Own | Rate::Plateau(..) => return Ok(()),
        };
        match end {
            Some(end) if needed > end => Err(Error::config(format!(
                "the schedule has {end} learning rates and the training {needed} {what}: it would end before"
            ))),
            _ => Ok(()),
        }
    }

    pub fn begin_epoch<T: Float>(&self, done: usize, optimizer: &mut dyn Optimizer<T>) -> Result<(), Error> {
        match self {
            Rate::Epochs(schedule) => set(optimizer, schedule.try_rate(done)?, "epoch", done),
            Rate::Plateau(plateau, _) => set(optimizer, plateau.rate(), "epoch", done),
            Rate::Own | Rate::Steps(_) => Ok(()),
        }
    }

    pub fn begin_step<T: Float>(&self, done: usize, optimizer: &mut dyn Optimizer<T>) -> Result<(), Error> {
        match self {
            Rate::Steps(schedule) => set(optimizer, schedule.try_rate(done)?, "step", done),
            Rate::Own | Rate::Epochs(_) | Rate::Plateau(..) => Ok(()),
        }
    }

    /// Shows a plateau the epoch's numbers.
    pub fn end_epoch<T: Float>(
        &mut self,
        record: &[(String, f64)],
        optimizer: &mut dyn Optimizer<T>,
    ) -> Result<(), Error> {
        let Rate::Plateau(plateau, of) = self else { return Ok(()) };
        let Some((_, value)) = record.iter().rfind(|(name, _)| name == of) else {
            let known = record.iter().map(|(name, _)| name.as_str());
            return Err(Error::config(format!("reduce on plateau: {}", no_column(of, known))));
        };
        optimizer.set_learning_rate(plateau.update(*value));
        Ok(())
    }
}

fn set<T: Float>(optimizer: &mut dyn Optimizer<T>, rate: f64, what: &str, t: usize) -> Result<(), Error> {
    if !(rate.is_finite() && rate >= 0.0) {
        return Err(Error::config(format!(
            "the schedule's learning rate at {what} {t}, counted from 0, is {rate}: \
             it must be finite and not negative"
        )));
    }
    optimizer.set_learning_rate(rate);
    Ok(())
}
