"""How well a classifier does: every measure of a test, by scikit-learn where it has it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError
from artforge.engine.evaluation.calibration import expected_calibration_error

_SMALLEST = 1e-7  # a probability of exactly 0 for the true class would make the loss infinite


def score_predictions(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32], class_names: Sequence[str]
) -> dict[str, Any]:
    """Every measure of a test, ready for JSON.

    For two classes the second one is the positive class; precision, recall, F1, ROC AUC and PR AUC speak of it. For
    more classes they are macro averages: each class against the rest, then the plain mean. `accuracy`, precision and
    recall are at the usual threshold (the most probable class); ROC AUC, PR AUC, loss, MSE and ECE need none.

    Nothing is NaN: precision, recall and F1 of a class that was never guessed or never shown are 0. A class that has
    no picture in the test counts neither in the balanced accuracy nor in the mean of the AUCs, and an area that needs
    pictures of two sides but sees one is None.

    Args:
        labels: int64 (n,).
        probabilities: float32 (n, classes), each in [0, 1].
        class_names: in the order of the labels.

    Raises:
        ShapeError: the arrays do not fit together, are empty, or hold what is no probability or no label.
    """
    _check(labels, probabilities, class_names)
    from sklearn.metrics import mean_squared_error

    num_classes = len(class_names)
    predicted = predicted_labels(probabilities)
    confusion = confusion_matrix(labels, predicted, num_classes)
    recalls, shown = class_recalls(confusion), confusion.sum(axis=1) > 0
    scores: dict[str, Any] = {
        "num_pictures": len(labels),
        "accuracy": float((predicted == labels).mean()),
        "balanced_accuracy": float(recalls[shown].mean()),
        "loss": cross_entropy(labels, probabilities),
        "mse": float(mean_squared_error(np.eye(num_classes)[labels], probabilities)),
        "ece": expected_calibration_error(labels, probabilities),
    }
    each = _one_against_the_rest(labels, predicted, probabilities)
    if num_classes == 2:
        (true_negatives, false_positives), (false_negatives, true_positives) = confusion.tolist()
        scores |= {
            "positive_class": class_names[1],
            "true_positives": true_positives,
            "false_positives": false_positives,
            "true_negatives": true_negatives,
            "false_negatives": false_negatives,
        }
        scores |= {name: values[1] for name, values in each.items()}
    else:
        scores |= {f"macro_{name}": _mean(values) for name, values in each.items()}
    scores["class_recall"] = dict(zip(class_names, recalls.tolist(), strict=True))
    scores["class_names"] = list(class_names)
    scores["confusion_matrix"] = confusion.tolist()
    return scores


def predicted_labels(probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """The most probable class of each row; of two equal ones the first."""
    return np.asarray(probabilities.argmax(axis=1), np.int64)


def confusion_matrix(labels: NDArray[np.int64], predicted: NDArray[np.int64], num_classes: int) -> NDArray[np.int64]:
    """int64 (classes, classes): how many pictures of the row's class were taken for the column's class."""
    from sklearn.metrics import confusion_matrix as count

    return np.asarray(count(labels, predicted, labels=np.arange(num_classes)), np.int64)


def class_recalls(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of each class that was recognised; 0 for a class without pictures."""
    shown = confusion.sum(axis=1)
    return np.asarray(np.diag(confusion) / np.maximum(shown, 1), np.float64)


def cross_entropy(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> float:
    """Mean of -log p(true class), natural logarithm; probabilities below 1e-7 count as 1e-7.

    Rows that do not add up to 1, as of a network with one sigmoid for each class, are divided by their sum first.
    """
    from sklearn.metrics import log_loss

    rows = np.clip(probabilities.astype(np.float64), _SMALLEST, 1)
    return float(log_loss(labels, rows / rows.sum(axis=1, keepdims=True), labels=np.arange(rows.shape[1])))


def roc_auc(positive: NDArray[np.bool_], scores: NDArray[np.float32]) -> float | None:
    """Chance that a positive picture scores higher than a negative one, ties counted half; None without both."""
    if positive.all() or not positive.any():
        return None
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(positive, scores))


def pr_auc(positive: NDArray[np.bool_], scores: NDArray[np.float32]) -> float | None:
    """Average precision: the area under the steps of the precision-recall curve; None without positives."""
    if not positive.any():
        return None
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(positive, scores))


def accuracy_by_folder(items: Sequence[str], right: NDArray[np.bool_]) -> dict[str, dict[str, float]]:
    """The accuracy within each folder (or family of the embedded set), so that a weak spot shows."""
    verdicts: dict[str, list[bool]] = defaultdict(list)
    for item, is_right in zip(items, right.tolist(), strict=True):
        verdicts[str(PurePosixPath(item.removeprefix("embedded:")).parent)].append(is_right)
    return {
        folder: {"accuracy": sum(own) / len(own), "num_pictures": len(own)} for folder, own in sorted(verdicts.items())
    }


def _one_against_the_rest(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], probabilities: NDArray[np.float32]
) -> dict[str, list[float | None]]:
    """By name of the measure: its value for each class in turn."""
    from sklearn.metrics import precision_recall_fscore_support

    classes = range(probabilities.shape[1])
    precision, recall, f1, _ = precision_recall_fscore_support(labels, predicted, labels=list(classes), zero_division=0)
    return {
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "roc_auc": [roc_auc(labels == index, probabilities[:, index]) for index in classes],
        "pr_auc": [pr_auc(labels == index, probabilities[:, index]) for index in classes],
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def _check(labels: NDArray[np.int64], probabilities: NDArray[np.float32], class_names: Sequence[str]) -> None:
    if probabilities.shape != (len(labels), len(class_names)) or not len(labels):
        raise ShapeError(
            f"probabilities {probabilities.shape} must be (labels, classes) = {(len(labels), len(class_names))}, "
            "and not empty"
        )
    if not ((probabilities >= 0) & (probabilities <= 1)).all():  # which NaN is not either
        wrong = int(np.flatnonzero(~((probabilities >= 0) & (probabilities <= 1)).all(axis=1))[0])
        raise ShapeError(f"probabilities must lie in [0, 1], received {probabilities[wrong].tolist()} in row {wrong}")
    if labels.min() < 0 or labels.max() >= len(class_names):
        raise ShapeError(
            f"labels must be numbers from 0 to {len(class_names) - 1}, received {labels.min()} to {labels.max()}"
        )
