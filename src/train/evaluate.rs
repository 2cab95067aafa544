//! What a model says of data: predictions, losses, scores. Dropout is off.

use super::Measures;
use crate::data::{DataLoader, Dataset};
use crate::error::Error;
use crate::float::Float;
use crate::nn::Module;
use crate::params::Params;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The model's output for `x`, in one forward pass without dropout.
///
/// ```
/// use wengert::prelude::*;
/// use wengert::train::predict;
/// let mut params: Params = Params::new();
/// let model = Linear::new(&mut params.init(&mut Rng::new(0)), 2, 1);
/// params.set("weight", [[1.0, 2.0]])?;
/// params.set("bias", [0.5])?;
/// assert_eq!(predict(&model, &params, [[1.0, 1.0], [0.0, 2.0]]), [[3.5], [4.5]]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Panics
/// If the shape of `x` does not fit the model.
#[track_caller]
pub fn predict<T: Float>(
    model: &(impl Module<T> + ?Sized),
    params: &Params<T>,
    x: impl Into<Tensor<T>>,
) -> Tensor<T> {
    let tape = Tape::inference(params);
    model.forward(tape.constant(x)).value()
}

/// A metric of the model's output for `x` against the truth `y`.
///
/// ```
/// use wengert::metrics::{accuracy, r2};
/// use wengert::prelude::*;
/// use wengert::train::score;
/// # fn main() -> Result<(), Error> {
/// # let mut params: Params = Params::new();
/// # let model = Linear::new(&mut params.init(&mut Rng::new(0)), 1, 2);
/// # params.set("weight", [[1.0], [-1.0]])?;
/// # params.set("bias", [0.0, 0.0])?;
/// let (x, labels) = (Tensor::from([[1.0], [-1.0], [2.0]]), [0, 1, 1]);
/// let accuracy = score(&model, &params, &x, &labels, |p, y| accuracy(&p.argmax_rows(), y))?;
/// assert_eq!(accuracy, 2.0 / 3.0);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Those of the metric.
///
/// # Panics
/// If the shape of `x` does not fit the model.
#[track_caller]
pub fn score<T: Float, Y: ?Sized>(
    model: &(impl Module<T> + ?Sized),
    params: &Params<T>,
    x: impl Into<Tensor<T>>,
    y: &Y,
    metric: impl FnOnce(&Tensor<T>, &Y) -> Result<f64, Error>,
) -> Result<f64, Error> {
    metric(&predict(model, params, x), y)
}

/// The mean over the loader's rows of a loss, each batch's being the mean over its rows.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::prelude::*;
/// use wengert::train::evaluate;
/// # let mut params: Params = Params::new();
/// # let w = params.add("w", 2.0);
/// let loader = DataLoader::new(Tensor::from([[1.0], [2.0], [3.0]]), Tensor::zeros([3, 1]), 2)?;
/// let loss = evaluate(&params, &loader, |tape, (x, y)| mse(tape.constant(x) * tape.param(w), y))?;
/// assert!((loss - (4.0 + 16.0 + 36.0) / 3.0).abs() < 1e-6);
/// # Ok(()) }
/// ```
///
/// # Errors
/// If the loader has no batch.
///
/// # Panics
/// If the loss is not a single number.
#[track_caller]
pub fn evaluate<T: Float, D: Dataset>(
    params: &Params<T>,
    loader: &DataLoader<D>,
    mut step: impl for<'t> FnMut(&'t Tape<'t, T>, &D::Batch) -> Var<'t, T>,
) -> Result<f64, Error> {
    let (loss, _) = evaluate_measured(params, loader, |tape, batch, _| Ok(step(tape, batch)))?;
    Ok(loss)
}

/// [`evaluate`] with what the step measures besides its loss; both as means over the rows.
///
/// # Errors
/// If the loader has no batch, or the step fails.
///
/// # Panics
/// If the loss is not a single number.
#[track_caller]
pub fn evaluate_measured<T: Float, D: Dataset>(
    params: &Params<T>,
    loader: &DataLoader<D>,
    mut step: impl for<'t> FnMut(&'t Tape<'t, T>, &D::Batch, &mut Measures) -> Result<Var<'t, T>, Error>,
) -> Result<(f64, Measures), Error> {
    check_not_empty(loader)?;
    let (mut loss, mut measures) = (Measures::new(), Measures::new());
    for (batch, rows) in loader.batches().zip(batch_rows(loader)) {
        loss.next_batch(rows);
        measures.next_batch(rows);
        let tape = Tape::inference(params);
        loss.add("loss", number(step(&tape, &batch, &mut measures)?));
    }
    Ok((loss.get("loss").unwrap_or(f64::NAN), measures))
}

/// The step's loss as a number.
#[track_caller]
pub(super) fn number<T: Float>(loss: Var<'_, T>) -> f64 {
    let shape = loss.shape();
    assert!(
        loss.numel() == 1,
        "the step's loss has shape {shape}: it must be a single number, such as the mean over its entries"
    );
    loss.item().to_f64()
}

/// How many rows each batch of an epoch has.
pub(super) fn batch_rows<D: Dataset>(loader: &DataLoader<D>) -> impl Iterator<Item = usize> {
    let (rows, size) = (loader.dataset().len(), loader.batch_size());
    (0..loader.len()).map(move |i| size.min(rows - i * size))
}

pub(super) fn check_not_empty<D: Dataset>(loader: &DataLoader<D>) -> Result<(), Error> {
    match loader.is_empty() {
        true => Err(Error::data(format!(
            "the loader has no batch: {} rows, and a last batch below {} is dropped",
            loader.dataset().len(),
            loader.batch_size()
        ))),
        false => Ok(()),
    }
}
