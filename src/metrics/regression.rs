//! How far predicted numbers are from the right ones.

use super::{check_lengths, check_shapes};
use crate::data::{Rows, check_finite};
use crate::error::Error;
use crate::float::Float;
use crate::tensor::Tensor;

/// The mean absolute error, mean |p − y| over all entries.
///
/// # Errors
/// If there are none, the shapes differ, or a number is infinite or NaN.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, metrics::mae};
/// assert_eq!(mae(&Tensor::from([2.5, 0.0, 2.0]), &Tensor::from([3.0, -0.5, 2.0]))?, 1.0 / 3.0);
/// # Ok(()) }
/// ```
#[doc(alias = "mean_absolute_error")]
pub fn mae<T: Float>(predicted: &Tensor<T>, targets: &Tensor<T>) -> Result<f64, Error> {
    check("mae", predicted, targets)?;
    check_lengths("mae", predicted.numel(), targets.numel())?;
    let errors = predicted.data().iter().zip(targets.data()).map(|(p, y)| (p.to_f64() - y.to_f64()).abs());
    Ok(errors.sum::<f64>() / targets.numel() as f64)
}

/// The share of the targets' variance that is explained, R² = 1 − Σ(y − p)² / Σ(y − ȳ)².
///
/// 1 is perfect, 0 is as good as always predicting the mean, and there is no lower end. Of
/// several columns, [n, d], the mean is taken over theirs. A constant column has R² = 1 if it is
/// predicted exactly, and 0 if not.
///
/// # Errors
/// If there are fewer than two rows, the shapes differ, or a number is infinite or NaN.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, metrics::r2};
/// let targets = Tensor::from([1.0, 2.0, 3.0]);
/// assert_eq!(r2(&targets, &targets)?, 1.0);
/// assert_eq!(r2(&Tensor::from([2.0, 2.0, 2.0]), &targets)?, 0.0);
/// # Ok(()) }
/// ```
#[doc(alias = "r2_score")]
pub fn r2<T: Float>(predicted: &Tensor<T>, targets: &Tensor<T>) -> Result<f64, Error> {
    check("r2", predicted, targets)?;
    let rows = targets.rows();
    if rows < 2 {
        return Err(Error::data(format!("r2: {rows} rows have no variance; it takes at least two")));
    }
    let columns = targets.numel() / rows;
    check_lengths("r2", columns, columns)?;
    let explained = |j| {
        let column = |x: &Tensor<T>| x.data()[j..].iter().step_by(columns).map(|x| x.to_f64()).collect();
        let (p, y): (Vec<f64>, Vec<f64>) = (column(predicted), column(targets));
        let mean = y.iter().sum::<f64>() / rows as f64;
        let left: f64 = y.iter().zip(&p).map(|(y, p)| (y - p).powi(2)).sum();
        let whole: f64 = y.iter().map(|y| (y - mean).powi(2)).sum();
        // The mean of a constant may be rounded off it, so `whole` need not be 0 then.
        match y.iter().all(|&x| x == y[0]) {
            true => f64::from(u8::from(left == 0.0)),
            false => 1.0 - left / whole,
        }
    };
    Ok((0..columns).map(explained).sum::<f64>() / columns as f64)
}

fn check<T: Float>(who: &str, predicted: &Tensor<T>, targets: &Tensor<T>) -> Result<(), Error> {
    check_shapes(who, predicted, targets)?;
    check_finite(&format!("{who}, predictions"), predicted)?;
    check_finite(&format!("{who}, targets"), targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(result: Result<f64, Error>, why: &str) {
        let error = result.expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn a_constant_target_is_predicted_or_not() {
        let constant = Tensor::from([[0.1], [0.1], [0.1]]);
        assert_eq!(r2(&constant, &constant).unwrap(), 1.0);
        assert_eq!(r2(&Tensor::from([[0.1], [0.5], [0.1]]), &constant).unwrap(), 0.0);
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let y = Tensor::from([1.0, 2.0]);
        for metric in [mae, r2] {
            refused(metric(&y.reshape([2, 1]), &y), "predictions of shape [2, 1] and targets of shape [2]");
            refused(
                metric(&Tensor::from([1.0, f64::NAN]), &y),
                "predictions: the entry at row 1, column 0 is NaN",
            );
            refused(
                metric(&y, &Tensor::from([f64::INFINITY, 1.0])),
                "targets: the entry at row 0, column 0 is inf",
            );
        }
        refused(mae(&Tensor::<f64>::zeros([0]), &Tensor::zeros([0])), "no predictions");
        refused(r2(&Tensor::from([1.0]), &Tensor::from([1.0])), "1 rows");
        refused(r2(&Tensor::<f64>::zeros([2, 0]), &Tensor::zeros([2, 0])), "no predictions");
    }
}
