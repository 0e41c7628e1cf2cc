"""What each batch is measured by: the measures of a test, fast enough to be taken at every step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from artforge.core.seeds import derive_seed, generator

Row = dict[str, float | str | None]

MEASURES = (
    *("loss", "mse", "true_positives", "false_positives", "true_negatives", "false_negatives"),
    *("accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc"),
)
COLUMNS = ("phase", "epoch", "batch", *MEASURES)
"""Of the history of batches; `phase` is `training`, `validation` or `test`."""


def batch_scores(labels: NDArray[np.int64], probabilities: NDArray[np.float32], loss: float) -> dict[str, float | None]:
    """The measures of one batch, defined as in `score_predictions`.

    They are worked out for all classes at once, in a few sorts and sums: scikit-learn takes milliseconds to check and
    to count a batch, which would be a tenth of the step of a small network.

    For two classes the second one is the positive one. For more, the counts are sums and the rest are means over the
    classes, each against the rest.

    Args:
        labels: int64 (n,).
        probabilities: float32 (n, classes).
        loss: as the optimizer sees it; it stands in the row as it is.

    Returns:
        one value for each of `MEASURES`; None for an area in a batch that shows one side only.
    """
    num_classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    classes = np.arange(num_classes)[-1:] if num_classes == 2 else np.arange(num_classes)
    is_shown, is_guessed = labels[:, None] == classes, predicted[:, None] == classes
    shown, guessed = is_shown.sum(axis=0), is_guessed.sum(axis=0)
    hits = (is_shown & is_guessed).sum(axis=0)
    precision, recall = hits / np.maximum(guessed, 1), hits / np.maximum(shown, 1)
    f1 = 2 * hits / np.maximum(shown + guessed, 1)
    right = predicted == labels
    counts = np.bincount(labels, minlength=num_classes)
    recalls = np.bincount(labels[right], minlength=num_classes)[counts > 0] / counts[counts > 0]
    errors = probabilities.astype(np.float64)
    errors[np.arange(len(labels)), labels] -= 1
    roc_aucs, pr_aucs = _areas(is_shown, probabilities[:, classes])
    return {
        "loss": loss,
        "mse": float((errors**2).mean()),
        "true_positives": int(hits.sum()),
        "false_positives": int((guessed - hits).sum()),
        "true_negatives": int((len(labels) - shown - guessed + hits).sum()),
        "false_negatives": int((shown - hits).sum()),
        "accuracy": float(right.mean()),
        "balanced_accuracy": float(recalls.mean()),
        "precision": float(precision.mean()),
        "recall": float(recall.mean()),
        "f1": float(f1.mean()),
        "roc_auc": _mean(roc_aucs[(shown > 0) & (shown < len(labels))]),
        "pr_auc": _mean(pr_aucs[shown > 0]),
    }


def weighted_loss(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32], class_weights: NDArray[np.float32]
) -> float:
    """Mean of -log p(true class), each picture weighed as in training."""
    own = np.clip(probabilities[np.arange(len(labels)), labels].astype(np.float64), 1e-7, 1)
    return float(np.average(-np.log(own), weights=class_weights[labels]))


def evaluation_rows(
    phase: str,
    epoch: int,
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    class_weights: NDArray[np.float32],
    *,
    batch_size: int,
    seed: int,
) -> Iterator[Row]:
    """The rows of an evaluation, in shuffled batches, so that each shows every class as training does."""
    order = generator(derive_seed(seed, phase, epoch)).permutation(len(labels))
    for number, start in enumerate(range(0, len(order), batch_size), start=1):
        chosen = order[start : start + batch_size]
        loss = weighted_loss(labels[chosen], probabilities[chosen], class_weights)
        yield {
            "phase": phase,
            "epoch": epoch,
            "batch": number,
            **batch_scores(labels[chosen], probabilities[chosen], loss),
        }


def _areas(positive: NDArray[np.bool_], scores: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Areas under the ROC curve and the steps of the precision-recall curve, for each column of (n, k)."""
    order = np.argsort(-scores, axis=0, kind="stable")
    ranked, hit = np.take_along_axis(scores, order, axis=0), np.take_along_axis(positive, order, axis=0)
    is_end = np.ones(ranked.shape, bool)
    is_end[:-1] = ranked[1:] != ranked[:-1]  # a threshold cannot part equal scores: only the last of them counts
    hits = np.maximum.accumulate(np.where(is_end, np.cumsum(hit, axis=0), 0), axis=0)
    misses = np.maximum.accumulate(np.where(is_end, np.cumsum(~hit, axis=0), 0), axis=0)
    new_hits, new_misses = np.diff(hits, axis=0, prepend=0), np.diff(misses, axis=0, prepend=0)
    all_hits, all_misses = np.maximum(hits[-1], 1), np.maximum(misses[-1], 1)
    roc = (new_misses * (hits - new_hits / 2)).sum(axis=0) / (all_hits * all_misses)
    pr = (new_hits * hits / np.maximum(hits + misses, 1)).sum(axis=0) / all_hits
    return roc, pr


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None
