//! `Table`: features [n, d] and a label for each of the n rows, checked once.

use crate::error::Error;
use crate::float::Float;
use crate::tensor::Tensor;
use std::fmt;

/// What is made of rows that can be picked: a tensor (its first axis), a `Vec`, a [`Table`].
pub trait Rows: Sized {
    /// The number of rows.
    #[doc(alias = "len")]
    fn rows(&self) -> usize;

    /// The rows with these indices, in this order; one may come more than once.
    ///
    /// # Panics
    /// If an index is out of range.
    #[must_use]
    #[track_caller]
    fn select(&self, rows: &[usize]) -> Self;

    /// The first row that holds a NaN, if there is one. `None` for rows that are no numbers.
    fn row_with_nan(&self) -> Option<usize> {
        None
    }
}

impl<T: Float> Rows for Tensor<T> {
    /// The extent of the first axis. A single number counts as no row at all.
    fn rows(&self) -> usize {
        self.shape().first().copied().unwrap_or(0)
    }

    #[track_caller]
    fn select(&self, rows: &[usize]) -> Self {
        self.select_rows(rows)
    }

    fn row_with_nan(&self) -> Option<usize> {
        let at = self.data().iter().position(|x| x.is_nan())?;
        Some(at * self.rows() / self.numel())
    }
}

impl<A: Clone> Rows for Vec<A> {
    fn rows(&self) -> usize {
        self.len()
    }

    #[track_caller]
    fn select(&self, rows: &[usize]) -> Self {
        let mut selected = Vec::with_capacity(rows.len());
        // A loop, since a closure would hide the caller's line from a panic.
        for &i in rows {
            assert!(i < self.len(), "select: row {i} out of range for {} rows", self.len());
            selected.push(self[i].clone());
        }
        selected
    }
}

/// Rows of features with a class each: what classification starts from.
///
/// A table holds finite numbers and labels below the number of classes; [`new`](Table::new)
/// checks it, so nobody further down has to.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, data::{Rows, Table}};
/// let table: Table = Table::new(Tensor::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), vec![0, 1, 1], 2)?
///     .with_class_names(["no", "yes"])?;
/// assert_eq!(table.targets()?, [[0.0], [1.0], [1.0]]);
/// assert_eq!(table.select(&[2, 0]).labels(), [1, 0]);
/// assert_eq!(format!("{table:?}"), "Table<f32> of 3 rows × 2 features; no: 1, yes: 2");
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq)]
pub struct Table<T: Float = f32> {
    features: Tensor<T>,
    labels: Vec<usize>,
    feature_names: Vec<String>,
    class_names: Vec<String>,
}

impl<T: Float> Table<T> {
    /// From features [n, d] and n labels out of 0..classes. Features are named x0, x1, ..,
    /// classes 0, 1, .. until they are given names.
    ///
    /// # Errors
    /// If `features` is not of rank 2, its rows are not as many as the labels, an entry is
    /// infinite or NaN, or a label is not below `classes`.
    pub fn new(features: Tensor<T>, labels: Vec<usize>, classes: usize) -> Result<Self, Error> {
        let [rows, width] = *features.shape().dims() else {
            let shape = features.shape();
            return Err(Error::data(format!(
                "Table: features have shape {shape}; they must be [rows, features]"
            )));
        };
        if rows != labels.len() {
            return Err(Error::data(format!("Table: {rows} rows of features and {} labels", labels.len())));
        }
        check_finite("Table", &features)?;
        check_labels("Table", &labels, classes)?;
        let feature_names = (0..width).map(|i| format!("x{i}")).collect();
        let class_names = (0..classes).map(|i| i.to_string()).collect();
        Ok(Self { features, labels, feature_names, class_names })
    }

