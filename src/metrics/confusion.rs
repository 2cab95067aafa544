//! What was taken for what: the confusion matrix, and precision, recall and F1.
//!
//! Of the rows predicted to be of a class, precision is the share that are; of the rows that are,
//! recall is the share predicted to be; F1 = 2 · precision · recall / (precision + recall). A
//! share of nothing counts as 0.

use super::check_lengths;
use crate::data::check_labels;
use crate::error::Error;
use crate::shape::Shape;
use std::collections::BTreeMap;
use std::fmt;

/// How many rows of each class were predicted to be of each: rows are the true classes, columns
/// the predicted ones.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::metrics::ConfusionMatrix;
/// let matrix = ConfusionMatrix::new(&[0, 1, 1, 1], &[0, 0, 1, 1], 2)?;
/// assert_eq!((matrix.row(0), matrix.row(1)), (&[1, 1][..], &[0, 2][..]));
/// assert_eq!((matrix.precision(1), matrix.recall(1), matrix.f1(1)), (2.0 / 3.0, 1.0, 0.8));
/// assert_eq!(matrix.to_string(), "\
/// true \\ predicted 0 1
///                0 1 1
///                1 0 2");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: usize,
    counts: Vec<usize>,
}

impl ConfusionMatrix {
    /// Counts predictions against labels, both out of 0..classes.
    ///
    /// # Errors
    /// If there are none, not as many predictions as labels, or one of them is not below
    /// `classes`.
    #[doc(alias = "confusion_matrix")]
    pub fn new(predicted: &[usize], labels: &[usize], classes: usize) -> Result<Self, Error> {
        check_lengths("ConfusionMatrix", predicted.len(), labels.len())?;
        check_labels("ConfusionMatrix", labels, classes)?;
        check_labels("ConfusionMatrix, predictions", predicted, classes)?;
        let entries = Shape::new(&[classes, classes]).checked_numel();
        let entries = entries.map_err(|error| Error::data(format!("ConfusionMatrix: {error}")))?;
        let mut counts = vec![0; entries];
        predicted.iter().zip(labels).for_each(|(p, y)| counts[y * classes + p] += 1);
        Ok(Self { classes, counts })
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How many rows of this class were predicted to be of each class.
    ///
    /// # Panics
    /// If there is no such class.
    #[track_caller]
    pub fn row(&self, class: usize) -> &[usize] {
        let classes = self.classes;
        assert!(class < classes, "ConfusionMatrix: class {class} out of range for {classes} classes");
        &self.counts[class * classes..][..classes]
    }

    /// The share of rows whose class was predicted.
    pub fn accuracy(&self) -> f64 {
        let hits = (0..self.classes).map(|class| self.row(class)[class]).sum();
        share(hits, self.counts.iter().sum())
    }

    /// Of the rows predicted to be of this class, the share that are.
    ///
    /// # Panics
    /// If there is no such class.
    #[track_caller]
    pub fn precision(&self, class: usize) -> f64 {
        self.tally(class).precision()
    }

    /// Of the rows of this class, the share predicted to be.
    ///
    /// # Panics
    /// If there is no such class.
    #[track_caller]
    pub fn recall(&self, class: usize) -> f64 {
        self.tally(class).recall()
    }

    /// The harmonic mean of precision and recall of this class.
    ///
    /// # Panics
    /// If there is no such class.
    #[track_caller]
    pub fn f1(&self, class: usize) -> f64 {
        self.tally(class).f1()
    }

    #[track_caller]
    fn tally(&self, class: usize) -> Tally {
        let row = self.row(class);
        let column = self.counts.iter().skip(class).step_by(self.classes);
        Tally { hits: row[class], predicted: column.sum(), support: row.iter().sum() }
    }
}

/// The matrix with its classes on the edges.
impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = self.counts.iter().copied().chain([self.classes - 1]).max().unwrap_or(0);
        let width = largest.to_string().len();
        write!(f, "true \\ predicted")?;
        (0..self.classes).try_for_each(|class| write!(f, " {class:>width$}"))?;
        for class in 0..self.classes {
            write!(f, "\n{class:>16}")?;
            self.row(class).iter().try_for_each(|count| write!(f, " {count:>width$}"))?;
        }
        Ok(())
    }
}

/// How the numbers of the classes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Average {
    /// The number of class 1, where there are no classes but 0 and 1.
    Binary,
    /// The mean over the classes that occur, among labels or predictions; all count alike.
    Macro,
    /// One number from the counts of all classes together; with one label to a row, it is the
    /// accuracy.
    Micro,
    /// The mean over the classes, each counting as many times as it has rows.
    Weighted,
}

