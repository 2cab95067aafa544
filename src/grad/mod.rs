//! Checking derivatives against numbers, and derivatives as functions of functions.
//!
//! | to check | call | what it tells |
//! |---|---|---|
//! | a function | [`gradcheck`] | its gradients, entry by entry |
//! | a model | [`gradcheck_model`] | those of every parameter, by name |
//! | either, otherwise | [`GradCheck`] | at order 2, along random directions, in part, in `f32`, with dropout on |
//! | a tape as it stands | [`check_tape`] | which node's rule is wrong, each on the values it saw |
//! | a test itself | [`assert_detects`] | whether mistakes planted into the rules would be noticed |
//!
//! The numbers are central differences of the values, (f(x + h) − f(x − h))/2h, extrapolated to
//! h = 0 (Richardson, 1911) with an estimate of their error (Ridders, 1982). Steps shrink where a
//! sample leaves the domain and grow where rounding is the limit. Results are weighed by a random
//! cotangent v, the same in every run with the same [seed](GradCheck::seed), so that one number
//! φ = Σ v·y stands for them all.
//!
//! The [`Verdict`] on an entry is Pass where the two agree *and* a difference would have been seen;
//! Kink where the function has two derivatives and the engine's lies between them; Inconclusive
//! where nothing was shown, with the [`Reason`]; and Fail. `Ok` is returned for Pass and Kink, unless
//! [more is allowed](GradCheck::allow). A [`Report`] is read from its line `where`: a rule, or the
//! adding up of right ones; then `op`, which names the line that recorded the operation, and
//! `pattern`, what the wrong entries have in common.
//!
//! [`grad`], [`value_and_grad`], [`vjp`], [`jacobian`], [`hessian`] and [`hvp`] are for those who do
//! calculus and want no tape.

mod check;
mod entries;
mod fast;
mod functional;
mod json;
mod mutate;
mod nodes;
mod numeric;
mod pattern;
mod report;
mod show;
mod subject;
mod sweep;
mod verdict;
mod watch;

pub use check::GradCheck;
pub use functional::{grad, hessian, hvp, jacobian, value_and_grad, vjp};
pub use mutate::{Detection, Fate, Mutant, Mutation, assert_detects, detect, detect_in_sample};
pub use nodes::check_tape;
pub use pattern::Pattern;
pub use report::{CheckFailed, Entry, InputReport, NodeReport, Place, Report, TapeReport};
pub use subject::Way;
pub use sweep::{Swept, check_sample, sweep};
pub use verdict::{Reason, Verdict};

use crate::params::Params;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// Checks the gradients of a function of `Var`s, at these inputs, against numbers.
///
/// The function's result may have any shape.
///
/// ```
/// use wengert::prelude::*;
/// let x = Tensor::from([[0.5, -1.0], [2.0, 0.3]]);
/// gradcheck(|[x, y]| (x * y).tanh(), [x, Tensor::from([[1.0], [0.7]])]).unwrap();
/// ```
///
/// # Errors
/// If the verdict is not Pass or Kink. The error's text is the report.
pub fn gradcheck<F, I, const N: usize>(f: F, inputs: [I; N]) -> Result<Report, CheckFailed>
where
    I: Into<Tensor<f64>>,
    F: for<'t> Fn([Var<'t, f64>; N]) -> Var<'t, f64>,
{
    GradCheck::new().check(f, inputs)
}

/// Checks the gradients of a model with respect to every parameter that is not frozen.
///
/// ```
/// use wengert::prelude::*;
/// let mut params = Params::new();
/// let w = params.add("w", [0.5, -1.0]);
/// gradcheck_model(&params, |tape| (tape.param(w) * 3.0).tanh()).unwrap();
/// ```
///
/// # Errors
/// If the verdict is not Pass or Kink. The error's text is the report.
pub fn gradcheck_model<F>(params: &Params<f64>, f: F) -> Result<Report, CheckFailed>
where
    F: for<'t> Fn(&'t Tape<'t, f64>) -> Var<'t, f64>,
{
    GradCheck::new().check_model(params, f)
}
