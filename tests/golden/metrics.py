"""Writes metrics.json, the numbers that tests/metrics.rs compares with, from scikit-learn 1.9.1:

    pip install scikit-learn==1.9.1
    python3 tests/golden/metrics.py
"""

import json
import pathlib

import numpy as np
from sklearn import metrics as m
from sklearn.utils.class_weight import compute_class_weight

rng = np.random.default_rng(20)


def classification(n, classes, right, absent=None):
    """n rows, of which a share of about `right` is predicted right; one class may be absent."""
    there = [c for c in range(classes) if c != absent]
    labels = rng.choice(there, n)
    predicted = np.where(rng.random(n) < right, labels, rng.choice(there, n))
    names = [["benign", "malignant"], ["setosa", "versicolor", "virginica"], ["a", "b", "c", "d, with a longer name"]]
    names = names[classes - 2]
    averages = ["macro", "micro", "weighted"] + (["binary"] if classes == 2 else [])
    of = lambda score: {a: score(labels, predicted, average=a, zero_division=0) for a in averages}
    each = range(classes)
    return {
        "predicted": predicted.tolist(),
        "labels": labels.tolist(),
        "names": names,
        "accuracy": m.accuracy_score(labels, predicted),
        "precision": of(m.precision_score),
        "recall": of(m.recall_score),
        "f1": of(m.f1_score),
        "confusion": m.confusion_matrix(labels, predicted, labels=each).tolist(),
        "report": m.classification_report(labels, predicted, labels=each, target_names=names, zero_division=0),
    }


def top_k(n, classes, k, levels):
    scores = rng.integers(levels, size=(n, classes)) / levels
    labels = rng.integers(classes, size=n)
    value = m.top_k_accuracy_score(labels, scores, k=k, labels=range(classes))
    return {"scores": scores.tolist(), "labels": labels.tolist(), "k": k, "value": value}


def roc_auc(n, levels):
    scores = rng.integers(levels, size=n) / levels
    labels = (scores + rng.normal(0, 0.5, n) > 0.5).astype(int)
    return {"scores": scores.tolist(), "labels": labels.tolist(), "value": m.roc_auc_score(labels, scores)}


def regression(shape, noise):
    targets = rng.normal(3, 2, shape)
    predicted = targets + rng.normal(0, noise, shape)
    return {
        "predicted": predicted.reshape(shape[0], -1).tolist(),
        "targets": targets.reshape(shape[0], -1).tolist(),
        "r2": m.r2_score(targets, predicted),
        "mae": m.mean_absolute_error(targets, predicted),
    }


def class_weights(counts):
    labels = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    weights = compute_class_weight("balanced", classes=np.arange(len(counts)), y=labels)
    return {"labels": labels.tolist(), "weights": weights.tolist()}


golden = {
    "classification": [
        classification(40, 2, 0.8),
        classification(40, 2, 0.1),
        classification(5, 2, 0.5, absent=1),
        classification(60, 3, 0.7),
        classification(60, 3, 0.0),
        classification(50, 4, 0.6, absent=2),
    ],
    "top_k": [top_k(40, 5, 1, 1000), top_k(40, 5, 2, 1000), top_k(40, 5, 2, 3), top_k(30, 3, 2, 2)],
    "roc_auc": [roc_auc(50, 10**6), roc_auc(50, 4), roc_auc(50, 2)],
    "regression": [regression((30,), 0.5), regression((30,), 6.0), regression((20, 3), 1.0)],
    "class_weights": [class_weights([12, 30]), class_weights([5, 1, 9])],
}

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text("{\n" + ",\n".join(
    f'"{name}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]" for name, cases in golden.items()
) + "\n}\n")
