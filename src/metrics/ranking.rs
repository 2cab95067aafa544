//! How well scores order things, whatever their scale.

use super::check_lengths;
use crate::data::{Rows, check_labels};
use crate::error::Error;
use crate::float::Float;
use crate::tensor::Tensor;

/// The share of rows whose class is among the k with the highest scores, for scores [n, classes].
/// Of equal scores, that of the later class ranks higher, as in scikit-learn.
///
/// # Errors
/// If there are no rows, not as many as labels, a label is out of range, a score is NaN, or k is
/// not in 1..=classes.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, metrics::top_k_accuracy};
/// let scores = Tensor::from([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]);
/// assert_eq!(top_k_accuracy(&scores, &[1, 2], 2)?, 0.5);
/// # Ok(()) }
/// ```
#[doc(alias = "top_k_accuracy_score")]
pub fn top_k_accuracy<T: Float>(scores: &Tensor<T>, labels: &[usize], k: usize) -> Result<f64, Error> {
    let who = "top_k_accuracy";
    let [rows, classes] = *scores.shape().dims() else {
        return Err(Error::data(format!(
            "{who}: scores of shape {} are not [rows, classes]",
            scores.shape()
        )));
    };
    check_lengths(who, rows, labels.len())?;
    check_labels(who, labels, classes)?;
    check_numbers(who, scores)?;
    if k == 0 || k > classes {
        return Err(Error::config(format!(
            "{who}: k is {k}; it must lie between 1 and {classes}, the classes"
        )));
    }
    let hit = |(row, &label): (usize, &usize)| {
        let scores = scores.row(row);
        let above = scores.iter().filter(|&&score| score > scores[label]).count();
        let level = scores[label + 1..].iter().filter(|&&score| score == scores[label]).count();
        above + level < k
    };
    Ok(labels.iter().enumerate().filter(|&row| hit(row)).count() as f64 / rows as f64)
}

/// The area under the receiver operating characteristic: the probability that a row of class 1
/// has a higher score than a row of class 0, where equal scores count one half (Mann and
/// Whitney, 1947).
///
/// `scores`, of shape `[n]` or `[n, 1]`, are probabilities or logits.
///
/// # Errors
/// If there are not as many scores as labels, a score is NaN, a label is neither 0 nor 1, or one
/// of the classes has no rows.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, metrics::roc_auc};
/// assert_eq!(roc_auc(&Tensor::from([0.1, 0.4, 0.35, 0.8]), &[0, 0, 1, 1])?, 0.75);
/// # Ok(()) }
/// ```
#[doc(alias = "roc_auc_score")]
pub fn roc_auc<T: Float>(scores: &Tensor<T>, labels: &[usize]) -> Result<f64, Error> {
    let who = "roc_auc";
    if scores.rows() != scores.numel() {
        return Err(Error::data(format!("{who}: scores of shape {} are not one to a row", scores.shape())));
    }
    check_lengths(who, scores.numel(), labels.len())?;
    check_labels(who, labels, 2)?;
    check_numbers(who, scores)?;
    let ones = labels.iter().filter(|&&label| label == 1).count();
    let zeros = labels.len() - ones;
    if ones == 0 || zeros == 0 {
        let class = usize::from(ones == 0);
        return Err(Error::data(format!(
            "{who}: class {class} has no rows, so there is nothing to tell apart"
        )));
    }
    let mut rows: Vec<(T, usize)> = scores.data().iter().copied().zip(labels.iter().copied()).collect();
    // OK because NaN was ruled out.
    rows.sort_unstable_by(|(a, _), (b, _)| a.partial_cmp(b).expect("scores are numbers"));
    // In half pairs and whole numbers, so that nothing is rounded before the division.
    let (mut below, mut half_pairs) = (0u128, 0u128);
    for level in rows.chunk_by(|(a, _), (b, _)| a == b) {
        let ones = level.iter().filter(|(_, label)| *label == 1).count() as u128;
        let zeros = level.len() as u128 - ones;
        half_pairs += ones * (2 * below + zeros);
        below += zeros;
    }
    Ok(half_pairs as f64 / (2 * ones as u128 * zeros as u128) as f64)
}

