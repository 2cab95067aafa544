//! Categories as vectors: a 1 at the category, 0 elsewhere.

use super::table::{Rows, check_labels};
use crate::error::Error;
use crate::float::Float;
use crate::tensor::Tensor;
use std::collections::BTreeSet;
use std::fmt::{Debug, Display};

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

/// Columns of categories as columns of 0 and 1, one for each category, in sorted order.
///
/// A category is text, a number, anything with an order. [`Csv::text`](super::Csv::text) reads
/// columns of text, [`hstack`] puts what comes out beside other features.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, data::OneHotEncoder};
/// let rows = [["red", "small"], ["blue", "large"], ["red", "large"]];
/// let encoder = OneHotEncoder::fit(&rows)?;
/// let x: Tensor = encoder.transform(&rows)?;
/// assert_eq!(x, [[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0]]);
/// assert_eq!(encoder.feature_names(&["colour", "size"])?, ["colour_blue", "colour_red", "size_large", "size_small"]);
/// assert_eq!(encoder.inverse_transform(&x)?, rows);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneHotEncoder<C> {
    categories: Vec<Vec<C>>,
}

impl<C: Ord + Clone + Debug> OneHotEncoder<C> {
    /// The categories of each column of `rows`.
    ///
    /// # Errors
    /// If there are no rows, or one has more or fewer columns than the first.
    pub fn fit<R: AsRef<[C]>>(rows: &[R]) -> Result<Self, Error> {
        let Some(first) = rows.first() else {
            return Err(Error::data("OneHotEncoder: there are no rows to fit to"));
        };
        let width = first.as_ref().len();
        let mut categories = vec![BTreeSet::new(); width];
        for (i, row) in rows.iter().enumerate() {
            check_width(i, row.as_ref().len(), width)?;
            categories.iter_mut().zip(row.as_ref()).for_each(|(set, c)| _ = set.insert(c.clone()));
        }
        Ok(Self { categories: categories.into_iter().map(|set| set.into_iter().collect()).collect() })
    }

    /// The rows with a 1 at each of their categories and 0 elsewhere, [n, all categories].
    ///
    /// # Errors
    /// If a row has another number of columns than what was fitted, or a category that was not
    /// there.
    pub fn transform<T: Float, R: AsRef<[C]>>(&self, rows: &[R]) -> Result<Tensor<T>, Error> {
        let width = self.width();
        let mut encoded = Tensor::zeros([rows.len(), width]);
        let entries = encoded.data_mut();
        for (i, row) in rows.iter().enumerate() {
            check_width(i, row.as_ref().len(), self.categories.len())?;
            let mut start = i * width;
            for (j, (category, known)) in row.as_ref().iter().zip(&self.categories).enumerate() {
                let Ok(place) = known.binary_search(category) else {
                    return Err(Error::data(format!(
                        "OneHotEncoder: row {i}, column {j}: {category:?} is not among the {} categories fitted",
                        known.len()
                    )));
                };
                entries[start + place] = T::ONE;
                start += known.len();
            }
        }
        Ok(encoded)
    }

    /// For each row and column the category whose entry is largest.
    ///
    /// # Errors
    /// If `encoded` is not [n, all categories], or no entry of a category is above 0.
    pub fn inverse_transform<T: Float>(&self, encoded: &Tensor<T>) -> Result<Vec<Vec<C>>, Error> {
        let width = self.width();
        if encoded.rank() != 2 || encoded.shape()[1] != width {
            let shape = encoded.shape();
            return Err(Error::data(format!("OneHotEncoder: shape {shape} is not [rows, {width}]")));
        }
        let decode = |i: usize| {
            let mut rest = encoded.row(i);
            let mut row = Vec::with_capacity(self.categories.len());
            for (j, known) in self.categories.iter().enumerate() {
                let (entries, others) = rest.split_at(known.len());
                // A NaN is passed on by max() and is equal to none, not even to itself.
                let largest = entries.iter().copied().fold(T::ZERO, Float::max);
                let Some(best) = entries.iter().position(|&x| x > T::ZERO && x == largest) else {
                    return Err(Error::data(format!("OneHotEncoder: row {i} has no category in column {j}")));
                };
                row.push(known[best].clone());
                rest = others;
            }
            Ok(row)
        };
        (0..encoded.rows()).map(decode).collect()
    }

    /// The categories of each column, sorted.
    pub fn categories(&self) -> &[Vec<C>] {
        &self.categories
    }

