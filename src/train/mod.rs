//! The training loop, for those who do not want to write it: functions and values on top of the
//! public face of the crate. `examples/breast_cancer.rs` has the loop written out.
//!
//! | to | use |
//! |---|---|
//! | train | [`Trainer::fit`] |
//! | see what was measured, draw it, save it | [`History`] |
//! | stop when it gets no better, and keep the best | [`EarlyStopping`] |
//! | stop when a loss is NaN | [`TerminateOnNan`] |
//! | watch it | [`Progress`], [`LearningRates`] |
//! | keep the parameters as they were, to draw the training | [`Snapshots`] |
//! | save the best model, save the training and take it up again | [`SaveBest`], [`SaveEvery`], [`Trainer::resume`] (feature `safetensors`) |
//! | run code of your own on the way | [`Callback`], [`Trainer::each_epoch`] |
//! | weigh rows | [`weighted_mean`] |
//! | find a learning rate | [`Trainer::find_learning_rate`] |
//! | predict, evaluate, score | [`predict`], [`evaluate`], [`score`] |

mod callback;
#[cfg(feature = "safetensors")]
mod checkpoint;
mod early_stopping;
mod evaluate;
mod finder;
mod history;
mod measures;
mod monitor;
mod progress;
mod rate;
mod snapshots;
mod trainer;
mod watch;
mod weights;

pub use callback::{Callback, Moment};
#[cfg(feature = "safetensors")]
pub use checkpoint::{SaveBest, SaveEvery};
pub use early_stopping::EarlyStopping;
pub use evaluate::{evaluate, evaluate_measured, predict, score};
pub use finder::{RateCurve, RateRange};
pub use history::History;
pub use measures::Measures;
pub use progress::Progress;
pub use snapshots::{Snapshot, Snapshots};
pub use trainer::Trainer;
pub use watch::{LearningRates, TerminateOnNan};
pub use weights::weighted_mean;

use crate::data::{DataLoader, Dataset};

/// What [`Trainer::fit`] trains on: a loader, or a pair of loaders with batches of the same type, the
/// second for validation.
pub trait FitData {
    /// A batch of either.
    type Batch;
    /// What is trained on.
    type Train: Dataset<Batch = Self::Batch>;
    /// What is validated on.
    type Valid: Dataset<Batch = Self::Batch>;

    /// The loaders.
    fn loaders(&self) -> (&DataLoader<Self::Train>, Option<&DataLoader<Self::Valid>>);
}

impl<D: Dataset> FitData for &DataLoader<D> {
    type Batch = D::Batch;
    type Train = D;
    type Valid = D;
    fn loaders(&self) -> (&DataLoader<D>, Option<&DataLoader<D>>) {
        (self, None)
    }
}

impl<D: Dataset, V: Dataset<Batch = D::Batch>> FitData for (&DataLoader<D>, &DataLoader<V>) {
    type Batch = D::Batch;
    type Train = D;
    type Valid = V;
    fn loaders(&self) -> (&DataLoader<D>, Option<&DataLoader<V>>) {
        (self.0, Some(self.1))
    }
}
