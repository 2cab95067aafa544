//! `Trainer`: the loop.
//!
//! ```text
//! for each epoch
//!     for each batch:  tape, loss, gradients, clipping, the optimizer's step, the average's update
//!     the loss on the validation data
//!     the learning rate of the next epoch
//! ```

use super::callback::{Callback, Moment, Wishes};
use super::evaluate::{batch_rows, check_not_empty, evaluate_measured, number};
use super::history::History;
use super::rate::Rate;
use super::{FitData, Measures};
use crate::data::{DataLoader, Dataset};
use crate::error::Error;
use crate::float::Float;
use crate::optim::schedule::ReduceOnPlateau;
use crate::optim::{Optimizer, Schedule, WeightAverage, clip_grad_norm, clip_grad_value};
use crate::params::Params;
use crate::rng::Rng;
use crate::tape::{Gradients, Tape, Var};

/// Trains parameters: the loop around an optimizer, for those who do not want to write it.
///
/// It borrows what a training changes (parameters, optimizer, randomness), takes its settings one
/// by one, and runs with [`fit`](Self::fit). Settings out of range are reported there, before anything is
/// changed.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::data::datasets;
/// use wengert::optim::schedule::CosineAnnealing;
/// use wengert::prelude::*;
/// use wengert::train::{EarlyStopping, Trainer};
///
/// let mut rng = Rng::new(42);
/// let (train, valid) = train_test_split(&datasets::moons::<f32>(200, 0.1, &mut rng)?, 0.25, &mut rng)?;
/// let train = DataLoader::from_dataset(train, 32)?.shuffle(true);
/// let valid = DataLoader::from_dataset(valid, 32)?;
///
/// let mut params = Params::new();
/// let model = Mlp::new(&mut params.init(&mut rng), [2, 16, 2]).activation(Activation::Tanh);
/// let mut adam = Adam::new(0.1);
/// let history = Trainer::new(&mut params, &mut adam, &mut rng)
///     .schedule(CosineAnnealing::new(0.1, 40)?)
///     .clip_norm(1.0)
///     .callback(EarlyStopping::new(10)?)
///     .fit((&train, &valid), 40, |tape, (x, labels)| {
///         cross_entropy(model.forward(tape.constant(x)), labels)
///     })?;
/// assert!(history.last("valid_loss") < Some(0.1));
/// # Ok(()) }
/// ```
pub struct Trainer<'a, T: Float = f32> {
    pub(super) params: &'a mut Params<T>,
    pub(super) optimizer: &'a mut dyn Optimizer<T>,
    pub(super) rng: &'a mut Rng,
    pub(super) rate: Rate<'a>,
    pub(super) average: Option<WeightAverage<T>>,
    /// The parameters as the last step left them, while `params` are what a training's end made of them:
    /// the average, or the best. From here it goes on.
    pub(super) trained: Option<Params<T>>,
    pub(super) callbacks: Vec<Box<dyn Callback<T> + 'a>>,
    /// Epochs done, and steps of the optimizer.
    pub(super) epochs: usize,
    pub(super) steps: usize,
    pub(super) history: History,
    accumulate: usize,
    clip_norm: Option<f64>,
    clip_value: Option<f64>,
    ema: Option<f64>,
}

/// Where in a training's epochs and batches it stands; see [`Moment`].
#[derive(Debug, Clone, Copy)]
struct Place {
    epoch: usize,
    epochs: usize,
    batch: usize,
    batches: usize,
    loss: f64,
}

impl<'a, T: Float> Trainer<'a, T> {
    /// A training of these parameters by this optimizer. All randomness (the order of the rows, dropout)
    /// comes from `rng`: the same seed gives the same bits.
    #[must_use]
    pub fn new(params: &'a mut Params<T>, optimizer: &'a mut dyn Optimizer<T>, rng: &'a mut Rng) -> Self {
        Self {
            params,
            optimizer,
            rng,
            rate: Rate::Own,
            average: None,
            trained: None,
            callbacks: Vec::new(),
            epochs: 0,
            steps: 0,
            history: History::new(),
            accumulate: 1,
            clip_norm: None,
            clip_value: None,
            ema: None,
        }
    }

