//! Metrics against scikit-learn's, on the cases that tests/golden/metrics.py stores.

use serde_json::Value;
use wengert::Tensor;
use wengert::data::class_weights;
use wengert::metrics::{self, Average, ConfusionMatrix};

/// The stored cases of this name.
fn cases(name: &str) -> Vec<Value> {
    let golden: Value = serde_json::from_str(include_str!("golden/metrics.json")).unwrap();
    let cases = golden[name].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn classes(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|class| class.as_u64().unwrap() as usize).collect()
}

fn matrix(value: &Value) -> Tensor<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    Tensor::from_vec(rows.concat(), [rows.len(), rows[0].len()])
}

#[track_caller]
fn agree(what: &str, ours: f64, theirs: &Value) {
    let theirs = number(theirs);
    assert!((ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0), "{what}: {ours} and not {theirs}");
}

#[test]
fn classes_are_judged_as_scikit_learn_judges_them() {
    for case in cases("classification") {
        let (predicted, labels) = (classes(&case["predicted"]), classes(&case["labels"]));
        agree("accuracy", metrics::accuracy(&predicted, &labels).unwrap(), &case["accuracy"]);
        let mut compared = 0;
        for (name, metric) in [
            ("precision", metrics::precision as fn(&[usize], &[usize], Average) -> _),
            ("recall", metrics::recall),
            ("f1", metrics::f1),
        ] {
            for (average, theirs) in case[name].as_object().unwrap() {
                let average = match average.as_str() {
                    "binary" => Average::Binary,
                    "macro" => Average::Macro,
                    "micro" => Average::Micro,
                    "weighted" => Average::Weighted,
                    other => panic!("no average is called {other}"),
                };
                agree(&format!("{name}, {average:?}"), metric(&predicted, &labels, average).unwrap(), theirs);
                compared += 1;
            }
        }
        assert!(compared >= 9);

        let names: Vec<&str> =
            case["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let counts = ConfusionMatrix::new(&predicted, &labels, names.len()).unwrap();
        for (class, row) in case["confusion"].as_array().unwrap().iter().enumerate() {
            assert_eq!(counts.row(class), classes(row));
        }
        agree("accuracy", counts.accuracy(), &case["accuracy"]);
        let report = metrics::classification_report(&predicted, &labels, &names).unwrap();
        assert_eq!(report, case["report"].as_str().unwrap());
    }
}

#[test]
fn scores_are_ranked_as_scikit_learn_ranks_them() {
    for case in cases("top_k") {
        let k = case["k"].as_u64().unwrap() as usize;
        let ours = metrics::top_k_accuracy(&matrix(&case["scores"]), &classes(&case["labels"]), k).unwrap();
        agree("top-k", ours, &case["value"]);
    }
    for case in cases("roc_auc") {
        let scores = Tensor::from(numbers(&case["scores"]));
        let ours = metrics::roc_auc(&scores, &classes(&case["labels"])).unwrap();
        agree("ROC-AUC", ours, &case["value"]);
    }
}

#[test]
fn numbers_are_judged_as_scikit_learn_judges_them() {
    for case in cases("regression") {
        let (predicted, targets) = (matrix(&case["predicted"]), matrix(&case["targets"]));
        agree("R²", metrics::r2(&predicted, &targets).unwrap(), &case["r2"]);
        agree("MAE", metrics::mae(&predicted, &targets).unwrap(), &case["mae"]);
    }
}

#[test]
fn rare_classes_weigh_as_much_as_in_scikit_learn() {
    for case in cases("class_weights") {
        let theirs = numbers(&case["weights"]);
        let ours: Tensor<f64> = class_weights(&classes(&case["labels"]), theirs.len()).unwrap();
        assert!(ours.max_abs_diff(&Tensor::from(theirs)) < 1e-12);
    }
}
