//! A rate that falls whenever a metric stops getting better.

use crate::error::Error;
use crate::optim::setting::{below_one, not_negative, positive};

/// Multiplies the rate by a factor when a metric has not got better for more than `patience`
/// epochs. Lower counts as better unless [`higher_is_better`](Self::higher_is_better).
///
/// ```
/// use wengert::optim::schedule::ReduceOnPlateau;
/// let mut plateau = ReduceOnPlateau::new(1.0)?.factor(0.5)?.patience(1);
/// let losses = [0.9, 0.7, 0.7, 0.7, 0.7];
/// assert_eq!(losses.map(|loss| plateau.update(loss)), [1.0, 1.0, 1.0, 0.5, 0.5]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "ReduceLROnPlateau")]
pub struct ReduceOnPlateau {
    factor: f64,
    patience: usize,
    threshold: Threshold,
    cooldown: usize,
    floor: f64,
    eps: f64,
    higher_is_better: bool,
    state: PlateauState,
}

/// What a [`ReduceOnPlateau`] remembers between epochs: what a checkpoint holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlateauState {
    /// The learning rate now.
    pub rate: f64,
    /// The best metric so far.
    pub best: Option<f64>,
    /// Epochs since then that were no better.
    pub bad_epochs: usize,
    /// Epochs during which bad ones are not counted yet.
    pub cooldown_left: usize,
}

/// By how much a metric must differ from the best to be better.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Threshold {
    Relative(f64),
    Absolute(f64),
}

impl ReduceOnPlateau {
    /// From the rate `base`: factor 0.1, patience 10, a relative threshold of 10⁻⁴, no cooldown.
    ///
    /// # Errors
    /// If `base` is negative, infinite or NaN.
    pub fn new(base: f64) -> Result<Self, Error> {
        let rate = not_negative("learning rate", base)?;
        Ok(Self {
            factor: 0.1,
            patience: 10,
            threshold: Threshold::Relative(1e-4),
            cooldown: 0,
            floor: 0.0,
            eps: 1e-8,
            higher_is_better: false,
            state: PlateauState { rate, best: None, bad_epochs: 0, cooldown_left: 0 },
        })
    }

    /// What the rate is multiplied by.
    ///
    /// # Errors
    /// If it is not above 0 and below 1.
    pub fn factor(self, factor: f64) -> Result<Self, Error> {
        positive("factor", factor)?;
        Ok(Self { factor: below_one("factor", factor)?, ..self })
    }

    /// How many epochs in a row may be no better; one more, and the rate falls. With 0 it falls
    /// at the first.
    #[must_use]
    pub fn patience(self, patience: usize) -> Self {
        Self { patience, ..self }
    }

    /// A metric is better if it is by this share of the best: below best·(1 − threshold), or
    /// above best·(1 + threshold) if higher is better.
    ///
    /// # Errors
    /// If it is not in [0, 1).
    pub fn threshold(self, threshold: f64) -> Result<Self, Error> {
        Ok(Self { threshold: Threshold::Relative(below_one("threshold", threshold)?), ..self })
    }

    /// A metric is better if it is by more than this.
    ///
    /// # Errors
    /// If it is negative, infinite or NaN.
    pub fn absolute_threshold(self, threshold: f64) -> Result<Self, Error> {
        Ok(Self { threshold: Threshold::Absolute(not_negative("threshold", threshold)?), ..self })
    }

    /// For how many epochs after a fall bad ones are not counted.
    #[must_use]
    pub fn cooldown(self, cooldown: usize) -> Self {
        Self { cooldown, ..self }
    }

    /// The rate never falls below this.
    ///
    /// # Errors
    /// If it is negative, infinite or NaN.
    #[doc(alias = "min_lr")]
    pub fn down_to(self, floor: f64) -> Result<Self, Error> {
        Ok(Self { floor: not_negative("learning rate", floor)?, ..self })
    }

    /// A fall by no more than this is left out; 10⁻⁸ at first.
    ///
    /// # Errors
    /// If it is negative, infinite or NaN.
    pub fn eps(self, eps: f64) -> Result<Self, Error> {
        Ok(Self { eps: not_negative("eps", eps)?, ..self })
    }

    /// For accuracies and the like.
    #[must_use]
    pub fn higher_is_better(self) -> Self {
        Self { higher_is_better: true, ..self }
    }

    /// The learning rate now.
    pub fn rate(&self) -> f64 {
        self.state.rate
    }

    /// Takes an epoch's metric, returns the learning rate for the next epoch. NaN is never
    /// better.
    #[doc(alias = "step")]
    pub fn update(&mut self, metric: f64) -> f64 {
        if self.is_better(metric) {
            self.state.best = Some(metric);
            self.state.bad_epochs = 0;
        } else {
            self.state.bad_epochs += 1;
        }
        if self.state.cooldown_left > 0 {
            self.state.cooldown_left -= 1;
            self.state.bad_epochs = 0;
        }
        if self.state.bad_epochs > self.patience {
            let lower = (self.state.rate * self.factor).max(self.floor);
            if self.state.rate - lower > self.eps {
                self.state.rate = lower;
            }
            self.state.cooldown_left = self.cooldown;
            self.state.bad_epochs = 0;
        }
        self.state.rate
    }

    /// What it remembers.
    pub fn state(&self) -> PlateauState {
        self.state
    }

    /// Takes up where [`state`](Self::state) was read.
    ///
    /// # Errors
    /// If the rate is negative or not finite, or the best metric NaN. Nothing is changed then.
    pub fn load_state(&mut self, state: PlateauState) -> Result<(), Error> {
        not_negative("learning rate", state.rate)?;
        if state.best.is_some_and(f64::is_nan) {
            return Err(Error::config("the best metric of a plateau's state is NaN"));
        }
        self.state = state;
        Ok(())
    }

    fn is_better(&self, metric: f64) -> bool {
        let sign = if self.higher_is_better { 1.0 } else { -1.0 };
        let best = self.state.best.unwrap_or(-sign * f64::INFINITY);
        let bound = match self.threshold {
            Threshold::Relative(share) => best * (1.0 + sign * share),
            Threshold::Absolute(distance) => best + sign * distance,
        };
        if self.higher_is_better { metric > bound } else { metric < bound }
    }
}