    /// With these names for the features.
    ///
    /// # Errors
    /// If there are more or fewer names than features.
    pub fn with_feature_names(
        mut self,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, Error> {
        self.feature_names = exactly(self.width(), "features", names)?;
        Ok(self)
    }

    /// With these names for the classes.
    ///
    /// # Errors
    /// If there are more or fewer names than classes.
    pub fn with_class_names(
        mut self,
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, Error> {
        self.class_names = exactly(self.classes(), "classes", names)?;
        Ok(self)
    }

    /// The same labels with other features, such as scaled ones. The names of the features stay
    /// if there are as many as before.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_features(&self, features: Tensor<T>) -> Result<Self, Error> {
        let mut table = Self::new(features, self.labels.clone(), self.classes())?;
        table.class_names.clone_from(&self.class_names);
        if table.width() == self.width() {
            table.feature_names.clone_from(&self.feature_names);
        }
        Ok(table)
    }

    /// The features, [n, d].
    pub fn features(&self) -> &Tensor<T> {
        &self.features
    }

    /// The class of each row.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// What each feature is called.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// What each class is called.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The number of features, d.
    pub fn width(&self) -> usize {
        self.features.shape()[1]
    }

    /// The number of classes; not every one need have a row.
    pub fn classes(&self) -> usize {
        self.class_names.len()
    }

    /// The labels of two classes as numbers 0 and 1, [n, 1]: the target of a binary
    /// cross-entropy.
    ///
    /// # Errors
    /// If there are more than two classes.
    pub fn targets(&self) -> Result<Tensor<T>, Error> {
        if self.classes() > 2 {
            return Err(Error::data(format!(
                "targets: {} classes do not fit into 0 and 1; use labels() or one_hot()",
                self.classes()
            )));
        }
        Ok(Tensor::from_fn([self.len(), 1], |i| T::from_usize(self.labels[i])))
    }

    /// The labels as rows with a 1 at the class and 0 elsewhere, [n, classes].
    pub fn one_hot(&self) -> Tensor<T> {
        // OK because new() checked the labels.
        super::one_hot(&self.labels, self.classes()).expect("labels of a table are below its classes")
    }

    /// The number of rows of each class.
    pub fn class_counts(&self) -> Vec<usize> {
        counts(&self.labels, self.classes())
    }

    /// The same table in the other element type. Going to `f32`, a number too large for it
    /// becomes infinite.
    pub fn cast<U: Float>(&self) -> Table<U> {
        Table {
            features: self.features.cast(),
            labels: self.labels.clone(),
            feature_names: self.feature_names.clone(),
            class_names: self.class_names.clone(),
        }
    }
}

impl<T: Float> Rows for Table<T> {
    fn rows(&self) -> usize {
        self.len()
    }

    #[track_caller]
    fn select(&self, rows: &[usize]) -> Self {
        Self {
            features: self.features.select_rows(rows),
            labels: self.labels.select(rows),
            feature_names: self.feature_names.clone(),
            class_names: self.class_names.clone(),
        }
    }
}

impl<T: Float> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table<{}> of {} rows × {} features", T::NAME, self.len(), self.width())?;
        for (i, (name, count)) in self.class_names.iter().zip(self.class_counts()).enumerate() {
            write!(f, "{} {name}: {count}", if i == 0 { ";" } else { "," })?;
        }
        Ok(())
    }
}

/// A weight for each class that makes up for its rarity, one entry a class: n / (classes · rows of the
/// class), as scikit-learn's "balanced". Over the rows the weights come to 1 on average.
///
/// # Errors
/// If a label is not below `classes`, or a class has no rows.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::{Tensor, data::class_weights};
/// let weights: Tensor = class_weights(&[0, 1, 1, 1], 2)?;
/// assert_eq!(weights, [2.0, 2.0 / 3.0]);
/// # Ok(()) }
/// ```
#[doc(alias = "compute_class_weight")]
pub fn class_weights<T: Float>(labels: &[usize], classes: usize) -> Result<Tensor<T>, Error> {
    check_labels("class_weights", labels, classes)?;
    let counts = counts(labels, classes);
    if let Some(class) = counts.iter().position(|&count| count == 0) {
        return Err(Error::data(format!(
            "class_weights: class {class} has no rows, and no weight makes up for it"
        )));
    }
    let weight = |class: usize| labels.len() as f64 / (classes as f64 * counts[class] as f64);
    Ok(Tensor::from_fn([classes], |class| T::from_f64(weight(class))))
}

/// The number of labels of each class.
fn counts(labels: &[usize], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    labels.iter().for_each(|&label| counts[label] += 1);
    counts
}

/// The names, if there are `count` of them.
fn exactly(
    count: usize,
    what: &str,
    names: impl IntoIterator<Item = impl Into<String>>,
) -> Result<Vec<String>, Error> {
    let names: Vec<String> = names.into_iter().map(Into::into).collect();
    match names.len() == count {
        true => Ok(names),
        false => Err(Error::data(format!("Table: {} names for {count} {what}", names.len()))),
    }
}

