//! Callbacks that look: at losses that are not numbers, at learning rates.

use super::callback::{Callback, Moment};
use crate::error::Error;
use crate::float::Float;
use crate::tape::Gradients;

/// Stops the training when a batch's loss, or a gradient, is NaN or infinite, before the step that would
/// spoil the parameters. Of accumulated batches each one's loss counts.
#[derive(Debug, Clone, Copy, Default)]
#[doc(alias = "nan")]
pub struct TerminateOnNan;

impl<T: Float> Callback<T> for TerminateOnNan {
    fn on_backward(&mut self, now: &mut Moment<'_, T>, grads: &mut Gradients<T>) -> Result<(), Error> {
        stop_on_loss(now);
        let bad = now.params.ids().find(|&id| grads.param(id).is_some_and(|g| !g.is_finite()));
        if let Some(id) = bad {
            let (name, epoch, batch) = (now.params.name(id), now.epoch, now.batch);
            now.stop(format!("the gradient of {name} is not finite in epoch {epoch}, batch {batch}"));
        }
        Ok(())
    }

    /// Of a batch whose step is still to come.
    fn on_batch_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        stop_on_loss(now);
        Ok(())
    }
}

fn stop_on_loss<T: Float>(now: &mut Moment<'_, T>) {
    let Moment { loss, epoch, batch, .. } = *now;
    if !loss.is_finite() {
        now.stop(format!("the loss is {loss} in epoch {epoch}, batch {batch}"));
    }
}

/// Writes down the learning rate of every step.
///
/// The history has that of every epoch. Here is what a schedule over steps did:
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::optim::schedule::Exponential;
/// use wengert::prelude::*;
/// use wengert::train::{LearningRates, Trainer};
/// # let mut params: Params = Params::new();
/// # let w = params.add("w", 0.5);
/// # let (mut sgd, mut rng) = (Sgd::new(0.25), Rng::new(0));
/// let loader = DataLoader::new(Tensor::<f32>::zeros([3, 1]), Tensor::zeros([3, 1]), 1)?;
/// let mut rates = LearningRates::default();
/// Trainer::new(&mut params, &mut sgd, &mut rng)
///     .schedule_steps(Exponential::new(1.0, 0.5)?)
///     .callback(&mut rates)
///     .fit(&loader, 1, |tape, (x, y)| mse(tape.constant(x) * tape.param(w), y))?;
/// assert_eq!(rates.steps(), [1.0, 0.5, 0.25]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct LearningRates(Vec<f64>);

impl LearningRates {
    /// The learning rate of each step since the training began, or was taken up again.
    pub fn steps(&self) -> &[f64] {
        &self.0
    }
}

impl<T: Float> Callback<T> for LearningRates {
    fn on_backward(&mut self, now: &mut Moment<'_, T>, _: &mut Gradients<T>) -> Result<(), Error> {
        self.0.push(now.optimizer.learning_rate());
        Ok(())
    }
}
