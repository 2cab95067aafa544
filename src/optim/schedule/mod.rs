//! Schedules: the learning rate as a function of the epoch, or of the step.
//!
//! | schedule | rate at t, from the base rate η |
//! |---|---|
//! | [`Constant`] | η |
//! | [`Step`] | ηγ^⌊t/n⌋ |
//! | [`MultiStep`] | ηγ^k after k milestones |
//! | [`Exponential`] | ηγᵗ |
//! | [`Polynomial`] | η(1 − t/n)ᵖ |
//! | [`LinearRamp`] | a line between two factors of η: warm-up, or decay |
//! | [`CosineAnnealing`] | half a cosine from η down |
//! | [`CosineWarmRestarts`] | the same again and again |
//! | [`OneCycle`] | up, and further down |
//! | [`Lambda`] | η·f(t) |
//! | [`Chained`] | one after another |
//! | [`ReduceOnPlateau`] | less whenever a metric stops getting better |
//!
//! All but the last are plain functions of t: nothing to step, nothing to store in a checkpoint
//! but t itself. Their values are those of PyTorch's schedulers of the same names.
//!
//! ```
//! use wengert::optim::schedule::{Chained, CosineAnnealing, LinearRamp};
//! use wengert::prelude::*;
//! # let mut params: Params = Params::new();
//! # let w = params.add("w", 3.0);
//! let epochs = 50;
//! let schedule = Chained::new(LinearRamp::warm_up(0.1, 0.2, 5)?)
//!     .then(5, CosineAnnealing::new(0.1, epochs - 5)?)?;
//! let mut sgd = Sgd::new(0.1).momentum(0.9);
//! for epoch in 0..epochs {
//!     sgd.set_learning_rate(schedule.rate(epoch));
//!     // .. the epoch's steps ..
//! #   let grads = (Tape::eval(&params).param(w) - 2.0).square().backward();
//! #   sgd.step(&mut params, &grads);
//! }
//! # assert!((params[w].item() - 2.0).abs() < 0.1);
//! # Ok::<(), Error>(())
//! ```

mod chained;
mod cosine;
mod decay;
mod linear_ramp;
mod one_cycle;
mod plateau;

pub use chained::Chained;
pub use cosine::{CosineAnnealing, CosineWarmRestarts};
pub use decay::{Exponential, MultiStep, Polynomial, Step};
pub use linear_ramp::LinearRamp;
pub use one_cycle::OneCycle;
pub use plateau::{PlateauState, ReduceOnPlateau};

use crate::error::Error;
use crate::optim::setting::not_negative;

/// A learning rate for every t = 0, 1, 2, ..: epochs, or steps of the optimizer.
pub trait Schedule {
    /// The learning rate at t.
    ///
    /// # Panics
    /// Past the [`end`](Self::end).
    #[track_caller]
    fn rate(&self, t: usize) -> f64;

    /// How many t it has a rate for: 0, 1, .. `end` − 1. `None` if any number.
    fn end(&self) -> Option<usize> {
        None
    }

    /// [`rate`](Self::rate) for a t from outside.
    ///
    /// # Errors
    /// Past the [`end`](Self::end).
    fn try_rate(&self, t: usize) -> Result<f64, Error> {
        match self.end() {
            Some(end) if t >= end => Err(past_end(t, end)),
            _ => Ok(self.rate(t)),
        }
    }
}

impl<S: Schedule + ?Sized> Schedule for Box<S> {
    #[track_caller]
    fn rate(&self, t: usize) -> f64 {
        (**self).rate(t)
    }

    fn end(&self) -> Option<usize> {
        (**self).end()
    }
}

fn past_end(t: usize, end: usize) -> Error {
    Error::config(format!("the schedule has {end} learning rates; t = {t}, counted from 0, is past its end"))
}

/// The same rate always.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "ConstantLR")]
pub struct Constant(f64);

impl Constant {
    /// This rate.
    ///
    /// # Errors
    /// If it is negative, infinite or NaN.
    pub fn new(rate: f64) -> Result<Self, Error> {
        Ok(Self(not_negative("learning rate", rate)?))
    }
}

impl Schedule for Constant {
    fn rate(&self, _: usize) -> f64 {
        self.0
    }
}

/// The base rate times a function of t.
///
/// ```
/// use wengert::optim::schedule::{Lambda, Schedule};
/// let schedule = Lambda::new(0.5, |t| 1.0 / (1.0 + t as f64))?;
/// assert_eq!([0, 1, 3].map(|t| schedule.rate(t)), [0.5, 0.25, 0.125]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "LambdaLR")]
pub struct Lambda<F> {
    base: f64,
    factor: F,
}

impl<F: Fn(usize) -> f64> Lambda<F> {
    /// `base`·`factor`(t). An optimizer refuses the rate where it is negative or not finite.
    ///
    /// # Errors
    /// If `base` is negative, infinite or NaN.
    pub fn new(base: f64, factor: F) -> Result<Self, Error> {
        Ok(Self { base: not_negative("learning rate", base)?, factor })
    }
}

impl<F: Fn(usize) -> f64> Schedule for Lambda<F> {
    fn rate(&self, t: usize) -> f64 {
        self.base * (self.factor)(t)
    }
}