    /// Sets the learning rate at the beginning of every epoch, the first being t = 0. Of several
    /// schedules, the one given last holds.
    #[must_use]
    pub fn schedule(mut self, schedule: impl Schedule + 'a) -> Self {
        self.rate = Rate::Epochs(Box::new(schedule));
        self
    }

    /// Sets the learning rate before every step of the optimizer, the first being t = 0: for
    /// [`OneCycle`](crate::optim::schedule::OneCycle).
    #[must_use]
    pub fn schedule_steps(mut self, schedule: impl Schedule + 'a) -> Self {
        self.rate = Rate::Steps(Box::new(schedule));
        self
    }

    /// Lowers the learning rate when a number in the history, such as `valid_loss`, stops getting
    /// better.
    #[must_use]
    pub fn reduce_on_plateau(mut self, plateau: ReduceOnPlateau, of: impl Into<String>) -> Self {
        self.rate = Rate::Plateau(plateau, of.into());
        self
    }

    /// Adds up the gradients of so many batches before each step: a batch as large as all of them
    /// together, in the memory of one. They are averaged over their rows; what is left at an epoch's end
    /// makes a step of its own.
    #[must_use]
    pub fn accumulate(mut self, batches: usize) -> Self {
        self.accumulate = batches;
        self
    }

    /// Scales gradients whose norm, over all parameters together, is above this; see
    /// [`clip_grad_norm`].
    #[must_use]
    pub fn clip_norm(mut self, max_norm: f64) -> Self {
        self.clip_norm = Some(max_norm);
        self
    }

    /// Cuts every entry of the gradients to ±`limit`; see [`clip_grad_value`]. Comes before
    /// [`clip_norm`](Self::clip_norm) if both are set.
    #[must_use]
    pub fn clip_value(mut self, limit: f64) -> Self {
        self.clip_value = Some(limit);
        self
    }

    /// Keeps an exponential running mean of the parameters ([`WeightAverage::ema`]), updated after
    /// every step. It is what is validated, and what the parameters are set to at the end.
    #[must_use]
    pub fn ema(mut self, decay: f64) -> Self {
        self.ema = Some(decay);
        self
    }

    /// Adds code that runs at the moments of the training; several run in the order in which they
    /// were added.
    #[must_use]
    pub fn callback(mut self, callback: impl Callback<T> + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Adds a function that runs at the end of every epoch: for metrics of a whole data set, say.
    ///
    /// ```
    /// # fn main() -> Result<(), wengert::Error> {
    /// use wengert::prelude::*;
    /// use wengert::train::Trainer;
    /// # let mut params: Params = Params::new();
    /// # let w = params.add("w", 0.5);
    /// # let (mut sgd, mut rng) = (Sgd::new(0.25), Rng::new(0));
    /// # let loader = DataLoader::new(Tensor::from([[1.0]]), Tensor::from([[0.0]]), 1)?;
    /// let history = Trainer::new(&mut params, &mut sgd, &mut rng)
    ///     .each_epoch(|now| {
    ///         now.record("w", now.params[w].item().into());
    ///         Ok(())
    ///     })
    ///     .fit(&loader, 2, |tape, (x, y)| mse(tape.constant(x) * tape.param(w), y))?;
    /// assert_eq!(history["w"], [0.25, 0.125]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn each_epoch(self, f: impl FnMut(&mut Moment<'_, T>) -> Result<(), Error> + 'a) -> Self {
        self.callback(EachEpoch(f))
    }