/// Of the rows predicted to be of a class, the share that are.
///
/// # Errors
/// If there are none, not as many predictions as labels, or the average is binary and there is a
/// class above 1.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::metrics::{Average, precision};
/// assert_eq!(precision(&[0, 1, 1, 1], &[0, 0, 1, 1], Average::Binary)?, 2.0 / 3.0);
/// # Ok(()) }
/// ```
#[doc(alias = "precision_score")]
pub fn precision(predicted: &[usize], labels: &[usize], average: Average) -> Result<f64, Error> {
    averaged("precision", predicted, labels, Tally::precision, average)
}

/// Of the rows of a class, the share predicted to be.
///
/// # Errors
/// As [`precision`].
#[doc(alias = "recall_score")]
pub fn recall(predicted: &[usize], labels: &[usize], average: Average) -> Result<f64, Error> {
    averaged("recall", predicted, labels, Tally::recall, average)
}

/// The harmonic mean of precision and recall, 2 · hits / (rows predicted + rows of the class).
///
/// # Errors
/// As [`precision`].
#[doc(alias = "f1_score")]
pub fn f1(predicted: &[usize], labels: &[usize], average: Average) -> Result<f64, Error> {
    averaged("f1", predicted, labels, Tally::f1, average)
}

/// Precision, recall, F1 and the number of rows of each class, then the accuracy and the
/// averages, as a table laid out like scikit-learn's.
///
/// Every class that has a name has a line, and a part in the macro average, even if it does not
/// occur.
///
/// # Errors
/// If there are none, not as many predictions as labels, or one of them has no name.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::metrics::classification_report;
/// let report = classification_report(&[0, 1, 1, 1], &[0, 0, 1, 1], &["benign", "malignant"])?;
/// assert_eq!(report, "              precision    recall  f1-score   support
///
///       benign       1.00      0.50      0.67         2
///    malignant       0.67      1.00      0.80         2
///
///     accuracy                           0.75         4
///    macro avg       0.83      0.75      0.73         4
/// weighted avg       0.83      0.75      0.73         4
/// ");
/// # Ok(()) }
/// ```
pub fn classification_report(
    predicted: &[usize],
    labels: &[usize],
    class_names: &[impl AsRef<str>],
) -> Result<String, Error> {
    let who = "classification_report";
    check_lengths(who, predicted.len(), labels.len())?;
    check_labels(who, labels, class_names.len())?;
    check_labels("classification_report, predictions", predicted, class_names.len())?;
    let mut tallies = tallies(predicted, labels);
    (0..class_names.len()).for_each(|class| _ = tallies.entry(class).or_default());

    let names = || class_names.iter().map(AsRef::as_ref);
    let width = names().map(|name| name.chars().count()).fold("weighted avg".len(), usize::max);
    let line = |name: &str, scores: [Option<f64>; 3], support: usize| {
        let [p, r, f] = scores.map(|score| score.map_or(String::new(), |score| format!("{score:.2}")));
        format!("{name:>width$}  {p:>9} {r:>9} {f:>9} {support:>9}\n")
    };
    let scores: [fn(&Tally) -> f64; 3] = [Tally::precision, Tally::recall, Tally::f1];
    let averages = |average| scores.map(|of| Some(averaged_over(&tallies, of, average)));

    let (p, r, f, support) = ("precision", "recall", "f1-score", "support");
    let mut text = format!("{:>width$}  {p:>9} {r:>9} {f:>9} {support:>9}\n\n", "");
    for (name, tally) in names().zip(tallies.values()) {
        text += &line(name, scores.map(|of| Some(of(tally))), tally.support);
    }
    let accuracy = averaged_over(&tallies, Tally::recall, Average::Micro);
    text.push('\n');
    text += &line("accuracy", [None, None, Some(accuracy)], labels.len());
    text += &line("macro avg", averages(Average::Macro), labels.len());
    text += &line("weighted avg", averages(Average::Weighted), labels.len());
    Ok(text)
}

/// The counts of one class, or of several together.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// Rows of the class that were predicted to be.
    hits: usize,
    /// Rows that were predicted to be of the class.
    predicted: usize,
    /// Rows of the class.
    support: usize,
}

impl Tally {
    fn precision(&self) -> f64 {
        share(self.hits, self.predicted)
    }

    fn recall(&self) -> f64 {
        share(self.hits, self.support)
    }

    fn f1(&self) -> f64 {
        share(2 * self.hits, self.predicted + self.support)
    }
}

/// a / b, and 0 of nothing.
fn share(a: usize, b: usize) -> f64 {
    if b == 0 { 0.0 } else { a as f64 / b as f64 }
}

