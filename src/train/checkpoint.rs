//! Saving a training, and taking it up again with the same bits.
// What comes from outside may be anything: an error at worst.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

use super::callback::{Callback, Moment};
use super::history::History;
use super::monitor::Monitor;
use super::rate::Rate;
use super::trainer::{Trainer, copy};
use crate::data::{Checkpoint, save_params};
use crate::error::{Error, listed};
use crate::float::Float;
use crate::optim::schedule::PlateauState;
use crate::optim::{Reader, State};
use crate::params::Params;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

impl<T: Float> Trainer<'_, T> {
    /// The whole training as it stands: parameters, what the optimizer, the average, the plateau
    /// and the callbacks remember, epochs and steps, the history, the random numbers. The parameters are
    /// those of the last step, also after a training's end that set them to an average or to the best:
    /// [`save_params`](crate::data::save_params) writes what the training left behind.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint<T> {
        let mut trainer = State::new("Trainer");
        trainer.numbers.insert("epochs".into(), self.epochs as f64);
        trainer.numbers.insert("steps".into(), self.steps as f64);
        let mut checkpoint = Checkpoint::new(self.trained.as_ref().unwrap_or(self.params))
            .with_state("trainer", trainer)
            .with_state("optimizer", self.optimizer.state(self.params))
            .with_columns("history", self.history.columns())
            .with_rng(self.rng);
        if let Some(average) = &self.average {
            checkpoint = checkpoint.with_state("average", average.state());
        }
        if let Rate::Plateau(plateau, _) = &self.rate {
            checkpoint = checkpoint.with_state("plateau", plateau_to_state(plateau.state()));
        }
        for (name, state) in self.callback_states() {
            checkpoint = checkpoint.with_state(name, state);
        }
        checkpoint
    }

    /// Writes [`checkpoint`](Self::checkpoint) to a file, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written; one that was there is as it was then.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        self.checkpoint().save(path)
    }

    /// Takes up a training that was saved: [`fit`](Self::fit) goes on after the epochs that are done, and
    /// gives the bits that it would have given without the interruption. The trainer must be set up as
    /// the one that was saved: settings (schedules, momentum, clipping, ..) are the program's, and are not
    /// in the file.
    ///
    /// ```
    /// # fn main() -> Result<(), wengert::Error> {
    /// use wengert::prelude::*;
    /// use wengert::train::{SaveEvery, Trainer};
    /// # let path = std::env::temp_dir().join("wengert-doc-resume.safetensors");
    /// # let _ = std::fs::remove_file(&path);
    /// let loader = DataLoader::new(Tensor::from([[1.0], [2.0]]), Tensor::from([[3.0], [6.0]]), 1)?.shuffle(true);
    /// let train = |epochs: usize| -> Result<Params, Error> {
    ///     let (mut params, mut rng) = (Params::new(), Rng::new(0));
    ///     let model = Linear::new(&mut params.init(&mut rng), 1, 1);
    ///     let mut sgd = Sgd::new(0.1).momentum(0.5);
    ///     let mut trainer =
    ///         Trainer::new(&mut params, &mut sgd, &mut rng).callback(SaveEvery::new(2, &path)?);
    ///     if path.exists() {
    ///         trainer.resume(&path)?;
    ///     }
    ///     trainer.fit(&loader, epochs, |tape, (x, y)| mse(model.forward(tape.constant(x)), y))?;
    ///     drop(trainer);
    ///     Ok(params)
    /// };
    /// let whole = train(4)?;
    /// # std::fs::remove_file(&path).unwrap();
    /// train(2)?; // .. and the program ends; later it is started again:
    /// assert!(train(4)?.iter().eq(whole.iter()));
    /// # std::fs::remove_file(&path).unwrap();
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If the file cannot be read, or is of another model, optimizer or set-up: says what differs. The
    /// training is as it was before then.
    pub fn resume(&mut self, path: impl AsRef<Path>) -> Result<(), Error> {
        self.restore(&Checkpoint::load(path)?)
    }

    /// [`resume`](Self::resume) from a checkpoint in memory.
    ///
    /// # Errors
    /// If it is of another model, optimizer or set-up: says what differs. The training is as it was before
    /// then.
    pub fn restore(&mut self, checkpoint: &Checkpoint<T>) -> Result<(), Error> {
        self.check_settings()?;
        self.begin_average();
        let (before, params, trained) = (self.checkpoint(), self.params.clone(), self.trained.take());
        self.try_restore(checkpoint).inspect_err(|_| {
            // Each part is taken over whole or not at all, so those that were are put back. The
            // state that a part had, it takes.
            let _ = self.try_restore(&before);
            copy(&params, self.params);
            self.trained = trained;
        })
    }

    fn try_restore(&mut self, checkpoint: &Checkpoint<T>) -> Result<(), Error> {
        let mut reader = Reader::new(checkpoint.state("trainer")?, "Trainer")?;
        let [epochs, steps] = ["epochs", "steps"].map(|key| reader.count(key).unwrap_or_default());
        reader.finish()?;
        let rng = checkpoint.rng()?;
        let history = History::from_columns(epochs as usize, checkpoint.columns("history")?.to_vec())?;
        self.check_parts(checkpoint)?;

        checkpoint.load_params(self.params)?;
        self.optimizer.load_state(self.params, checkpoint.state("optimizer")?)?;
        if let Some(average) = &mut self.average {
            average.load_state(checkpoint.state("average")?)?;
        }
        if let Rate::Plateau(plateau, _) = &mut self.rate {
            plateau.load_state(plateau_from_state(checkpoint.state("plateau")?)?)?;
        }
        let stateful = self.callbacks.iter_mut().filter(|callback| callback.state().is_some());
        for (i, callback) in stateful.enumerate() {
            callback.load_state(self.params, checkpoint.state(&callback_name(i))?)?;
        }
        *self.rng = rng;
        self.history = history;
        self.epochs = epochs as usize;
        self.steps = steps as usize;
        Ok(())
    }

    /// The checkpoint has the parts that this training has, and no other.
    fn check_parts(&self, checkpoint: &Checkpoint<T>) -> Result<(), Error> {
        let here = self.checkpoint();
        let (here, there): (BTreeSet<_>, BTreeSet<_>) =
            (here.states().collect(), checkpoint.states().collect());
        let missing = listed(here.difference(&there).map(|name| name.to_string()), ", ");
        let unknown = listed(there.difference(&here).map(|name| name.to_string()), ", ");
        if missing.is_empty() && unknown.is_empty() {
            return Ok(());
        }
        let mut what = Vec::new();
        if !missing.is_empty() {
            what.push(format!("it holds no state of {missing}"));
        }
        if !unknown.is_empty() {
            what.push(format!("this one has no {unknown}"));
        }
        Err(Error::config(format!(
            "the checkpoint is of a training that was set up otherwise: {}",
            what.join("; ")
        )))
    }

    /// What callbacks remember, by their place among those that remember something.
    fn callback_states(&self) -> impl Iterator<Item = (String, State<T>)> {
        let states = self.callbacks.iter().filter_map(|callback| callback.state());
        states.enumerate().map(|(i, state)| (callback_name(i), state))
    }
}

