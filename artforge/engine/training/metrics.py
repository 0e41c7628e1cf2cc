"""How well a classifier does: every measure from labels and probabilities, in plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError

_SMALLEST = 1e-7  # a probability of exactly 0 for the true class would make the loss infinite


def score_predictions(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32], class_names: tuple[str, ...]
) -> dict[str, Any]:
    """Every measure of a test, ready for JSON.

    For two classes the second one is the positive class; precision, recall, F1, ROC AUC and PR AUC speak of it. For
    more classes they are macro averages: each class against the rest, then the plain mean.

    Args:
        labels: int64 (n,).
        probabilities: float32 (n, classes), rows adding up to 1.
        class_names: in the order of the labels.

    Raises:
        ShapeError: the arrays do not fit together, or are empty.
    """
    if probabilities.shape != (len(labels), len(class_names)) or not len(labels):
        raise ShapeError(
            f"probabilities {probabilities.shape} must be (labels, classes) = {(len(labels), len(class_names))}, "
            "and not empty"
        )
    predicted = predicted_labels(probabilities)
    confusion = confusion_matrix(labels, predicted, len(class_names))
    recalls = class_recalls(confusion)
    scores: dict[str, Any] = {
        "num_pictures": len(labels),
        "accuracy": float((predicted == labels).mean()),
        "balanced_accuracy": float(recalls.mean()),
        "loss": cross_entropy(labels, probabilities),
        "mse": mean_squared_error(labels, probabilities),
    }
    if len(class_names) == 2:
        (true_negatives, false_positives), (false_negatives, true_positives) = confusion.tolist()
        scores |= {
            "positive_class": class_names[1],
            "true_positives": true_positives,
            "false_positives": false_positives,
            "true_negatives": true_negatives,
            "false_negatives": false_negatives,
        }
        scores |= _one_against_the_rest(confusion, labels, probabilities, positive=1)
    else:
        each = [_one_against_the_rest(confusion, labels, probabilities, positive=i) for i in range(len(class_names))]
        scores |= {f"macro_{name}": float(np.mean([one[name] for one in each])) for name in each[0]}
    scores["class_recall"] = dict(zip(class_names, recalls.tolist(), strict=True))
    scores["class_names"] = list(class_names)
    scores["confusion_matrix"] = confusion.tolist()
    return scores


def predicted_labels(probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """The most probable class of each row; of two equal ones the first."""
    return np.asarray(probabilities.argmax(axis=1), np.int64)


def confusion_matrix(labels: NDArray[np.int64], predicted: NDArray[np.int64], num_classes: int) -> NDArray[np.int64]:
    """int64 (classes, classes): how many pictures of the row's class were taken for the column's class."""
    return np.bincount(labels * num_classes + predicted, minlength=num_classes**2).reshape(num_classes, num_classes)


def class_recalls(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of each class that was recognised; 0 for a class without pictures."""
    return _ratio(np.diag(confusion), confusion.sum(axis=1))


def cross_entropy(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> float:
    """Mean of -log p(true class), natural logarithm; probabilities below 1e-7 count as 1e-7."""
    own = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(own, _SMALLEST, 1)).mean())


def mean_squared_error(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> float:
    """Mean over pictures and classes of (probability - truth)^2; for two classes the same as that of one sigmoid."""
    truth = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities.astype(np.float64) - truth) ** 2).mean())


def roc_auc(positive: NDArray[np.bool_], scores: NDArray[np.float32]) -> float:
    """Chance that a positive picture scores higher than a negative one, ties counted half.

    Raises:
        ShapeError: only positives or only negatives.
    """
    num_positive, num_negative = int(positive.sum()), int((~positive).sum())
    if not num_positive or not num_negative:
        raise ShapeError("an AUC needs positives and negatives")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last_rank = np.cumsum(counts)
    ranks = (last_rank - (counts - 1) / 2)[inverse]
    return float((ranks[positive].sum() - num_positive * (num_positive + 1) / 2) / (num_positive * num_negative))


def pr_auc(positive: NDArray[np.bool_], scores: NDArray[np.float32]) -> float:
    """Average precision: the area under the steps of the precision-recall curve, from the surest picture down.

    Raises:
        ShapeError: no positives.
    """
    if not positive.any():
        raise ShapeError("a precision-recall curve needs positives")
    order = np.argsort(-scores, kind="stable")
    sorted_scores = scores[order]
    hits = np.cumsum(positive[order])
    ends = np.flatnonzero(np.append(np.diff(sorted_scores) != 0, True))  # equal scores are taken together
    precision = hits[ends] / (ends + 1)
    recall_steps = np.diff(np.append(0, hits[ends])) / positive.sum()
    return float((precision * recall_steps).sum())


def _one_against_the_rest(
    confusion: NDArray[np.int64], labels: NDArray[np.int64], probabilities: NDArray[np.float32], *, positive: int
) -> dict[str, float]:
    hits = confusion[positive, positive]
    precision = float(_ratio(hits, confusion[:, positive].sum()))
    recall = float(_ratio(hits, confusion[positive].sum()))
    is_positive, scores = labels == positive, probabilities[:, positive]
    return {
        "precision": precision,
        "recall": recall,
        "f1": float(_ratio(2 * precision * recall, precision + recall)),
        "roc_auc": roc_auc(is_positive, scores),
        "pr_auc": pr_auc(is_positive, scores),
    }


def _ratio(numerator: Any, denominator: Any) -> NDArray[np.float64]:
    """Division where nothing out of nothing is 0."""
    numerator, denominator = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    return np.asarray(np.divide(numerator, denominator, out=np.zeros_like(denominator), where=denominator != 0))