/// The counts of every class that occurs.
fn tallies(predicted: &[usize], labels: &[usize]) -> BTreeMap<usize, Tally> {
    let mut tallies: BTreeMap<usize, Tally> = BTreeMap::new();
    for (p, y) in predicted.iter().zip(labels) {
        tallies.entry(*p).or_default().predicted += 1;
        let of_label = tallies.entry(*y).or_default();
        of_label.support += 1;
        of_label.hits += usize::from(p == y);
    }
    tallies
}

fn averaged(
    who: &str,
    predicted: &[usize],
    labels: &[usize],
    of: fn(&Tally) -> f64,
    average: Average,
) -> Result<f64, Error> {
    check_lengths(who, predicted.len(), labels.len())?;
    let tallies = tallies(predicted, labels);
    match tallies.last_key_value() {
        Some((class, _)) if average == Average::Binary && *class > 1 => Err(Error::data(format!(
            "{who}: class {class} is neither 0 nor 1, so there is no binary average; take another one"
        ))),
        _ => Ok(averaged_over(&tallies, of, average)),
    }
}

fn averaged_over(tallies: &BTreeMap<usize, Tally>, of: fn(&Tally) -> f64, average: Average) -> f64 {
    let each = || tallies.values();
    let together = each().fold(Tally::default(), |sum, tally| Tally {
        hits: sum.hits + tally.hits,
        predicted: sum.predicted + tally.predicted,
        support: sum.support + tally.support,
    });
    match average {
        Average::Binary => of(&tallies.get(&1).copied().unwrap_or_default()),
        Average::Macro => each().map(of).sum::<f64>() / tallies.len() as f64,
        Average::Micro => of(&together),
        Average::Weighted => {
            each().map(|tally| of(tally) * tally.support as f64).sum::<f64>() / together.support as f64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_does_not_occur_counts_in_the_report_alone() {
        let (predicted, labels) = ([0, 2, 2], [0, 2, 0]);
        // Precision of classes 0 and 2: 1 and 1/2.
        assert_eq!(precision(&predicted, &labels, Average::Macro).unwrap(), 0.75);
        let report = classification_report(&predicted, &labels, &["a", "b", "c"]).unwrap();
        assert!(report.contains("           b       0.00      0.00      0.00         0\n"), "{report}");
        assert!(report.contains("   macro avg       0.50 "), "{report}");
    }

    #[test]
    fn shares_of_nothing_are_zero() {
        for metric in [precision, recall, f1] {
            assert_eq!(metric(&[0, 0], &[0, 0], Average::Binary).unwrap(), 0.0);
            assert_eq!(metric(&[0, 0], &[1, 1], Average::Macro).unwrap(), 0.0);
        }
        let matrix = ConfusionMatrix::new(&[0], &[0], 3).unwrap();
        assert_eq!((matrix.precision(2), matrix.recall(2), matrix.f1(2)), (0.0, 0.0, 0.0));
    }

    #[test]
    fn large_counts_and_class_numbers_keep_the_matrix_in_columns() {
        let labels: Vec<usize> = (0..11).chain([10; 120]).collect();
        let text = ConfusionMatrix::new(&labels, &labels, 11).unwrap().to_string();
        let widths: Vec<usize> = text.lines().map(str::len).collect();
        assert!(text.lines().count() == 12 && widths.iter().all(|&w| w == widths[0]), "{text}");
        assert!(text.ends_with("  0 121"), "{text}");
    }

    #[track_caller]
    fn refused<A: fmt::Debug>(result: Result<A, Error>, why: &str) {
        let error = result.expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        refused(ConfusionMatrix::new(&[0, 1], &[0, 2], 2), "label 2 of row 1 is out of range for 2 classes");
        refused(ConfusionMatrix::new(&[2, 1], &[0, 1], 2), "predictions: label 2 of row 0 is out of range");
        refused(ConfusionMatrix::new(&[], &[], 2), "no predictions");
        refused(ConfusionMatrix::new(&[0], &[0], usize::MAX), "more entries than memory can hold");
        refused(f1(&[0, 1], &[0, 1, 1], Average::Macro), "2 predictions and 3 labels");
        refused(f1(&[0, 3], &[0, 1], Average::Binary), "class 3 is neither 0 nor 1");
        refused(recall(&[], &[], Average::Macro), "no predictions");
        refused(classification_report(&[0], &[1], &["a"]), "label 1 of row 0 is out of range for 1 classes");
        refused(classification_report(&[], &[], &["a"]), "no predictions");
    }
}
