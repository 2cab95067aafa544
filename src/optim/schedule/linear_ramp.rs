//! A line: η·(a + (b − a)·t/n), then η·b.

use super::Schedule;
use crate::error::Error;
use crate::optim::setting::{at_least_one, not_negative};

/// A line from one factor of the base rate to another, where it stays: warm-up, or decay.
///
/// ```
/// use wengert::optim::schedule::{LinearRamp, Schedule};
/// let schedule = LinearRamp::warm_up(1.0, 0.25, 3)?;
/// assert_eq!([0, 1, 2, 3, 9].map(|t| schedule.rate(t)), [0.25, 0.5, 0.75, 1.0, 1.0]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "LinearLR")]
#[doc(alias = "warmup")]
pub struct LinearRamp {
    base: f64,
    start: f64,
    end: f64,
    steps: usize,
}

impl LinearRamp {
    /// From `start`·`base` at t = 0 to `end`·`base` at t = `steps`.
    ///
    /// # Errors
    /// If the base or a factor is negative, infinite or NaN, or `steps` 0.
    pub fn new(base: f64, start: f64, end: f64, steps: usize) -> Result<Self, Error> {
        Ok(Self {
            base: not_negative("learning rate", base)?,
            start: not_negative("start factor", start)?,
            end: not_negative("end factor", end)?,
            steps: at_least_one("steps", steps)?,
        })
    }

    /// From `start`·`base` at t = 0 to `base` at t = `steps`.
    ///
    /// # Errors
    /// As of [`new`](Self::new).
    pub fn warm_up(base: f64, start: f64, steps: usize) -> Result<Self, Error> {
        Self::new(base, start, 1.0, steps)
    }
}

impl Schedule for LinearRamp {
    fn rate(&self, t: usize) -> f64 {
        let share = t.min(self.steps) as f64 / self.steps as f64;
        self.base * (self.start + (self.end - self.start) * share)
    }
}