    /// What the columns that come out are called: column_category.
    ///
    /// # Errors
    /// If there are not as many names as columns.
    pub fn feature_names(&self, columns: &[&str]) -> Result<Vec<String>, Error>
    where
        C: Display,
    {
        if columns.len() != self.categories.len() {
            let (names, fitted) = (columns.len(), self.categories.len());
            return Err(Error::data(format!("OneHotEncoder: {names} names for {fitted} columns")));
        }
        let of = |(name, known): (&&str, &Vec<C>)| -> Vec<String> {
            known.iter().map(|category| format!("{name}_{category}")).collect()
        };
        Ok(columns.iter().zip(&self.categories).flat_map(of).collect())
    }

    fn width(&self) -> usize {
        self.categories.iter().map(Vec::len).sum()
    }
}

fn check_width(row: usize, there: usize, width: usize) -> Result<(), Error> {
    match there == width {
        true => Ok(()),
        false => Err(Error::data(format!("OneHotEncoder: row {row} has {there} columns and not {width}"))),
    }
}

/// Matrices of equally many rows side by side, [n, a], [n, b], .. → [n, a + b + ..].
///
/// # Errors
/// If there are none, one is not of rank 2, or their rows are not equally many.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, data::hstack};
/// let x = hstack(&[&Tensor::from([[1.0], [2.0]]), &Tensor::from([[3.0, 4.0], [5.0, 6.0]])])?;
/// assert_eq!(x, [[1.0, 3.0, 4.0], [2.0, 5.0, 6.0]]);
/// # Ok(()) }
/// ```
pub fn hstack<T: Float>(parts: &[&Tensor<T>]) -> Result<Tensor<T>, Error> {
    let Some(first) = parts.first() else {
        return Err(Error::data("hstack: there is nothing to put side by side"));
    };
    let rows = first.rows();
    if let Some(bad) = parts.iter().find(|x| x.rank() != 2 || x.rows() != rows) {
        return Err(Error::data(format!(
            "hstack: shapes {} and {} do not go side by side",
            first.shape(),
            bad.shape()
        )));
    }
    let width = parts.iter().map(|x| x.shape()[1]).sum();
    let mut entries = Vec::with_capacity(rows * width);
    (0..rows).for_each(|i| parts.iter().for_each(|x| entries.extend_from_slice(x.row(i))));
    Ok(Tensor::from_vec(entries, [rows, width]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused<A: Debug>(result: Result<A, Error>, why: &str) {
        let error = result.expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn categories_may_be_anything_with_an_order() {
        let encoder = OneHotEncoder::fit(&[vec![30u8], vec![10], vec![30]]).unwrap();
        assert_eq!(encoder.categories(), [[10, 30]]);
        assert_eq!(encoder.transform::<f64, _>(&[[10]]).unwrap(), [[1.0, 0.0]]);
        assert_eq!(encoder.inverse_transform(&Tensor::from([[0.2, 0.8]])).unwrap(), [[30]]);
    }

    #[test]
    fn what_cannot_be_encoded_is_refused() {
        refused(OneHotEncoder::fit::<[i32; 1]>(&[]), "no rows");
        refused(OneHotEncoder::fit(&[vec![1, 2], vec![3]]), "row 1 has 1 columns and not 2");
        let encoder = OneHotEncoder::fit(&[["a"], ["b"]]).unwrap();
        refused(encoder.transform::<f32, _>(&[["a"], ["c"]]), "row 1, column 0: \"c\" is not among");
        refused(encoder.transform::<f32, _>(&[["a", "b"]]), "row 0 has 2 columns and not 1");
        refused(encoder.inverse_transform(&Tensor::<f32>::zeros([1, 3])), "shape [1, 3] is not [rows, 2]");
        refused(
            encoder.inverse_transform(&Tensor::<f32>::zeros([1, 2])),
            "row 0 has no category in column 0",
        );
        refused(encoder.inverse_transform(&Tensor::from([[f64::NAN, 1.0]])), "no category");
        refused(encoder.feature_names(&[]), "0 names for 1 columns");
        refused(one_hot::<f32>(&[0, 5], 5), "label 5 of row 1 is out of range for 5 classes");
    }

    #[test]
    fn what_does_not_go_side_by_side_is_refused() {
        refused(hstack::<f32>(&[]), "nothing");
        refused(hstack(&[&Tensor::<f32>::zeros([2, 1]), &Tensor::zeros([3, 1])]), "[2, 1] and [3, 1]");
        refused(hstack(&[&Tensor::<f32>::zeros([2]), &Tensor::zeros([2])]), "[2] and [2]");
    }
}
