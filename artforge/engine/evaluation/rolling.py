"""The rolling average of a history, and where its batches stand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def rolling_mean(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """At each batch the mean of the last `window` batches, or of as many as there are so far.

    The first value is thus the first batch itself, and nothing is divided by zero. NaN marks a batch that was not
    measured: it is left out of the means, which are NaN only where a whole window is.

    Args:
        values: float64 (n,).
        window: batches, at least 1.
    """
    known = np.isfinite(values)
    sums = np.cumsum(np.where(known, values, 0.0))
    counts = np.cumsum(known)
    before_sums = np.concatenate([np.zeros(min(window, len(values))), sums[:-window]])
    before_counts = np.concatenate([np.zeros(min(window, len(values)), counts.dtype), counts[:-window]])
    held = counts - before_counts
    means = np.divide(sums - before_sums, held, out=np.full(len(values), np.nan), where=held > 0)
    return np.asarray(means, np.float64)


def batch_places(epochs: NDArray[np.float64], batches: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where each batch ends on an axis of epochs, float64 (n,): 1 is the end of the first epoch.

    Args:
        epochs, batches: float64 (n,), both counted from 1.
    """
    last = {epoch: batches[epochs == epoch].max() for epoch in np.unique(epochs).tolist()}
    return np.asarray(epochs - 1 + batches / np.asarray([last[epoch] for epoch in epochs.tolist()]), np.float64)


def fitting_window(num_batches: int) -> int:
    """A window that calms a history without hiding how it goes: a fiftieth of it, but 10 batches where it has 50."""
    return max(1, min(num_batches // 5, max(10, num_batches // 50)))
