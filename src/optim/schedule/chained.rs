//! Schedules one after another.

use super::Schedule;
use crate::error::Error;
use std::fmt;

/// One schedule after another, each counting from 0 when its turn comes: a warm-up, then a decay.
///
/// ```
/// use wengert::optim::schedule::{Chained, Exponential, LinearRamp, Schedule};
/// let schedule = Chained::new(LinearRamp::warm_up(1.0, 0.5, 2)?).then(2, Exponential::new(1.0, 0.5)?)?;
/// assert_eq!([0, 1, 2, 3, 4].map(|t| schedule.rate(t)), [0.5, 0.75, 1.0, 0.5, 0.25]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[doc(alias = "SequentialLR")]
pub struct Chained {
    /// When each begins, and what it is.
    parts: Vec<(usize, Box<dyn Schedule>)>,
}

impl Chained {
    /// Starts with this one.
    pub fn new(first: impl Schedule + 'static) -> Self {
        Self { parts: vec![(0, Box::new(first))] }
    }

    /// From t = `milestone` on, the next one.
    ///
    /// # Errors
    /// If the milestone is not after the one before, or past the end of the schedule before.
    pub fn then(mut self, milestone: usize, next: impl Schedule + 'static) -> Result<Self, Error> {
        let (begin, last) = self.last();
        if milestone <= begin {
            return Err(Error::config(format!(
                "a schedule cannot follow at t = {milestone}: the one before it begins at t = {begin}"
            )));
        }
        if let Some(end) = last.end().filter(|end| begin + end < milestone) {
            return Err(Error::config(format!(
                "a schedule cannot follow at t = {milestone}: the one before it ends at t = {}",
                begin + end
            )));
        }
        self.parts.push((milestone, Box::new(next)));
        Ok(self)
    }

    fn last(&self) -> (usize, &dyn Schedule) {
        // OK because `new` puts a first one in.
        let (begin, schedule) = self.parts.last().expect("there is a first schedule");
        (*begin, schedule)
    }
}

impl Schedule for Chained {
    #[track_caller]
    fn rate(&self, t: usize) -> f64 {
        // OK because the first schedule begins at 0.
        let (begin, schedule) = self.parts.iter().rfind(|(begin, _)| *begin <= t).expect("one begins at 0");
        schedule.rate(t - begin)
    }

    fn end(&self) -> Option<usize> {
        let (begin, last) = self.last();
        Some(begin + last.end()?)
    }
}

impl fmt::Debug for Chained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begins: Vec<_> = self.parts.iter().map(|(begin, _)| begin).collect();
        f.debug_struct("Chained").field("begins", &begins).finish_non_exhaustive()
    }
}