fn check_numbers<T: Float>(who: &str, scores: &Tensor<T>) -> Result<(), Error> {
    match scores.data().iter().position(|score| score.is_nan()) {
        None => Ok(()),
        Some(at) => Err(Error::data(format!(
            "{who}: the score of row {} is NaN",
            at * scores.rows() / scores.numel()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    /// The definition: over all pairs of a row of class 1 and a row of class 0.
    fn roc_auc_by_pairs(scores: &[f64], labels: &[usize]) -> f64 {
        let of =
            |class| scores.iter().zip(labels).filter(move |(_, label)| **label == class).map(|(s, _)| *s);
        let pairs = || of(1).flat_map(|one| of(0).map(move |zero| (one, zero)));
        let won = |(one, zero)| if one > zero { 1.0 } else { 0.5 * f64::from(u8::from(one == zero)) };
        pairs().map(won).sum::<f64>() / pairs().count() as f64
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let mut rng = Rng::new(4);
        for levels in [2, 5, 1000] {
            let scores: Vec<f64> = (0..60).map(|_| rng.below(levels) as f64 - 3.0).collect();
            let labels: Vec<usize> = (0..60).map(|i| usize::from(i % 3 == 0)).collect();
            let area = roc_auc(&Tensor::from(&scores[..]), &labels).unwrap();
            assert!((area - roc_auc_by_pairs(&scores, &labels)).abs() < 1e-15);
        }
    }

    #[test]
    fn infinite_scores_are_in_order_too() {
        let scores = Tensor::from([[f64::NEG_INFINITY], [0.0], [f64::INFINITY], [f64::INFINITY]]);
        assert_eq!(roc_auc(&scores, &[0, 0, 1, 1]).unwrap(), 1.0);
        assert_eq!(roc_auc(&scores, &[0, 0, 0, 1]).unwrap(), 2.5 / 3.0);
    }

    #[track_caller]
    fn refused(result: Result<f64, Error>, why: &str) {
        let error = result.expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn what_cannot_be_ranked_is_refused() {
        let scores = Tensor::from([[0.1f64, 0.9], [0.5, 0.5]]);
        refused(top_k_accuracy(&scores, &[0, 1], 0), "k is 0");
        refused(top_k_accuracy(&scores, &[0, 1], 3), "k is 3");
        refused(top_k_accuracy(&scores, &[0, 2], 1), "label 2 of row 1");
        refused(top_k_accuracy(&scores, &[0], 1), "2 predictions and 1 labels");
        refused(top_k_accuracy(&Tensor::<f64>::zeros([0, 2]), &[], 1), "no predictions");
        refused(top_k_accuracy(&Tensor::from([0.5]), &[0], 1), "shape [1]");
        refused(top_k_accuracy(&Tensor::from([[0.1, 0.2], [f64::NAN, 0.1]]), &[0, 1], 1), "row 1 is NaN");
        refused(roc_auc(&scores, &[0, 1]), "shape [2, 2]");
        let scores = Tensor::from([0.1, 0.9]);
        refused(roc_auc(&scores, &[0, 1, 1]), "2 predictions and 3 labels");
        refused(roc_auc(&scores, &[0, 0]), "class 1 has no rows");
        refused(roc_auc(&scores, &[1, 1]), "class 0 has no rows");
        refused(roc_auc(&scores, &[0, 2]), "label 2 of row 1");
        refused(roc_auc(&Tensor::from([0.1, f64::NAN]), &[0, 1]), "row 1 is NaN");
        refused(roc_auc(&Tensor::<f64>::zeros([0]), &[]), "no predictions");
    }
}
