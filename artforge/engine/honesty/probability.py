"""The probability that the published measures watch while a picture is changed: that of one class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError
from artforge.engine.honesty.deletion import Score
from artforge.engine.models.handle import BATCH, Model


def watched_class(weights: NDArray[np.float32], *, model: Model) -> int:
    """The number of the class to watch for a target: that with the most weight.

    Args:
        weights: float32 (classes,), settled: the weight of each class score.
        model: the network.

    Raises:
        ChoiceError: no weight is positive; a map that only speaks against classes has no probability to follow.
    """
    if weights.max() <= 0:
        against = ", ".join(model.class_names[index] for index in np.flatnonzero(weights))
        raise ChoiceError(
            f"the target only speaks against {against}: expected a class with a positive weight, whose probability can "
            "be watched. Ask about the class itself"
        )
    return int(weights.argmax())


def probability_of(index: int, *, model: Model) -> Score:
    """The probability of one class as a score of prepared pictures.

    The published measures watch the probability. It saturates, so their numbers compare maps of one network and
    picture, and say little across networks.
    """

    def score(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        chunks = [model.class_scores(batch[start : start + BATCH]) for start in range(0, len(batch), BATCH)]
        return model.probabilities_of(np.concatenate(chunks))[:, index]

    return score
