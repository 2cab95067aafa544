//! `WeightAverage`: a running mean of the parameters themselves.

use super::setting::{below_one, must};
use super::state::{Reader, State};
use crate::error::Error;
use crate::float::Float;
use crate::kernel::map;
use crate::params::Params;

/// A running mean of the parameters over the steps of a training. It often predicts better than
/// the parameters of the last step (Polyak and Juditsky 1992; Izmailov et al. 2018).
///
/// The mean is a [`Params`] of its own that the model's ids serve as well.
///
/// ```
/// use wengert::optim::WeightAverage;
/// use wengert::prelude::*;
/// let mut params: Params = Params::new();
/// let w = params.add("w", 0.0);
/// let mut average = WeightAverage::ema(&params, 0.75);
/// for value in [4.0, 8.0] {
///     params.set("w", value)?; // in earnest: optimizer.step(&mut params, &grads)
///     average.update(&params);
/// }
/// let tape = Tape::inference(average.params());
/// assert_eq!(tape.param(w).item(), 0.75 * 4.0 + 0.25 * 8.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "AveragedModel")]
#[doc(alias = "EMA")]
#[doc(alias = "SWA")]
pub struct WeightAverage<T: Float = f32> {
    /// Of an exponential mean; `None` if all updates weigh the same.
    decay: Option<f64>,
    updates: u64,
    mean: Params<T>,
}

impl<T: Float> WeightAverage<T> {
    /// Exponential: a ← βa + (1 − β)p. The first update sets a ← p. For β, 0.999 is common: it
    /// remembers about 1/(1 − β) updates.
    ///
    /// # Panics
    /// If `decay` is not in [0, 1).
    #[track_caller]
    pub fn ema(params: &Params<T>, decay: f64) -> Self {
        Self { decay: Some(must(below_one("decay", decay))), updates: 0, mean: params.clone() }
    }

    /// All updates weigh the same: after n of them, a is the mean of the n.
    pub fn equal(params: &Params<T>) -> Self {
        Self { decay: None, updates: 0, mean: params.clone() }
    }

    /// Takes the parameters in: after each step, or each epoch.
    ///
    /// # Panics
    /// If they are not those that the average was made of.
    #[track_caller]
    pub fn update(&mut self, params: &Params<T>) {
        assert!(
            params.store() == self.mean.store() && params.len() == self.mean.len(),
            "the average is of {} parameters of store {}, those given are {} of store {}",
            self.mean.len(),
            self.mean.store(),
            params.len(),
            params.store()
        );
        for id in params.ids() {
            let (old, new) = (self.mean.value(id).shape(), params.value(id).shape());
            let name = params.name(id);
            assert!(old == new, "parameter {name:?} had shape {old} when the average was made, now {new}");
        }
        let weight = T::from_f64(match self.decay {
            _ if self.updates == 0 => 1.0,
            Some(decay) => 1.0 - decay,
            None => 1.0 / (self.updates + 1) as f64,
        });
        for id in params.ids() {
            let (mean, p) = (self.mean.value_mut(id).data_mut(), params.value(id).data());
            if self.updates == 0 {
                mean.copy_from_slice(p);
            } else {
                map::update(mean, p, |a, p| a + weight * (p - a));
            }
        }
        self.updates += 1;
    }

    /// The mean: to predict with, to save. Before the first update, the parameters it was made of.
    pub fn params(&self) -> &Params<T> {
        &self.mean
    }

    /// How many updates it has taken in.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// What a checkpoint holds: the mean by the parameters' names, and `updates`.
    pub fn state(&self) -> State<T> {
        let mut state = State::new("WeightAverage");
        state.numbers.insert("updates".into(), self.updates as f64);
        state.tensors = self.mean.iter().map(|(name, mean)| (name.to_string(), mean.clone())).collect();
        state
    }

    /// Takes up where `state` was read.
    ///
    /// # Errors
    /// If names or shapes differ: says which. Nothing is changed then.
    pub fn load_state(&mut self, state: &State<T>) -> Result<(), Error> {
        let mut reader = Reader::new(state, "WeightAverage")?;
        let updates = reader.count("updates");
        let mut mean = self.mean.clone();
        for id in self.mean.ids() {
            let name = self.mean.name(id);
            if let Some(tensor) = reader.tensor(name, self.mean.value(id).shape()) {
                *mean.value_mut(id) = tensor;
            }
        }
        reader.finish()?;
        self.mean = mean;
        self.updates = updates.unwrap_or_default();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Tensor;

    #[test]
    fn means_are_those_of_their_formulas() {
        let mut params: Params<f64> = Params::new();
        params.add("w", [0.0, 0.0]);
        let mut ema = WeightAverage::ema(&params, 0.9);
        let mut equal = WeightAverage::equal(&params);
        let values = [[1.0, -3.0], [2.0, 5.0], [6.0, 0.5]];
        for value in values {
            params.set("w", value).unwrap();
            ema.update(&params);
            equal.update(&params);
        }
        for i in 0..2 {
            let [a, b, c] = values.map(|value| value[i]);
            assert!((ema.params()["w"][[i]] - (0.9 * (0.9 * a + 0.1 * b) + 0.1 * c)).abs() < 1e-15);
            assert!((equal.params()["w"][[i]] - (a + b + c) / 3.0).abs() < 1e-15);
        }
        assert_eq!(params["w"], [6.0, 0.5]);
    }

    #[test]
    fn it_goes_on_from_its_state_with_the_same_bits() {
        let mut params: Params = Params::new();
        params.add("w", [1.0, 2.0, 3.0]);
        for make in [|p: &Params| WeightAverage::ema(p, 0.9), |p: &Params| WeightAverage::equal(p)] {
            let mut whole = make(&params);
            whole.update(&params);
            params.set("w", [0.1, 0.7, -0.3]).unwrap();
            let mut resumed = make(&params);
            resumed.load_state(&whole.state()).unwrap();
            for average in [&mut whole, &mut resumed] {
                average.update(&params);
            }
            assert_eq!(whole.state(), resumed.state());
        }
    }

    #[test]
    fn a_state_that_does_not_fit_changes_nothing() {
        let mut params: Params = Params::new();
        params.add("w", [1.0, 2.0]);
        let mut average = WeightAverage::equal(&params);
        average.update(&params);
        let before = average.state();
        let mut bad = before.clone();
        bad.tensors.insert("w".into(), Tensor::zeros([3]));
        bad.tensors.insert("v".into(), Tensor::zeros([3]));
        let error = average.load_state(&bad).unwrap_err().to_string();
        assert_eq!(
            error,
            "the state of WeightAverage does not fit: w has shape [3], the parameter [2]; v belongs to nothing here"
        );
        assert_eq!(average.state(), before);
    }

    #[test]
    #[should_panic(expected = "the average is of 1 parameters of store")]
    fn parameters_of_another_store_panic() {
        let [mut one, mut other]: [Params; 2] = [Params::new(), Params::new()];
        one.add("w", 1.0);
        other.add("w", 1.0);
        WeightAverage::equal(&one).update(&other);
    }
}
