//! The verdict on one number: what the engine says against what the values say.

use super::numeric::{Derivative, Local};
use crate::float::Float;
use std::fmt;

/// What comparing a derivative with numbers has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The two agree, and the numbers are good enough to have shown a difference.
    Pass,
    /// The function has a kink here, and the derivative lies between the one-sided ones.
    Kink,
    /// Nothing was shown, for this reason.
    Inconclusive(Reason),
    /// The derivative is wrong.
    Fail,
}

/// Why a check shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The two agree, but rounding would hide a difference too.
    Unresolved,
    /// The function does not change over small steps, or over any that floating point can make.
    BelowResolution,
    /// The function has a step here.
    Discontinuity,
    /// The function is not defined on one side of the point, however near.
    EdgeOfDomain,
    /// The function's value is not finite, or so large that it is not under a random cotangent.
    NotFinite,
    /// Called twice, the function gave two results.
    NonDeterministicForward,
    /// Gone backward twice, the engine gave two gradients.
    NonDeterministicBackward,
    /// What a node holds is not what its operation computes.
    ReplayDiffers,
    /// There is no input.
    NothingToCheck,
}

impl Verdict {
    /// How bad it is, for choosing the worst of several.
    fn rank(self) -> u8 {
        match self {
            Verdict::Pass => 0,
            Verdict::Kink => 1,
            Verdict::Inconclusive(_) => 2,
            Verdict::Fail => 3,
        }
    }

    /// The worse of two.
    pub(crate) fn worse(self, other: Self) -> Self {
        if other.rank() > self.rank() { other } else { self }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Pass => f.write_str("pass"),
            Verdict::Kink => f.write_str("kink"),
            Verdict::Inconclusive(reason) => write!(f, "inconclusive: {reason}"),
            Verdict::Fail => f.write_str("fail"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Unresolved => "rounding would hide a difference",
            Reason::BelowResolution => "small steps do not change the function",
            Reason::Discontinuity => "the function has a step here",
            Reason::EdgeOfDomain => "the function ends here",
            Reason::NotFinite => "the function is infinite, NaN or too large here",
            Reason::NonDeterministicForward => "called twice, the function gave two results",
            Reason::NonDeterministicBackward => "gone backward twice, the engine gave two gradients",
            Reason::ReplayDiffers => "the node's value changed, or its operation is not deterministic",
            Reason::NothingToCheck => "there is nothing to differentiate by",
        })
    }
}

/// How close is close.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tolerance {
    /// A relative difference that rounding in the engine explains.
    pub(crate) relative: f64,
    /// The relative difference that has to be visible before agreement counts.
    pub(crate) sight: f64,
}

/// An error estimate is right to within this factor.
const TRUST: f64 = 10.0;

/// A function of many operations may be off by this many of its last digits, smoothly enough to
/// look like a slope: 2·10⁻¹² of |φ|/|x| in `f64`, 10⁻³ in `f32`. (`gelu` at −7.8, of 1 + erf, is off by 460.)
pub(crate) const INSIDE: f64 = 500.0;

impl Tolerance {
    pub(crate) fn of<T: Float>() -> Self {
        match T::NAME {
            "f32" => Tolerance { relative: 1e-5, sight: 1e-2 },
            _ => Tolerance { relative: 1e-9, sight: 5e-7 },
        }
    }

    /// Judges `analytic` against numbers. `scale` is the size that the number could well have
    /// had: a projection of a long gradient may be small by chance.
    pub(crate) fn judge(self, analytic: f64, scale: f64, numeric: &Derivative) -> Verdict {
        match numeric.local {
            Local::Jump => return Verdict::Inconclusive(Reason::Discontinuity),
            Local::Edge => return Verdict::Inconclusive(Reason::EdgeOfDomain),
            Local::Kink | Local::Stairs | Local::Smooth => {}
        }
        if is_zero(analytic, numeric) {
            return Verdict::Pass;
        }
        let sides = numeric.least.abs().max(numeric.greatest.abs());
        let size = scale.max(analytic.abs()).max(numeric.value.abs()).max(sides);
        let blur = TRUST * numeric.error;
        let tolerance = self.blur(size, numeric);
        if !blur.is_finite() {
            return Verdict::Inconclusive(Reason::Unresolved);
        }
        // A NaN is not within anything.
        let within = |more: f64| {
            let tolerance = tolerance + more;
            analytic >= numeric.least - tolerance && analytic <= numeric.greatest + tolerance
        };
        if !within(0.0) {
            // What may be rounding inside the function is not called wrong, nor right.
            let reason = if numeric.flat { Reason::BelowResolution } else { Reason::Unresolved };
            return if numeric.disputed || within(INSIDE * numeric.rounding) {
                Verdict::Inconclusive(reason)
            } else {
                Verdict::Fail
            };
        }
        if numeric.local == Local::Stairs {
            return Verdict::Inconclusive(Reason::BelowResolution);
        }
        if blur > self.sight * size.max(numeric.slope) {
            return Verdict::Inconclusive(Reason::Unresolved);
        }
        if numeric.local == Local::Kink { Verdict::Kink } else { Verdict::Pass }
    }

    /// Differences up to here show nothing, at this size of the two numbers.
    pub(crate) fn blur(self, size: f64, numeric: &Derivative) -> f64 {
        TRUST * numeric.error + self.relative * size
    }

    /// The relative difference that would have gone unseen.
    pub(crate) fn resolution(self, numeric: &Derivative) -> f64 {
        let size = numeric.value.abs().max(numeric.slope);
        if size == 0.0 { 0.0 } else { (TRUST * numeric.error / size).max(self.relative) }
    }
}

/// Whether both derivatives are 0 as far as arithmetic can tell, as those of x/|x| are: the function
/// keeps its value, and the engine says 0 or what rounding leaves where terms of the size of
/// |φ|/|x| cancel. That is some of their last digits, and no less than a part of one: what is
/// smaller, as the slope of x + 10²⁴ is, did not come from rounding, and was not seen.
fn is_zero(analytic: f64, numeric: &Derivative) -> bool {
    // The digit is one over the first step, a twentieth of |x|.
    let residue = numeric.digit / 200.0..=numeric.digit;
    let unseen = numeric.value.abs() <= TRUST * numeric.digit;
    numeric.still && unseen && (analytic == 0.0 || residue.contains(&analytic.abs()))
}