    /// Trains until `epochs` epochs are done, and returns what was measured in all of them. `step` makes the
    /// loss of a batch on a tape, for training and validation alike; it may have as many inputs and
    /// sum up as many losses as it likes. The loss of an epoch is the mean over its rows.
    ///
    /// `data` is a loader to train on, or a pair of loaders, the second for validation.
    ///
    /// Called again with a larger number of epochs, it goes on from the last step, with the bits of a single
    /// call: what [`ema`](Self::ema) or [`EarlyStopping`](super::EarlyStopping) set the parameters to at the end
    /// is for the caller alone. After an error it goes on with the epoch that was not completed. So it does after
    #[cfg_attr(feature = "safetensors", doc = "[`resume`](Self::resume).")]
    #[cfg_attr(not(feature = "safetensors"), doc = "`resume`, which the feature `safetensors` adds.")]
    ///
    /// # Errors
    /// If a setting is out of range, a schedule ends before the training does, or a loader has no
    /// batch, before anything is changed; or if a callback fails.
    ///
    /// # Panics
    /// If the loss is not a single number or depends on no parameter.
    #[track_caller]
    pub fn fit<L: FitData>(
        &mut self,
        data: L,
        epochs: usize,
        mut step: impl for<'t> FnMut(&'t Tape<'t, T>, &L::Batch) -> Var<'t, T>,
    ) -> Result<History, Error> {
        self.fit_measured(data, epochs, |tape, batch, _| Ok(step(tape, batch)))
    }

    /// [`fit`](Self::fit) with a step that measures more than its loss, and that may fail. The
    /// numbers appear in the history as `train_NAME` and `valid_NAME`.
    ///
    /// ```
    /// # fn main() -> Result<(), wengert::Error> {
    /// use wengert::metrics::mae;
    /// use wengert::prelude::*;
    /// use wengert::train::Trainer;
    /// # let mut params: Params = Params::new();
    /// # let w = params.add("w", 1.0);
    /// # let (mut sgd, mut rng) = (Sgd::new(0.25), Rng::new(0));
    /// # let loader = DataLoader::new(Tensor::from([[1.0]]), Tensor::from([[0.0]]), 1)?;
    /// let mut trainer = Trainer::new(&mut params, &mut sgd, &mut rng);
    /// let history = trainer.fit_measured((&loader, &loader), 1, |tape, (x, y), measures| {
    ///     let p = tape.constant(x) * tape.param(w);
    ///     measures.add("mae", mae(&p.value(), y)?);
    ///     Ok(mse(p, y))
    /// })?;
    /// assert_eq!((history["train_mae"][0], history["valid_mae"][0]), (1.0, 0.5));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`fit`](Self::fit), and those of the step.
    ///
    /// # Panics
    /// If the loss is not a single number or depends on no parameter.
    #[track_caller]
    pub fn fit_measured<L: FitData>(
        &mut self,
        data: L,
        epochs: usize,
        mut step: impl for<'t> FnMut(&'t Tape<'t, T>, &L::Batch, &mut Measures) -> Result<Var<'t, T>, Error>,
    ) -> Result<History, Error> {
        let (train, valid) = data.loaders();
        self.check(train, valid.is_some_and(DataLoader::is_empty), epochs)?;
        self.begin_average();
        if let Some(trained) = self.trained.take() {
            copy(&trained, self.params);
        }
        self.history.stopped = None;
        let mut place = Place { epoch: self.epochs, epochs, batch: 0, batches: train.len(), loss: f64::NAN };
        let mut wishes = Wishes::default();
        self.call(place, &mut wishes, |callback, now| callback.on_train_begin(now))?;

        while self.epochs < epochs && wishes.stop.is_none() {
            place = Place { epoch: self.epochs + 1, batch: 0, ..place };
            self.rate.begin_epoch(self.epochs, self.optimizer)?;
            self.call(place, &mut wishes, |callback, now| callback.on_epoch_begin(now))?;

            let Some((loss, measured)) = self.train_epoch(train, &mut place, &mut wishes, &mut step)? else {
                break;
            };
            record(&mut wishes, "train", loss, &measured);
            if let Some(valid) = valid {
                self.call(place, &mut wishes, |callback, now| callback.on_validation_begin(now))?;
                let params = self.average.as_ref().map_or(&*self.params, WeightAverage::params);
                let (loss, measured) = evaluate_measured(params, valid, &mut step)?;
                record(&mut wishes, "valid", loss, &measured);
            }
            wishes.record.push(("learning_rate".into(), self.optimizer.learning_rate()));
            self.call(place, &mut wishes, |callback, now| callback.on_epoch_end(now))?;

            self.rate.end_epoch(&wishes.record, self.optimizer)?;
            self.history.push(wishes.record.drain(..));
            self.epochs += 1;
            #[cfg(feature = "safetensors")]
            for path in wishes.saves.drain(..) {
                self.save(path)?;
            }
        }
        let trained = self.params.clone();
        if let Some(average) = &self.average {
            copy(average.params(), self.params);
        }
        self.history.stopped = wishes.stop.clone();
        self.call(place, &mut wishes, |callback, now| callback.on_train_end(now))?;
        self.trained = Some(trained);
        Ok(self.history.clone())
    }

