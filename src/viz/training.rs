//! Curves of a training: losses, metrics, learning rates.

use super::plot::Plot;
use crate::error::Error;
use crate::train::{History, RateCurve};

/// Columns of a history over the epochs, the first epoch being 1.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::train::History;
/// use wengert::viz;
/// let mut history = History::new();
/// for (train, valid) in [(0.7, 0.6), (0.4, 0.45), (0.3, 0.41)] {
///     history.push([("train_loss", train), ("valid_loss", valid)]);
/// }
/// let plot = viz::history(&history, &["train_loss", "valid_loss"])?.y("cross-entropy");
/// assert!(plot.svg().contains("valid_loss"));
/// # Ok(()) }
/// ```
///
/// # Errors
/// If the history has no column of a name.
pub fn history(history: &History, names: &[&str]) -> Result<Plot, Error> {
    let mut plot = Plot::new("Training").x("epoch");
    for &name in names {
        let Some(column) = history.get(name) else {
            let known: Vec<&str> = history.columns().map(|(name, _)| name).collect();
            return Err(Error::config(format!(
                "the history has no column {name:?}; there are: {}",
                known.join(", ")
            )));
        };
        plot = plot.line(name, column.iter().enumerate().map(|(i, &y)| (i as f64 + 1.0, y)));
    }
    Ok(plot)
}

/// The learning rate of each step, or of each epoch.
pub fn learning_rates(rates: &[f64]) -> Plot {
    let points = rates.iter().enumerate().map(|(t, &rate)| (t as f64, rate));
    Plot::new("Learning rate").x("t").y("learning rate").line("", points)
}

/// The loss over the learning rate, and the suggested rate.
pub fn learning_rate_search(curve: &RateCurve) -> Plot {
    let over = |losses: &[f64]| curve.rates.iter().copied().zip(losses.iter().copied()).collect::<Vec<_>>();
    let plot = Plot::new("Loss over learning rate")
        .x("learning rate")
        .y("loss")
        .log_x()
        .line("loss of the batch", over(&curve.losses))
        .line("running mean", over(&curve.smoothed));
    match curve.suggestion() {
        Some(rate) => {
            let at = curve.rates.iter().position(|&r| r == rate).map(|i| (rate, curve.smoothed[i]));
            plot.points(format!("suggested: {rate:.2e}"), at)
        }
        None => plot,
    }
}
