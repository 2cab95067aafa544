//! Half a cosine: η₀ + ½(η − η₀)(1 + cos(πt/n)), once or again and again.

use super::Schedule;
use crate::error::Error;
use crate::optim::setting::{at_least_one, not_negative};
use std::f64::consts::PI;

/// Half a cosine from the base rate down to a floor, reached at t = n, where it stays. (PyTorch's
/// goes up again from there, a trap for those who train longer than they had planned.)
///
/// Loshchilov and Hutter 2017, equation 5.
///
/// ```
/// use wengert::optim::schedule::{CosineAnnealing, Schedule};
/// let schedule = CosineAnnealing::new(1.0, 10)?.down_to(0.5)?;
/// assert_eq!([0, 5, 10, 15].map(|t| schedule.rate(t)), [1.0, 0.75, 0.5, 0.5]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "CosineAnnealingLR")]
pub struct CosineAnnealing {
    base: f64,
    steps: usize,
    floor: f64,
}

impl CosineAnnealing {
    /// From the rate `base` to 0 at t = `steps`.
    ///
    /// # Errors
    /// If `base` is negative, infinite or NaN, or `steps` 0.
    pub fn new(base: f64, steps: usize) -> Result<Self, Error> {
        Ok(Self {
            base: not_negative("learning rate", base)?,
            steps: at_least_one("steps", steps)?,
            floor: 0.0,
        })
    }

    /// Down to this rate instead of 0.
    ///
    /// # Errors
    /// If it is negative, infinite or NaN.
    #[doc(alias = "eta_min")]
    pub fn down_to(self, floor: f64) -> Result<Self, Error> {
        Ok(Self { floor: not_negative("learning rate", floor)?, ..self })
    }
}

impl Schedule for CosineAnnealing {
    fn rate(&self, t: usize) -> f64 {
        anneal(self.base, self.floor, t.min(self.steps) as f64 / self.steps as f64)
    }
}

/// Half a cosine from the base rate to a floor, over and over; each period may be longer than
/// the one before.
///
/// Loshchilov and Hutter 2017, "SGDR".
///
/// ```
/// use wengert::optim::schedule::{CosineWarmRestarts, Schedule};
/// let schedule = CosineWarmRestarts::new(1.0, 2)?.period_factor(2)?;
/// // Periods of 2, 4, 8, ..: they start at t = 0, 2, 6, 14, ..
/// assert_eq!([0, 2, 6, 14].map(|t| schedule.rate(t)), [1.0; 4]);
/// assert!((schedule.rate(4) - 0.5).abs() < 1e-15);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "CosineAnnealingWarmRestarts")]
#[doc(alias = "SGDR")]
pub struct CosineWarmRestarts {
    base: f64,
    period: usize,
    factor: usize,
    floor: f64,
}

impl CosineWarmRestarts {
    /// From the rate `base` towards 0, and again from `base` every `period`.
    ///
    /// # Errors
    /// If `base` is negative, infinite or NaN, or `period` 0.
    pub fn new(base: f64, period: usize) -> Result<Self, Error> {
        Ok(Self {
            base: not_negative("learning rate", base)?,
            period: at_least_one("period", period)?,
            factor: 1,
            floor: 0.0,
        })
    }

    /// Each period is `factor` times as long as the one before.
    ///
    /// # Errors
    /// If it is 0.
    #[doc(alias = "t_mult")]
    pub fn period_factor(self, factor: usize) -> Result<Self, Error> {
        Ok(Self { factor: at_least_one("period factor", factor)?, ..self })
    }

    /// Towards this rate instead of 0.
    ///
    /// # Errors
    /// If it is negative, infinite or NaN.
    #[doc(alias = "eta_min")]
    pub fn down_to(self, floor: f64) -> Result<Self, Error> {
        Ok(Self { floor: not_negative("learning rate", floor)?, ..self })
    }
}

impl Schedule for CosineWarmRestarts {
    fn rate(&self, t: usize) -> f64 {
        let (mut since, mut period) = (t, self.period);
        if self.factor == 1 {
            since %= period;
        }
        while since >= period {
            since -= period;
            period = period.saturating_mul(self.factor);
        }
        anneal(self.base, self.floor, since as f64 / period as f64)
    }
}

/// From `start` at share 0 to `end` at share 1, along half a cosine.
pub(super) fn anneal(start: f64, end: f64, share: f64) -> f64 {
    end + (start - end) / 2.0 * (1.0 + (PI * share).cos())
}
