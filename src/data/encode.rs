//! Categories as vectors: a 1 at the category, 0 elsewhere.

use super::table::check_labels;
use crate::error::Error;
use crate::float::Float;
use crate::tensor::Tensor;

/// Labels as rows with a 1 at the label and 0 elsewhere, [n, classes].
///
/// # Errors
/// If a label is not below `classes`.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, data::one_hot};
/// let y: Tensor = one_hot(&[2, 0], 3)?;
/// assert_eq!(y, [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
/// assert!(one_hot::<f32>(&[3], 3).is_err());
/// # Ok(()) }
/// ```
pub fn one_hot<T: Float>(labels: &[usize], classes: usize) -> Result<Tensor<T>, Error> {
    check_labels("one_hot", labels, classes)?;
    let mut rows = Tensor::zeros([labels.len(), classes]);
    let entries = rows.data_mut();
    labels.iter().enumerate().for_each(|(row, &label)| entries[row * classes + label] = T::ONE);
    Ok(rows)
}
