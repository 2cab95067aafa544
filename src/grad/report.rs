//! What a check has found, as fields for programs and as text for people.

use super::verdict::Verdict;
use crate::shape::Shape;
use std::fmt;

/// What a gradient check has found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The worst verdict of all.
    pub verdict: Verdict,
    /// What every random number of the check comes from: the same seed repeats it.
    pub seed: u64,
    /// `"f32"` or `"f64"`.
    pub element: &'static str,
    /// Every input at every order that was checked.
    pub inputs: Vec<InputReport>,
    /// How often the function was evaluated.
    pub evaluations: u64,
}

/// What was found about one input.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InputReport {
    /// Its place among the inputs.
    pub number: usize,
    /// Its name: a parameter's own, or `x0`, `x1`, ..
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// The order of the derivative.
    pub order: u32,
    /// How many of its entries were checked.
    pub checked: usize,
    /// How many failed.
    pub failed: usize,
    /// How many lie at a kink.
    pub kinks: usize,
    /// How many showed nothing.
    pub inconclusive: usize,
    /// The entry furthest off of those with the worst verdict.
    pub worst: Option<Entry>,
    /// The largest relative error of the entries that passed.
    pub error: f64,
    /// The smallest relative error that would have been seen in every entry.
    pub resolution: f64,
}

/// One number that was compared.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Entry {
    /// Its place in the row-major buffer.
    pub flat: usize,
    /// Its place along each axis.
    pub index: Vec<usize>,
    /// What the engine says.
    pub analytic: f64,
    /// What the values say.
    pub numeric: f64,
    /// The estimate of the numeric value's error.
    pub estimate: f64,
    /// The derivatives to the left and to the right of a kink, the lesser one first.
    pub sides: [f64; 2],
    /// The step that the numeric value comes from.
    pub step: f64,
    /// The verdict on this entry.
    pub verdict: Verdict,
}

impl Entry {
    /// |analytic − numeric|
    pub fn absolute(&self) -> f64 {
        (self.analytic - self.numeric).abs()
    }

    /// The absolute error over the larger of the two numbers.
    pub fn relative(&self) -> f64 {
        let error = self.absolute() / self.analytic.abs().max(self.numeric.abs());
        if error.is_nan() && self.analytic == self.numeric { 0.0 } else { error }
    }
}

impl Report {
    /// Whether every entry passed or lies at a kink.
    pub fn passed(&self) -> bool {
        matches!(self.verdict, Verdict::Pass | Verdict::Kink)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gradient check: {}    seed {}, {}", self.verdict, self.seed, self.element)?;
        for input in &self.inputs {
            let InputReport { number, name, shape, order, checked, failed, .. } = input;
            write!(f, "\n  input {number} `{name}` {shape}, order {order}: {failed} of {checked} failed")?;
            if let Some(entry) = &input.worst {
                write!(
                    f,
                    "\n    flat {} = {:?}  analytic {:.9e}  numeric {:.9e} ± {:.0e}  rel {:.1e}  {}",
                    entry.flat,
                    entry.index,
                    entry.analytic,
                    entry.numeric,
                    entry.estimate,
                    entry.relative(),
                    entry.verdict,
                )?;
            }
        }
        Ok(())
    }
}

/// A check that did not pass. Its text is the report.
#[derive(Clone)]
pub struct CheckFailed(pub(crate) Box<Report>);

impl CheckFailed {
    /// The report.
    pub fn report(&self) -> &Report {
        &self.0
    }
}

impl fmt::Display for CheckFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The report too: it is what `main` and `unwrap` print.
impl fmt::Debug for CheckFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for CheckFailed {}
