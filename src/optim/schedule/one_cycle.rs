//! One cycle: up to a high rate, down, and further down.

use super::cosine::anneal;
use super::{Schedule, past_end};
use crate::error::Error;
use crate::optim::setting::{at_least_one, not_negative, positive, share};

/// One cycle (Smith and Topin 2018): from max/25 up to max, then down to max/(25·10⁴). It is meant
/// for the steps of a training whose length is known, and ends with it: asked for more, it
/// panics, and [`try_rate`](Schedule::try_rate) returns an error.
///
/// ```
/// use wengert::optim::schedule::{OneCycle, Schedule};
/// let schedule = OneCycle::new(1.0, 100)?.warm_up_share(0.5)?;
/// for (t, rate) in [(0, 1.0 / 25.0), (49, 1.0), (99, 1.0 / 25e4)] {
///     assert!((schedule.rate(t) - rate).abs() < 1e-15);
/// }
/// let error = schedule.try_rate(100).unwrap_err().to_string();
/// assert_eq!(error, "the schedule has 100 learning rates; t = 100, counted from 0, is past its end");
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "OneCycleLR")]
pub struct OneCycle {
    max: f64,
    steps: usize,
    warm_up: f64,
    div: f64,
    final_div: f64,
    linear: bool,
    three_phases: bool,
}

impl OneCycle {
    /// `steps` rates, of which `max` is the highest.
    ///
    /// # Errors
    /// If `max` is negative, infinite or NaN, or `steps` 0.
    pub fn new(max: f64, steps: usize) -> Result<Self, Error> {
        Ok(Self {
            max: not_negative("learning rate", max)?,
            steps: at_least_one("steps", steps)?,
            warm_up: 0.3,
            div: 25.0,
            final_div: 1e4,
            linear: false,
            three_phases: false,
        })
    }

    /// Which share of the steps goes up; 0.3 at first.
    ///
    /// # Errors
    /// If it is not in [0, 1].
    #[doc(alias = "pct_start")]
    pub fn warm_up_share(self, warm_up: f64) -> Result<Self, Error> {
        Ok(Self { warm_up: share("warm-up share", warm_up)?, ..self })
    }

    /// It starts from max/`div`; 25 at first.
    ///
    /// # Errors
    /// If it is not above 0.
    pub fn div_factor(self, div: f64) -> Result<Self, Error> {
        Ok(Self { div: positive("div factor", div)?, ..self })
    }

    /// It ends at the starting rate/`final_div`; 10⁴ at first.
    ///
    /// # Errors
    /// If it is not above 0.
    pub fn final_div_factor(self, final_div: f64) -> Result<Self, Error> {
        Ok(Self { final_div: positive("final div factor", final_div)?, ..self })
    }

    /// Along lines instead of half cosines.
    #[must_use]
    pub fn linear(self) -> Self {
        Self { linear: true, ..self }
    }

    /// Down to the starting rate in as many steps as it went up, and only then further down.
    #[must_use]
    pub fn three_phases(self) -> Self {
        Self { three_phases: true, ..self }
    }
}

impl Schedule for OneCycle {
    #[track_caller]
    fn rate(&self, t: usize) -> f64 {
        assert!(t < self.steps, "{}", past_end(t, self.steps));
        let start = self.max / self.div;
        let peak = self.warm_up * self.steps as f64 - 1.0;
        let last = ((self.steps - 1) as f64, start / self.final_div);
        // Up, down, and, with three phases, further down: where each phase ends, and its rate.
        let phases = match self.three_phases {
            false => [(peak, self.max), last, last],
            true => [(peak, self.max), (2.0 * peak, start), last],
        };
        let t = t as f64;
        let (mut since, mut from) = (0.0, start);
        for (until, to) in phases {
            if t <= until {
                // A phase without length is over when it begins.
                let share = if until > since { (t - since) / (until - since) } else { 1.0 };
                return if self.linear { from + (to - from) * share } else { anneal(from, to, share) };
            }
            (since, from) = (until, to);
        }
        from
    }

    fn end(&self) -> Option<usize> {
        Some(self.steps)
    }
}
