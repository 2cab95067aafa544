//! Finding a learning rate: one short run in which it grows from step to step.

use super::FitData;
use super::evaluate::{check_not_empty, number};
use super::trainer::Trainer;
use crate::error::Error;
use crate::float::Float;
use crate::tape::{Tape, Var};

/// Which learning rates a search tries: `steps` of them from `low` to `high`, each the same factor above
/// the one before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateRange {
    /// The first.
    pub low: f64,
    /// The last.
    pub high: f64,
    /// How many.
    pub steps: usize,
}

impl Default for RateRange {
    /// A hundred, from 10⁻⁶ to 1.
    fn default() -> Self {
        RateRange { low: 1e-6, high: 1.0, steps: 100 }
    }
}

/// Losses over learning rates: what a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct RateCurve {
    /// The learning rates tried, growing.
    pub rates: Vec<f64>,
    /// The loss of the batch that was trained on with each.
    pub losses: Vec<f64>,
    /// Their running mean: s ← 0.9s + 0.1l, divided by 1 − 0.9ᵗ so that the first are not too small.
    pub smoothed: Vec<f64>,
}

/// How much of the running mean goes on.
const SMOOTHING: f64 = 0.9;
/// The search ends when the running mean is so many times its lowest.
const DIVERGED: f64 = 4.0;

impl RateCurve {
    /// The rate at which the smoothed loss falls steepest over the rate's logarithm, before its lowest
    /// point; `None` if it falls nowhere (Smith 2017).
    ///
    /// The slope at a point is that of the line through it and its neighbours, a twentieth of the
    /// curve on either side, by least squares. The first points count as neighbours only: their
    /// mean is of few losses.
    pub fn suggestion(&self) -> Option<f64> {
        let y = &self.smoothed;
        let lowest = (0..y.len()).min_by(|&a, &b| y[a].total_cmp(&y[b]))?;
        let reach = (y.len() / 20).max(1);
        let unsettled = (y.len() / 8).min(10);
        // Rates are evenly spaced in their logarithm, so places will do for it.
        let slope = |i: usize| -> f64 {
            let line = (1..=reach).map(|d| d as f64 * (y[i + d] - y[i - d])).sum::<f64>();
            line / (1..=reach).map(|d| 2.0 * (d * d) as f64).sum::<f64>()
        };
        let inner = unsettled.max(reach)..lowest.min(y.len().saturating_sub(reach));
        let steepest = inner.min_by(|&a, &b| slope(a).total_cmp(&slope(b)))?;
        (slope(steepest) < 0.0).then_some(self.rates[steepest])
    }
}

impl<T: Float> Trainer<'_, T> {
    /// Trains for a while with a learning rate that grows from step to step, and puts everything back
    /// as it was: parameters, optimizer, randomness. Ends early when the loss is four times its lowest, or not
    /// finite.
    ///
    /// Schedules, averages, clipping and callbacks have no part in it.
    ///
    /// ```
    /// # fn main() -> Result<(), wengert::Error> {
    /// use wengert::data::datasets;
    /// use wengert::prelude::*;
    /// use wengert::train::{RateRange, Trainer};
    /// let mut rng = Rng::new(1);
    /// let loader = DataLoader::from_dataset(datasets::moons::<f32>(256, 0.1, &mut rng)?, 32)?.shuffle(true);
    /// let mut params = Params::new();
    /// let model = Mlp::new(&mut params.init(&mut rng), [2, 16, 2]);
    /// let mut sgd = Sgd::new(0.1);
    /// let before = params.clone();
    /// let curve = Trainer::new(&mut params, &mut sgd, &mut rng).find_learning_rate(
    ///     &loader,
    ///     RateRange { low: 1e-4, high: 100.0, steps: 80 },
    ///     |tape, (x, labels)| cross_entropy(model.forward(tape.constant(x)), labels),
    /// )?;
    /// let rate = curve.suggestion().expect("the loss falls somewhere");
    /// assert!((0.1..2.0).contains(&rate));
    /// assert!(params.iter().eq(before.iter()));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If `low` is not above 0 or not below `high`, there are fewer than 2 steps, or the loader has no
    /// batch.
    ///
    /// # Panics
    /// If the loss is not a single number or depends on no parameter.
    #[track_caller]
    #[doc(alias = "lr_find")]
    pub fn find_learning_rate<L: FitData>(
        &mut self,
        data: L,
        range: RateRange,
        mut step: impl for<'t> FnMut(&'t Tape<'t, T>, &L::Batch) -> Var<'t, T>,
    ) -> Result<RateCurve, Error> {
        let (loader, _) = data.loaders();
        check_not_empty(loader)?;
        let RateRange { low, high, steps } = range;
        if !(low > 0.0 && low < high && high.is_finite() && steps >= 2) {
            return Err(Error::config(format!(
                "learning rates cannot be tried from {low} to {high} in {steps} steps: \
                 the first must be above 0 and below the last, and there must be at least 2"
            )));
        }
        let (params, state, rng) = (self.params.clone(), self.optimizer.state(self.params), self.rng.clone());

        let mut curve = RateCurve { rates: Vec::new(), losses: Vec::new(), smoothed: Vec::new() };
        let (mut mean, mut lowest) = (0.0, f64::INFINITY);
        'search: loop {
            for batch in loader.epoch(self.rng) {
                let t = curve.rates.len();
                let rate = low * (high / low).powf(t as f64 / (steps - 1) as f64);
                let tape = Tape::training(self.params, self.rng);
                let loss = step(&tape, &batch);
                let value = number(loss);
                mean = SMOOTHING * mean + (1.0 - SMOOTHING) * value;
                let smoothed = mean / (1.0 - SMOOTHING.powi(t as i32 + 1));
                if !smoothed.is_finite() || smoothed > DIVERGED * lowest {
                    break 'search;
                }
                lowest = lowest.min(smoothed);
                curve.rates.push(rate);
                curve.losses.push(value);
                curve.smoothed.push(smoothed);
                if curve.rates.len() == steps {
                    break 'search;
                }
                let grads = loss.backward();
                self.optimizer.set_learning_rate(rate);
                self.optimizer.step(self.params, &grads);
            }
        }
        *self.params = params;
        *self.rng = rng;
        self.optimizer.load_state(self.params, &state)?;
        Ok(curve)
    }
}
