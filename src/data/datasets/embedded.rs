//! Real tables, compiled into the crate. Where they come from stands in `data/README.md`.

use crate::data::Table;
use crate::float::Float;
use crate::tensor::Tensor;

/// Wisconsin diagnostic breast cancer: 569 tumours, 30 features of their cell nuclei, malignant
/// (class 0, 212 rows) or benign (class 1, 357 rows).
///
/// The features are the mean, the standard error and the worst of ten measurements.
///
/// Source: W. Wolberg, O. Mangasarian, N. Street, W. Street (1993), UCI Machine Learning
/// Repository, DOI 10.24432/C5DW2B, CC BY 4.0.
///
/// ```
/// use wengert::data::{Table, datasets};
/// let data: Table = datasets::breast_cancer();
/// assert_eq!(data.features().shape().dims(), [569, 30]);
/// assert_eq!(data.class_names(), ["malignant", "benign"]);
/// ```
pub fn breast_cancer<T: Float>() -> Table<T> {
    let measured = [
        "radius",
        "texture",
        "perimeter",
        "area",
        "smoothness",
        "compactness",
        "concavity",
        "concave points",
        "symmetry",
        "fractal dimension",
    ];
    let means = measured.map(|name| format!("mean {name}"));
    let errors = measured.map(|name| format!("{name} error"));
    let worsts = measured.map(|name| format!("worst {name}"));
    let text = include_str!("../../../data/breast_cancer.csv");
    embedded(text, 1, [means, errors, worsts].concat(), ["malignant", "benign"])
}

/// Fisher's iris: 150 flowers, length and width of sepal and petal in cm, 50 of each of setosa
/// (class 0), versicolor (1) and virginica (2).
///
/// Source: R. A. Fisher (1936), UCI Machine Learning Repository, DOI 10.24432/C56C76,
/// CC BY 4.0; the numbers of the paper.
///
/// ```
/// use wengert::data::{Table, datasets};
/// let data: Table<f64> = datasets::iris();
/// assert_eq!(data.features().shape().dims(), [150, 4]);
/// assert_eq!(data.class_counts(), [50, 50, 50]);
/// ```
pub fn iris<T: Float>() -> Table<T> {
    let features = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"];
    let classes = ["setosa", "versicolor", "virginica"];
    embedded(include_str!("../../../data/iris.csv"), 1, features.map(str::to_owned).to_vec(), classes)
}

/// 1797 handwritten digits as images of 8×8 pixels, grey from 0 to 16, row by row.
///
/// Source: E. Alpaydin, C. Kaynak (1998), the test part of "Optical Recognition of Handwritten
/// Digits", UCI Machine Learning Repository, DOI 10.24432/C50P49, CC BY 4.0.
///
/// ```
/// use wengert::data::{Table, datasets};
/// let data: Table = datasets::digits();
/// assert_eq!(data.features().shape().dims(), [1797, 64]);
/// assert_eq!(data.classes(), 10);
/// ```
pub fn digits<T: Float>() -> Table<T> {
    let pixels = (0..64).map(|i| format!("pixel {}, {}", i / 8, i % 8)).collect();
    let classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    embedded(include_str!("../../../data/digits.csv"), 0, pixels, classes)
}

/// The table in `text` after `skip` lines: numbers between commas, the label last.
fn embedded<T: Float, const C: usize>(
    text: &str,
    skip: usize,
    feature_names: Vec<String>,
    class_names: [&str; C],
) -> Table<T> {
    let width = feature_names.len();
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for line in text.lines().skip(skip) {
        let (row, label) = line.rsplit_once(',').expect(WELL_FORMED);
        features.extend(row.split(',').map(|x| T::from_f64(x.parse().expect(WELL_FORMED))));
        labels.push(label.parse().expect(WELL_FORMED));
    }
    let features = Tensor::from_vec(features, [labels.len(), width]);
    Table::new(features, labels, C)
        .and_then(|table| table.with_feature_names(feature_names))
        .and_then(|table| table.with_class_names(class_names))
        .expect(WELL_FORMED)
}

// OK because the files are part of the crate and the tests below read each of them.
const WELL_FORMED: &str = "the embedded tables are well formed";

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows, features, rows per class, and the sum over all features (with Python's fsum).
    #[track_caller]
    fn check(data: &Table<f64>, rows: usize, width: usize, counts: &[usize], sum: f64) {
        assert_eq!(data.features().shape().dims(), [rows, width]);
        assert_eq!(data.class_counts(), counts);
        assert_eq!((data.feature_names().len(), data.class_names().len()), (width, counts.len()));
        let total: f64 = data.features().data().iter().sum();
        assert!((total - sum).abs() < 1e-9 * sum, "{total} and not {sum}");
    }

    #[test]
    fn every_embedded_table_is_whole() {
        check(&breast_cancer(), 569, 30, &[212, 357], 1056474.4596356);
        check(&iris(), 150, 4, &[50, 50, 50], 2078.7);
        let digits = digits();
        check(&digits, 1797, 64, &[178, 182, 177, 183, 181, 182, 181, 179, 174, 180], 561718.0);
        assert!(digits.features().data().iter().all(|x| (0.0..=16.0).contains(x)));
    }

    #[test]
    fn single_precision_is_the_double_rounded() {
        let (single, double): (Table, Table<f64>) = (breast_cancer(), breast_cancer());
        assert_eq!(single, double.cast());
        assert_eq!(single.feature_names()[20], "worst radius");
    }
}
