//! `Progress`: a line an epoch, and a bar where a terminal shows it.

use super::callback::{Callback, Moment};
use crate::error::Error;
use crate::float::Float;
use std::io::{self, Write};

/// Tells how the training goes: a line an epoch with everything recorded, and, on a terminal and
/// with the feature `progress`, a bar over the epoch's batches.
///
/// ```text
/// Epoch [ 3/20] train_loss 0.1432 valid_loss 0.1378 learning_rate 0.0010
/// ```
pub struct Progress<W = io::Stderr> {
    out: W,
    every: usize,
    /// The last epoch that ended, and the last that got its line.
    ended: usize,
    told: usize,
    #[cfg(feature = "progress")]
    bar: Option<indicatif::ProgressBar>,
}

impl Progress {
    /// To the standard error stream, so that what a program prints stays apart.
    pub fn new() -> Self {
        #[cfg(feature = "progress")]
        let bar = Some(bar::new());
        Progress {
            out: io::stderr(),
            every: 1,
            ended: 0,
            told: 0,
            #[cfg(feature = "progress")]
            bar,
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: Write> Progress<W> {
    /// Lines only, written here.
    pub fn to(out: W) -> Self {
        Progress {
            out,
            every: 1,
            ended: 0,
            told: 0,
            #[cfg(feature = "progress")]
            bar: None,
        }
    }

    /// A line every so many epochs, and at the last one, also where the training was stopped. 0 counts as 1.
    #[must_use]
    pub fn every(mut self, epochs: usize) -> Self {
        self.every = epochs.max(1);
        self
    }

    /// The line of the epoch that ended last.
    fn tell<'a>(
        &mut self,
        epochs: usize,
        numbers: impl Iterator<Item = (&'a str, f64)>,
    ) -> Result<(), Error> {
        let width = epochs.to_string().len();
        let mut line = format!("Epoch [{:>width$}/{epochs}]", self.ended);
        for (name, value) in numbers {
            line.push_str(&format!(" {name} {}", short(value)));
        }
        self.told = self.ended;
        self.line(&line)
    }

    /// Writes a line, above the bar if there is one.
    fn line(&mut self, line: &str) -> Result<(), Error> {
        #[cfg(feature = "progress")]
        if let Some(bar) = self.bar.as_ref().filter(|bar| !bar.is_hidden()) {
            bar.suspend(|| writeln!(self.out, "{line}"))
                .map_err(|error| Error::io("writing the progress", error))?;
            return Ok(());
        }
        writeln!(self.out, "{line}").map_err(|error| Error::io("writing the progress", error))
    }
}

impl<T: Float, W: Write> Callback<T> for Progress<W> {
    #[cfg(feature = "progress")]
    fn on_epoch_begin(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        if let Some(bar) = &self.bar {
            bar::begin(bar, now.epoch, now.epochs, now.batches);
        }
        Ok(())
    }

    #[cfg(feature = "progress")]
    fn on_batch_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        if let Some(bar) = &self.bar {
            bar::advance(bar, now.batch, now.loss);
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        self.ended = now.epoch;
        if !now.epoch.is_multiple_of(self.every) && now.epoch != now.epochs {
            return Ok(());
        }
        self.tell(now.epochs, now.recorded())
    }

    fn on_train_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        #[cfg(feature = "progress")]
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.ended > self.told {
            // Stopped between two lines.
            let last = now.history.columns().filter_map(|(name, column)| Some((name, *column.last()?)));
            self.tell(now.epochs, last)?;
        }
        match now.stopped().map(|why| format!("Stopped: {why}")) {
            Some(line) => self.line(&line),
            None => Ok(()),
        }
    }
}

/// Four digits behind the point, or an exponent where they would show nothing.
pub(super) fn short(x: f64) -> String {
    if x == 0.0 || (1e-3..1e6).contains(&x.abs()) || !x.is_finite() {
        format!("{x:.4}")
    } else {
        format!("{x:.3e}")
    }
}

#[cfg(feature = "progress")]
mod bar {
    use indicatif::{ProgressBar, ProgressStyle};

    /// Over nothing yet. It hides itself where the standard error stream is no terminal.
    pub fn new() -> ProgressBar {
        let bar = ProgressBar::new(0);
        // OK because the template is ours, and right.
        let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg}")
            .expect("a template without mistakes");
        bar.set_style(style.progress_chars("=> "));
        bar
    }

    pub fn begin(bar: &ProgressBar, epoch: usize, epochs: usize, batches: usize) {
        bar.reset();
        bar.set_length(batches as u64);
        bar.set_prefix(format!("Epoch {epoch}/{epochs}"));
        bar.set_message("");
    }

    pub fn advance(bar: &ProgressBar, batch: usize, loss: f64) {
        bar.set_position(batch as u64);
        bar.set_message(format!("loss {loss:.4}"));
    }
}

impl<W> std::fmt::Debug for Progress<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress").field("every", &self.every).finish_non_exhaustive()
    }
}
