//! Metrics: how good predictions are, as one number. Predictions come first, the truth second.
//!
//! | predicted are | metrics |
//! |---|---|
//! | classes | [`accuracy`], [`precision`], [`recall`], [`f1`], [`ConfusionMatrix`], [`classification_report`] |
//! | probabilities of one class | [`binary_accuracy`], [`roc_auc`]; [`binary_classes`] makes classes of them |
//! | scores of every class | [`top_k_accuracy`]; [`argmax_rows`](crate::Tensor::argmax_rows) makes classes of them |
//! | numbers | [`r2`], [`mae`] |

mod confusion;
mod ranking;
mod regression;

pub use confusion::{Average, ConfusionMatrix, classification_report, f1, precision, recall};
pub use ranking::{roc_auc, top_k_accuracy};
pub use regression::{mae, r2};

use crate::error::Error;
use crate::float::Float;
use crate::tensor::Tensor;

/// The share of predicted classes that are the right ones.
///
/// # Errors
/// If there are none, or not as many predictions as labels.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, metrics::accuracy};
/// let scores = Tensor::from([[0.1, 0.9], [0.8, 0.2], [0.4, 0.6]]);
/// assert_eq!(accuracy(&scores.argmax_rows(), &[1, 0, 0])?, 2.0 / 3.0);
/// # Ok(()) }
/// ```
#[doc(alias = "accuracy_score")]
pub fn accuracy(predicted: &[usize], labels: &[usize]) -> Result<f64, Error> {
    check_lengths("accuracy", predicted.len(), labels.len())?;
    let right = predicted.iter().zip(labels).filter(|(p, y)| p == y).count();
    Ok(right as f64 / labels.len() as f64)
}

/// The share of probabilities on the right side of a threshold: at or above it for a target of
/// 1, below it for a target of 0.
///
/// # Errors
/// If there are none, the shapes differ, a target is not 0 or 1, or a probability is NaN.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, metrics::binary_accuracy};
/// let (probabilities, targets) = (Tensor::from([0.9, 0.5, 0.4, 0.3]), Tensor::from([1.0, 1.0, 1.0, 0.0]));
/// assert_eq!(binary_accuracy(&probabilities, &targets, 0.5)?, 0.75);
/// # Ok(()) }
/// ```
pub fn binary_accuracy<T: Float>(
    probabilities: &Tensor<T>,
    targets: &Tensor<T>,
    threshold: f64,
) -> Result<f64, Error> {
    check_shapes("binary_accuracy", probabilities, targets)?;
    if let Some(at) = targets.data().iter().position(|&y| y != T::ZERO && y != T::ONE) {
        let bad = targets.data()[at];
        return Err(Error::data(format!("binary_accuracy: target {at} is {bad}; it must be 0 or 1")));
    }
    let labels: Vec<usize> = targets.data().iter().map(|&y| usize::from(y == T::ONE)).collect();
    accuracy(&classes_at("binary_accuracy", probabilities, threshold)?, &labels)
}

/// Class 1 where a probability is at or above the threshold, and class 0 where it is below: what
/// a network with one output predicts.
///
/// # Errors
/// If a probability is NaN.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, metrics::binary_classes};
/// assert_eq!(binary_classes(&Tensor::from([[0.2], [0.5], [0.9]]), 0.5)?, [0, 1, 1]);
/// # Ok(()) }
/// ```
#[doc(alias = "binarize")]
pub fn binary_classes<T: Float>(probabilities: &Tensor<T>, threshold: f64) -> Result<Vec<usize>, Error> {
    classes_at("binary_classes", probabilities, threshold)
}

fn classes_at<T: Float>(who: &str, probabilities: &Tensor<T>, threshold: f64) -> Result<Vec<usize>, Error> {
    // Rounded as the probabilities are, so that 0.7 is at 0.7 in single precision too.
    let threshold = T::from_f64(threshold);
    if let Some(at) = probabilities.data().iter().position(|p| p.is_nan()) {
        return Err(Error::data(format!("{who}: prediction {at} is NaN")));
    }
    Ok(probabilities.data().iter().map(|p| usize::from(*p >= threshold)).collect())
}

/// There are predictions, and as many as there are labels.
fn check_lengths(who: &str, predicted: usize, labels: usize) -> Result<(), Error> {
    match (predicted, labels) {
        (p, y) if p != y => Err(Error::data(format!("{who}: {p} predictions and {y} labels"))),
        (0, _) => Err(Error::data(format!("{who}: there are no predictions"))),
        _ => Ok(()),
    }
}

/// Predictions and targets are of one shape; nothing is broadcast.
fn check_shapes<T: Float>(who: &str, predicted: &Tensor<T>, targets: &Tensor<T>) -> Result<(), Error> {
    match (predicted.shape(), targets.shape()) {
        (p, y) if p != y => {
            Err(Error::data(format!("{who}: predictions of shape {p} and targets of shape {y}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused<A: std::fmt::Debug>(result: Result<A, Error>, why: &str) {
        let error = result.expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn a_probability_at_the_threshold_counts_as_one() {
        // 0.7 as f32 lies a little below 0.7 as f64.
        let p = Tensor::from([[0.7f32], [0.699_999], [0.700_001]]);
        assert_eq!(binary_classes(&p, 0.7).unwrap(), [1, 0, 1]);
        assert_eq!(binary_accuracy(&p, &Tensor::from([[1.0], [0.0], [0.0]]), 0.7).unwrap(), 2.0 / 3.0);
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        refused(accuracy(&[], &[]), "no predictions");
        refused(accuracy(&[1], &[1, 0]), "1 predictions and 2 labels");
        let p = Tensor::from([0.1f64, 0.9]);
        refused(binary_accuracy(&p, &p.reshape([2, 1]), 0.5), "shape [2] and targets of shape [2, 1]");
        refused(binary_accuracy(&p, &Tensor::from([0.0, 2.0]), 0.5), "target 1 is 2");
        refused(binary_accuracy(&p, &Tensor::from([0.0, f64::NAN]), 0.5), "target 1 is NaN");
        refused(binary_accuracy(&Tensor::from([f64::NAN]), &Tensor::from([0.0]), 0.5), "prediction 0 is NaN");
        refused(binary_accuracy(&Tensor::<f64>::zeros([0]), &Tensor::zeros([0]), 0.5), "no predictions");
    }
}
