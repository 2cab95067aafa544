//! Decays: ηγ^⌊t/n⌋, ηγ^k, ηγᵗ, η(1 − t/n)ᵖ.

use super::Schedule;
use crate::error::Error;
use crate::optim::setting::{at_least_one, not_negative, positive};

/// Every `period` epochs the rate is multiplied by γ: ηγ^⌊t/period⌋.
///
/// ```
/// use wengert::optim::schedule::{Schedule, Step};
/// let schedule = Step::new(1.0, 2, 0.5)?;
/// assert_eq!([0, 1, 2, 3, 4].map(|t| schedule.rate(t)), [1.0, 1.0, 0.5, 0.5, 0.25]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "StepLR")]
pub struct Step {
    base: f64,
    period: usize,
    gamma: f64,
}

impl Step {
    /// From the rate `base`, times `gamma` every `period`.
    ///
    /// # Errors
    /// If `base` is negative, `period` 0, `gamma` not above 0, or one not finite.
    pub fn new(base: f64, period: usize, gamma: f64) -> Result<Self, Error> {
        Ok(Self {
            base: not_negative("learning rate", base)?,
            period: at_least_one("period", period)?,
            gamma: positive("gamma", gamma)?,
        })
    }
}

impl Schedule for Step {
    fn rate(&self, t: usize) -> f64 {
        self.base * self.gamma.powf((t / self.period) as f64)
    }
}

/// At each milestone the rate is multiplied by γ: ηγ^k from the k-th milestone on.
///
/// ```
/// use wengert::optim::schedule::{MultiStep, Schedule};
/// let schedule = MultiStep::new(1.0, [2, 3], 0.5)?;
/// assert_eq!([0, 1, 2, 3, 4].map(|t| schedule.rate(t)), [1.0, 1.0, 0.5, 0.25, 0.25]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "MultiStepLR")]
pub struct MultiStep {
    base: f64,
    milestones: Vec<usize>,
    gamma: f64,
}

impl MultiStep {
    /// From the rate `base`, times `gamma` at each of the milestones. Their order does not
    /// matter; one that stands twice counts twice.
    ///
    /// # Errors
    /// If `base` is negative, `gamma` not above 0, or one not finite.
    pub fn new(base: f64, milestones: impl Into<Vec<usize>>, gamma: f64) -> Result<Self, Error> {
        Ok(Self {
            base: not_negative("learning rate", base)?,
            milestones: milestones.into(),
            gamma: positive("gamma", gamma)?,
        })
    }
}

impl Schedule for MultiStep {
    fn rate(&self, t: usize) -> f64 {
        let passed = self.milestones.iter().filter(|&&milestone| milestone <= t).count();
        self.base * self.gamma.powf(passed as f64)
    }
}

/// Every epoch the rate is multiplied by γ: ηγᵗ.
///
/// ```
/// use wengert::optim::schedule::{Exponential, Schedule};
/// let schedule = Exponential::new(1.0, 0.5)?;
/// assert_eq!([0, 1, 2].map(|t| schedule.rate(t)), [1.0, 0.5, 0.25]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "ExponentialLR")]
pub struct Exponential {
    base: f64,
    gamma: f64,
}

impl Exponential {
    /// From the rate `base`, times `gamma` every time.
    ///
    /// # Errors
    /// If `base` is negative, `gamma` not above 0, or one not finite.
    pub fn new(base: f64, gamma: f64) -> Result<Self, Error> {
        Ok(Self { base: not_negative("learning rate", base)?, gamma: positive("gamma", gamma)? })
    }
}

impl Schedule for Exponential {
    fn rate(&self, t: usize) -> f64 {
        self.base * self.gamma.powf(t as f64)
    }
}

/// Down to 0 after n epochs, along a power: η(1 − t/n)ᵖ. It stays 0 from there on.
///
/// ```
/// use wengert::optim::schedule::{Polynomial, Schedule};
/// let schedule = Polynomial::new(1.0, 4, 2.0)?;
/// assert_eq!([0, 2, 4, 9].map(|t| schedule.rate(t)), [1.0, 0.25, 0.0, 0.0]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "PolynomialLR")]
pub struct Polynomial {
    base: f64,
    steps: usize,
    power: f64,
}

impl Polynomial {
    /// From the rate `base` to 0 at t = `steps`.
    ///
    /// # Errors
    /// If `base` is negative, `steps` 0, `power` not above 0, or one not finite.
    pub fn new(base: f64, steps: usize, power: f64) -> Result<Self, Error> {
        Ok(Self {
            base: not_negative("learning rate", base)?,
            steps: at_least_one("steps", steps)?,
            power: positive("power", power)?,
        })
    }
}

impl Schedule for Polynomial {
    fn rate(&self, t: usize) -> f64 {
        let left = 1.0 - t.min(self.steps) as f64 / self.steps as f64;
        self.base * left.powf(self.power)
    }
}