/// Every entry is finite, or an error that names the first one that is not.
pub(crate) fn check_finite<T: Float>(who: &str, x: &Tensor<T>) -> Result<(), Error> {
    let Some(at) = x.data().iter().position(|x| !x.is_finite()) else {
        return Ok(());
    };
    let width = x.numel() / x.rows().max(1);
    let (row, column, bad) = (at / width, at % width, x.data()[at]);
    Err(Error::data(format!(
        "{who}: the entry at row {row}, column {column} is {bad}; numbers must be finite"
    )))
}

/// Every label is below `classes`, or an error that names the first one that is not.
pub(crate) fn check_labels(who: &str, labels: &[usize], classes: usize) -> Result<(), Error> {
    match labels.iter().position(|&label| label >= classes) {
        None => Ok(()),
        Some(row) => Err(Error::data(format!(
            "{who}: label {} of row {row} is out of range for {classes} classes (0 to {classes} − 1)",
            labels[row]
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(features: Tensor<f64>, labels: Vec<usize>, classes: usize, why: &str) {
        let error = Table::new(features, labels, classes).expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn a_table_of_unusable_data_is_refused() {
        let x = || Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
        refused(x(), vec![0], 2, "2 rows of features and 1 labels");
        refused(x(), vec![0, 2], 2, "label 2 of row 1 is out of range for 2 classes");
        refused(x(), vec![0, 0], 0, "label 0 of row 0 is out of range for 0 classes");
        refused(Tensor::from([1.0, 2.0]), vec![0, 1], 2, "shape [2]");
        refused(Tensor::from([[1.0, 2.0], [3.0, f64::NAN]]), vec![0, 1], 2, "row 1, column 1 is NaN");
        refused(Tensor::from([[1.0, f64::INFINITY]]), vec![0], 2, "row 0, column 1 is inf");
    }

    #[test]
    fn names_must_be_as_many_as_what_they_name() {
        let table = Table::<f64>::new(Tensor::from([[1.0, 2.0]]), vec![0], 1).unwrap();
        assert!(table.clone().with_feature_names(["a"]).unwrap_err().to_string().contains("1 names for 2"));
        assert!(table.clone().with_class_names(["a", "b"]).is_err());
        assert_eq!(table.with_feature_names(["a", "b"]).unwrap().feature_names(), ["a", "b"]);
    }

    #[test]
    fn three_classes_have_no_binary_targets() {
        let table = Table::<f64>::new(Tensor::zeros([3, 1]), vec![0, 1, 2], 3).unwrap();
        assert!(table.targets().unwrap_err().to_string().contains("3 classes"));
        assert_eq!(table.one_hot(), Tensor::eye(3));
    }

    #[test]
    fn other_features_keep_labels_and_names() {
        let table = Table::<f64>::new(Tensor::from([[1.0], [2.0]]), vec![0, 1], 2)
            .and_then(|t| t.with_feature_names(["length"]))
            .and_then(|t| t.with_class_names(["a", "b"]))
            .unwrap();
        let doubled = table.with_features(table.features().map(|x| 2.0 * x)).unwrap();
        assert_eq!(
            (doubled.feature_names(), doubled.class_names()),
            (table.feature_names(), table.class_names())
        );
        assert_eq!(doubled.features(), &Tensor::from([[2.0], [4.0]]));
        let wider = table.with_features(Tensor::zeros([2, 2])).unwrap();
        assert_eq!(wider.feature_names(), ["x0", "x1"]);
        assert!(table.with_features(Tensor::zeros([3, 1])).is_err());
    }

    #[test]
    fn a_class_without_rows_has_no_weight() {
        assert!(class_weights::<f32>(&[0, 0, 2], 3).unwrap_err().to_string().contains("class 1 has no rows"));
        assert!(class_weights::<f32>(&[0, 3], 3).unwrap_err().to_string().contains("label 3 of row 1"));
    }

    #[test]
    #[should_panic(expected = "row 5 out of range")]
    fn a_row_that_is_not_there_panics() {
        let _ = vec![1, 2, 3].select(&[0, 5]);
    }
}