fn callback_name(i: usize) -> String {
    format!("callback {i}")
}

fn plateau_to_state<T: Float>(plateau: PlateauState) -> State<T> {
    let PlateauState { rate, best, bad_epochs, cooldown_left } = plateau;
    let mut state = State::new("ReduceOnPlateau");
    let numbers =
        [("rate", rate), ("bad_epochs", bad_epochs as f64), ("cooldown_left", cooldown_left as f64)];
    state.numbers =
        numbers.into_iter().chain(best.map(|best| ("best", best))).map(|(k, x)| (k.into(), x)).collect();
    state
}

fn plateau_from_state<T: Float>(state: &State<T>) -> Result<PlateauState, Error> {
    let mut reader = Reader::new(state, "ReduceOnPlateau")?;
    let best = if reader.has("best") { reader.number("best", Ok) } else { None };
    let rate = reader.number("rate", Ok).unwrap_or_default();
    let [bad_epochs, cooldown_left] =
        ["bad_epochs", "cooldown_left"].map(|key| reader.count(key).unwrap_or_default() as usize);
    reader.finish()?;
    Ok(PlateauState { rate, best, bad_epochs, cooldown_left })
}

/// Saves the parameters whenever a number of the history is better than ever before: always the best
/// model so far, in one file, which [`load_params`](crate::data::load_params) reads.
///
/// The number is the validation loss, or the training loss where nothing is validated, unless
/// [`of`](Self::of) says otherwise.
#[derive(Debug, Clone)]
#[doc(alias = "ModelCheckpoint")]
pub struct SaveBest {
    path: PathBuf,
    monitor: Monitor,
}

impl SaveBest {
    /// To this file.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), monitor: Monitor::default() }
    }

    /// Looks at another number of the history, such as `valid_accuracy`.
    #[must_use]
    pub fn of(mut self, name: impl Into<String>) -> Self {
        self.monitor.name = Some(name.into());
        self
    }

    /// For accuracies and the like.
    #[must_use]
    pub fn higher_is_better(mut self) -> Self {
        self.monitor.higher_is_better = true;
        self
    }
}

impl<T: Float> Callback<T> for SaveBest {
    fn on_epoch_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        match self.monitor.sees_better(now)? {
            true => save_params(&self.path, now.validated()),
            false => Ok(()),
        }
    }

    fn state(&self) -> Option<State<T>> {
        let mut state = State::new("SaveBest");
        state.numbers = self.monitor.best.map(|best| ("best".to_string(), best)).into_iter().collect();
        Some(state)
    }

    fn load_state(&mut self, _: &Params<T>, state: &State<T>) -> Result<(), Error> {
        let mut reader = Reader::new(state, "SaveBest")?;
        let best = if reader.has("best") { reader.number("best", Ok) } else { None };
        reader.finish()?;
        self.monitor.best = best;
        Ok(())
    }
}

/// Saves the whole training every so many epochs, for [`Trainer::resume`].
#[derive(Debug, Clone)]
pub struct SaveEvery {
    epochs: usize,
    path: String,
}

impl SaveEvery {
    /// To this file after every `epochs` epochs, counted from the training's beginning. `{epoch}` in
    /// the path stands for the epoch's number, for a file each.
    ///
    /// # Errors
    /// If `epochs` is 0, or the path is no Unicode.
    pub fn new(epochs: usize, path: impl AsRef<Path>) -> Result<Self, Error> {
        if epochs == 0 {
            return Err(Error::config("a training cannot be saved every 0 epochs; 1 means after each"));
        }
        let path = path.as_ref();
        match path.to_str() {
            Some(path) => Ok(Self { epochs, path: path.to_string() }),
            None => Err(Error::config(format!("the path {} is no Unicode", path.display()))),
        }
    }
}

impl<T: Float> Callback<T> for SaveEvery {
    fn on_epoch_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        if now.epoch.is_multiple_of(self.epochs) {
            now.save(self.path.replace("{epoch}", &now.epoch.to_string()));
        }
        Ok(())
    }
}
