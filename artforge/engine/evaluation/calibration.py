"""Calibration: whether 90% sure is right nine times of ten, and the one number that brings a network nearer to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError

if TYPE_CHECKING:
    from artforge.engine.models.head import LogitsTwin

NUM_BINS = 15
FEWEST_PICTURES, NUM_FOLDS = 50, 5
COLDEST, HOTTEST = 0.05, 20.0
"""Temperatures are looked for in between: what lies beyond comes of a handful of pictures, not of the network."""


@dataclass(frozen=True)
class Reliability:
    """A calibration curve: how often the network was right when it was so sure.

    Attributes:
        edges: float64 (bins + 1,), of equal bins over [0, 1]; a probability on an edge belongs to the bin below.
        counts: int64 (bins,), pictures whose predicted class has a probability in the bin.
        confidence: float64 (bins,), their mean probability; NaN in an empty bin.
        accuracy: float64 (bins,), the share of them that was right; NaN in an empty bin.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Expected calibration error: mean distance of confidence and accuracy, bins weighed by their pictures."""
        filled = self.counts > 0
        gaps = np.abs(self.confidence - self.accuracy)[filled]
        return float(gaps @ self.counts[filled] / self.counts.sum())


def reliability(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32], *, num_bins: int = NUM_BINS
) -> Reliability:
    """The calibration curve of the predicted class's probability.

    Args:
        labels: int64 (n,).
        probabilities: float32 (n, classes).
        num_bins: of equal width.

    Source: Guo et al., On Calibration of Modern Neural Networks (2017), eq. 3, https://arxiv.org/abs/1706.04599
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    bins = bin_of(confidence, num_bins)
    counts = np.bincount(bins, minlength=num_bins)
    sums = [np.bincount(bins, values, minlength=num_bins) for values in (confidence, right)]
    means = [np.divide(total, counts, out=np.full(num_bins, np.nan), where=counts > 0) for total in sums]
    return Reliability(np.linspace(0, 1, num_bins + 1), counts.astype(np.int64), *means)


def bin_of(confidence: NDArray[np.float64], num_bins: int = NUM_BINS) -> NDArray[np.int64]:
    """The number of each probability's bin: (0, 1/n], (1/n, 2/n], ...; 0 belongs to the first."""
    edges = np.linspace(0, 1, num_bins + 1)
    return np.asarray(np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, num_bins - 1), np.int64)


def expected_calibration_error(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> float:
    """ECE with 15 equal bins, of the predicted class's probability; 0 is best."""
    return reliability(labels, probabilities).error


def fit_temperature(class_scores: NDArray[np.float32], labels: NDArray[np.int64], *, twin: LogitsTwin) -> float:
    """The temperature by which to divide the logits, so that the probabilities say how often the network is right.

    It is the one with the lowest mean -log p(true class). It changes how sure the network says it is, never which
    class comes first. Where every picture is right, or every one wrong, there is no best one, and it stays 1.

    A handful of pictures would rather make the calibration worse. So it stays 1 with fewer than 50, and where
    temperatures found on four fifths of the pictures do not lower the loss of the fifth that each has not seen.

    Args:
        class_scores: float32 (n, classes), logits of pictures that the network was not trained on.
        labels: int64 (n,).
        twin: of the network; knows whether its logits go through a softmax or a sigmoid.

    Returns:
        a number in [0.05, 20]; above 1 the network was surer than it should be.

    Raises:
        ShapeError: no pictures, or the arrays do not fit together.

    Source: Guo et al. (2017), section 4.2, https://arxiv.org/abs/1706.04599
    """
    if len(labels) != len(class_scores) or not len(labels):
        raise ShapeError(f"class_scores {class_scores.shape} must have one row for each of {len(labels)} labels, not 0")
    right = class_scores.argmax(axis=1) == labels
    if len(labels) < FEWEST_PICTURES or right.all() or not right.any():
        return 1.0
    scores = class_scores.astype(np.float64)
    found = _best_temperature(scores, labels, twin)
    return found if _helps_on_others(scores, labels, twin) else 1.0


def _best_temperature(scores: NDArray[np.float64], labels: NDArray[np.int64], twin: LogitsTwin) -> float:
    from scipy.optimize import minimize_scalar

    loss = _loss_of(scores, labels, twin)
    found = minimize_scalar(lambda log: loss(np.exp(-log)), bounds=np.log([COLDEST, HOTTEST]), method="bounded")
    return float(np.exp(found.x)) if found.fun < loss(1.0) else 1.0


def _helps_on_others(scores: NDArray[np.float64], labels: NDArray[np.int64], twin: LogitsTwin) -> bool:
    """Whether pictures that had no part in it are less surprising with a temperature than without."""
    from sklearn.model_selection import KFold

    change = 0.0
    for seen, unseen in KFold(NUM_FOLDS, shuffle=True, random_state=0).split(labels):
        loss = _loss_of(scores[unseen], labels[unseen], twin)
        temperature = _best_temperature(scores[seen], labels[seen], twin)
        change += len(unseen) * (loss(1 / temperature) - loss(1.0))
    return change < 0


def _loss_of(scores: NDArray[np.float64], labels: NDArray[np.int64], twin: LogitsTwin) -> Callable[[float], float]:
    """How surprising the labels are where the logits are multiplied by a number, as the mean over pictures."""
    from scipy.special import logsumexp

    truth = np.eye(scores.shape[1], dtype=bool)[labels]
    if twin.is_sigmoid:  # each class by itself: a lone sigmoid speaks by its two columns -z and z
        towards = np.where(truth, scores, -scores)
        return lambda factor: float(np.logaddexp(0, -factor * towards).sum(axis=1).mean())
    margins = scores - scores[truth][:, None]
    return lambda factor: float(np.mean(logsumexp(factor * margins, axis=1)))