    /// Trains on every batch once; the mean loss and what was measured, or nothing if the training was
    /// stopped on the way.
    #[track_caller]
    fn train_epoch<D: Dataset>(
        &mut self,
        loader: &DataLoader<D>,
        place: &mut Place,
        wishes: &mut Wishes,
        step: &mut impl for<'t> FnMut(&'t Tape<'t, T>, &D::Batch, &mut Measures) -> Result<Var<'t, T>, Error>,
    ) -> Result<Option<(f64, Measures)>, Error> {
        let (mut losses, mut measures) = (Measures::new(), Measures::new());
        let mut pending: Option<Pending<T>> = None;
        for (batch, rows) in loader.epoch(self.rng).zip(batch_rows(loader)) {
            place.batch += 1;
            self.call(*place, wishes, |callback, now| callback.on_batch_begin(now))?;
            if wishes.stop.is_some() {
                return Ok(None);
            }
            losses.next_batch(rows);
            measures.next_batch(rows);
            let tape = Tape::training(self.params, self.rng);
            let loss = step(&tape, &batch, &mut measures)?;
            place.loss = number(loss);
            losses.add("loss", place.loss);
            Pending::add(&mut pending, loss.backward(), rows);

            let due = |p: &mut Pending<T>| p.batches == self.accumulate || place.batch == place.batches;
            if let Some(pending) = pending.take_if(due) {
                self.step(pending.mean(), *place, wishes)?;
                if wishes.stop.is_some() {
                    return Ok(None);
                }
            }
            self.call(*place, wishes, |callback, now| callback.on_batch_end(now))?;
            if wishes.stop.is_some() {
                return Ok(None);
            }
        }
        Ok(Some((losses.get("loss").unwrap_or(f64::NAN), measures)))
    }

    /// One step of the optimizer, unless a callback stops the training before it.
    #[track_caller]
    fn step(&mut self, mut grads: Gradients<T>, place: Place, wishes: &mut Wishes) -> Result<(), Error> {
        self.rate.begin_step(self.steps, self.optimizer)?;
        if let Some(limit) = self.clip_value {
            clip_grad_value(&mut grads, limit);
        }
        if let Some(max_norm) = self.clip_norm {
            clip_grad_norm(&mut grads, max_norm);
        }
        self.call(place, wishes, |callback, now| callback.on_backward(now, &mut grads))?;
        if wishes.stop.is_none() {
            self.optimizer.step(self.params, &grads);
            self.steps += 1;
            if let Some(average) = &mut self.average {
                average.update(self.params);
            }
        }
        Ok(())
    }

