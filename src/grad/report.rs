//! What a check has found, as fields for programs. How they are printed is in [`show`](super::show).

use super::pattern::Pattern;
use super::subject::Way;
use super::verdict::{Reason, Verdict};
use crate::shape::Shape;
use std::fmt;

/// What a gradient check has found.
///
/// [`Display`](fmt::Display) prints it for people, in at most 30 lines whatever the size of the
/// model; [`to_json`](Report::to_json) writes every field for programs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The worst verdict of all.
    pub verdict: Verdict,
    /// Every reason why an entry, or the whole check, showed nothing.
    pub reasons: Vec<Reason>,
    /// Reasons that the caller accepts.
    pub allowed: Vec<Reason>,
    /// What every random number of the check comes from: the same seed repeats it.
    pub seed: u64,
    /// `"f32"` or `"f64"`.
    pub element: &'static str,
    /// Every input at every order that was checked. At order 2 the cotangents of order 1 are
    /// inputs, too.
    pub inputs: Vec<InputReport>,
    /// If something failed: the nodes of the tape, each checked alone.
    pub tape: Option<TapeReport>,
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
    /// How many entries it has.
    pub entries: usize,
    /// How many of them were compared one by one.
    pub checked: usize,
    /// How many random directions were compared instead.
    pub probes: usize,
    /// How many entries failed.
    pub failed: usize,
    /// Whether more may have failed than were looked for.
    pub at_least: bool,
    /// The failed entry that is furthest off.
    pub worst: Option<Entry>,
    /// By which ways of going backward it failed.
    pub ways: Vec<Way>,
    /// What all failed entries have in common.
    pub pattern: Option<Pattern>,
    /// How many lie at a kink.
    pub kinks: usize,
    /// The first few of them.
    pub kinks_at: Vec<Entry>,
    /// How many showed nothing.
    pub inconclusive: usize,
    /// The first few of them.
    pub inconclusive_at: Vec<Entry>,
    /// The largest relative error of what passed.
    pub error: f64,
    /// The smallest relative error that would have been seen wherever it was.
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
    /// D− and D+, the derivatives to the left and to the right of a kink, the lesser one first.
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
        if self.analytic == self.numeric {
            return 0.0;
        }
        let size = self.analytic.abs().max(self.numeric.abs());
        if size.is_finite() { self.absolute() / size } else { f64::INFINITY }
    }
}

/// What checking the nodes of a tape one by one has found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TapeReport {
    /// Every node that has a rule.
    pub nodes: Vec<NodeReport>,
    /// What is wrong, if anything is.
    pub place: Option<Place>,
    /// What every random number of the check comes from.
    pub seed: u64,
    /// `"f32"` or `"f64"`.
    pub element: &'static str,
    /// How often a node's forward computation was run.
    pub evaluations: u64,
}

/// What was found about one node.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NodeReport {
    /// Its place on the tape.
    pub id: usize,
    /// The operation's name.
    pub op: String,
    /// The operation's attributes.
    pub attributes: String,
    /// The places of its inputs.
    pub inputs: Vec<usize>,
    /// The shape of its result.
    pub shape: Shape,
    /// The layer it was recorded in.
    pub layer: Option<String>,
    /// The line that recorded it, as `file:line`.
    pub line: String,
    /// The verdict on it alone.
    pub verdict: Verdict,
    /// The derivative along a random direction by its rule, by numbers, and the latter's error.
    pub along: [f64; 3],
    /// If it failed: its inputs, compared entry by entry.
    pub failed: Vec<InputReport>,
}

/// Where an error lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A node's rule is wrong.
    Rule,
    /// A node's value is not what its operation computes from its inputs.
    Replay,
    /// Every node is right and the whole is wrong: uses are not added up, an edge is missing, the
    /// order is wrong, or a hook has changed a gradient.
    Accumulation,
}

impl Report {
    /// Whether everything passed, lies at a kink, or is inconclusive for a reason that was allowed.
    pub fn passed(&self) -> bool {
        self.verdict != Verdict::Fail && self.reasons.iter().all(|reason| self.allowed.contains(reason))
    }

    /// How many entries failed.
    pub fn failed(&self) -> usize {
        self.inputs.iter().map(|input| input.failed).sum()
    }

    /// The largest relative error of what passed.
    pub fn error(&self) -> f64 {
        self.inputs.iter().map(|input| input.error).fold(0.0, f64::max)
    }

    /// The smallest relative error that would have been seen wherever it was.
    pub fn resolution(&self) -> f64 {
        self.inputs.iter().map(|input| input.resolution).fold(0.0, f64::max)
    }

    /// Counts in an input, or a reason.
    pub(crate) fn add(&mut self, input: InputReport) {
        let inconclusive = input.inconclusive_at.iter().map(|entry| entry.verdict);
        let kink = (input.kinks > 0).then_some(Verdict::Kink);
        let fail = (input.failed > 0).then_some(Verdict::Fail);
        for verdict in inconclusive.chain(kink).chain(fail) {
            self.conclude(verdict);
        }
        self.inputs.push(input);
    }

    pub(crate) fn conclude(&mut self, verdict: Verdict) {
        self.verdict = self.verdict.worse(verdict);
        if let Verdict::Inconclusive(reason) = verdict
            && !self.reasons.contains(&reason)
        {
            self.reasons.push(reason);
        }
    }
}

impl TapeReport {
    /// Whether every node passed or stands at a kink, and the whole with them.
    pub fn passed(&self) -> bool {
        self.place.is_none()
            && self.nodes.iter().all(|node| matches!(node.verdict, Verdict::Pass | Verdict::Kink))
    }

    /// The nodes that failed.
    pub fn failing(&self) -> impl Iterator<Item = &NodeReport> {
        self.nodes.iter().filter(|node| node.verdict == Verdict::Fail)
    }
}

/// A check that did not pass. Its text is the report.
#[derive(Clone)]
pub struct CheckFailed<R = Report>(Box<R>);

impl<R> CheckFailed<R> {
    pub(crate) fn new(report: R) -> Self {
        CheckFailed(Box::new(report))
    }

    /// The report.
    pub fn report(&self) -> &R {
        &self.0
    }
}

impl<R: fmt::Display> fmt::Display for CheckFailed<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The report too: it is what `main` and `unwrap` print.
impl<R: fmt::Display> fmt::Debug for CheckFailed<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<R: fmt::Display> std::error::Error for CheckFailed<R> {}