    /// Runs every callback.
    fn call(
        &mut self,
        place: Place,
        wishes: &mut Wishes,
        mut f: impl FnMut(&mut dyn Callback<T>, &mut Moment<'_, T>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Place { epoch, epochs, batch, batches, loss } = place;
        let mut now = Moment {
            epoch,
            epochs,
            batch,
            batches,
            step: self.steps,
            loss,
            params: self.params,
            optimizer: self.optimizer,
            history: &self.history,
            average: self.average.as_ref().map(WeightAverage::params),
            wishes,
        };
        self.callbacks.iter_mut().try_for_each(|callback| f(callback.as_mut(), &mut now))
    }

    /// Errors for everything that can be known to be wrong before the training.
    fn check<D: Dataset>(&self, train: &DataLoader<D>, no_valid: bool, epochs: usize) -> Result<(), Error> {
        check_not_empty(train)?;
        if no_valid {
            return Err(Error::data("the loader for validation has no batch"));
        }
        self.check_settings()?;
        let epochs_left = epochs.saturating_sub(self.epochs);
        let steps = self.steps + epochs_left * train.len().div_ceil(self.accumulate);
        self.rate.check(epochs, steps)
    }

    /// Errors for settings that no training could have.
    pub(super) fn check_settings(&self) -> Result<(), Error> {
        if self.accumulate == 0 {
            return Err(Error::config(
                "gradients of 0 batches cannot be accumulated; 1 means no accumulation",
            ));
        }
        for (what, limit) in [("norm", self.clip_norm), ("value", self.clip_value)] {
            if let Some(limit) = limit.filter(|x| !(x.is_finite() && *x > 0.0)) {
                return Err(Error::config(format!(
                    "gradients cannot be clipped to a {what} of {limit}: it must be finite and above 0"
                )));
            }
        }
        if let Some(decay) = self.ema.filter(|x| !(0.0..1.0).contains(x)) {
            return Err(Error::config(format!(
                "the average's decay is {decay}: it must be at least 0 and below 1"
            )));
        }
        Ok(())
    }

    pub(super) fn begin_average(&mut self) {
        if let (Some(decay), None) = (self.ema, &self.average) {
            self.average = Some(WeightAverage::ema(self.params, decay));
        }
    }
}

/// Sets the parameters to the values of another set of the same ones.
pub(super) fn copy<T: Float>(from: &Params<T>, to: &mut Params<T>) {
    for id in from.ids() {
        to.value_mut(id).clone_from(from.value(id));
    }
}

/// Gradients of batches that make up one step.
struct Pending<T: Float> {
    /// Σ rows·g if there are several, g itself if there is one.
    sum: Gradients<T>,
    batches: usize,
    rows: usize,
}

impl<T: Float> Pending<T> {
    fn add(pending: &mut Option<Self>, grads: Gradients<T>, rows: usize) {
        match pending {
            None => *pending = Some(Pending { sum: grads, batches: 1, rows }),
            Some(pending) => {
                if pending.batches == 1 {
                    pending.sum *= pending.rows as f64;
                }
                pending.sum += grads * rows as f64;
                pending.batches += 1;
                pending.rows += rows;
            }
        }
    }

    /// The mean over the rows. A single batch's gradients are left as they are, bit for bit.
    fn mean(self) -> Gradients<T> {
        match self.batches {
            1 => self.sum,
            _ => self.sum * (1.0 / self.rows as f64),
        }
    }
}

struct EachEpoch<F>(F);

impl<T: Float, F: FnMut(&mut Moment<'_, T>) -> Result<(), Error>> Callback<T> for EachEpoch<F> {
    fn on_epoch_end(&mut self, now: &mut Moment<'_, T>) -> Result<(), Error> {
        (self.0)(now)
    }
}

fn record(wishes: &mut Wishes, which: &str, loss: f64, measures: &Measures) {
    let measured = [("loss", loss)].into_iter().chain(measures.iter());
    wishes.record.extend(measured.map(|(name, mean)| (format!("{which}_{name}"), mean)));
}
