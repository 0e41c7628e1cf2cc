"""Confidence drop: how sure the network stays of one picture when it sees only what the heatmap lights up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from artforge.core.values import Heatmap
from artforge.engine.honesty.deletion import Score
from artforge.engine.honesty.fits import check_fits


class Drop(NamedTuple):
    """What is left of a probability.

    Attributes:
        drop: [0, 1], the share of it that is lost; its mean over a set of pictures is the "average drop".
        increases: whether it rises instead; the share of such pictures is the "increase in confidence".
    """

    drop: float
    increases: bool


def confidence_drop(
    picture: NDArray[np.float32], heatmap: Heatmap, baseline: NDArray[np.float32], score: Score
) -> Drop:
    """Fade the picture into the baseline where the map is cold, and compare the scores.

    Args:
        picture: float32 (h, w, channels).
        heatmap: float32 (h, w); evidence against drops out, its peak keeps the picture as it is.
        baseline: float32, shaped like the picture.
        score: the probability of the class that the map speaks for.

    Raises:
        ShapeError: the heatmap is not of the picture's size.

    Source: Chattopadhay et al., Grad-CAM++ (2018), section 4.1, https://arxiv.org/abs/1710.11063
    """
    check_fits(heatmap, picture)
    light = np.maximum(heatmap, 0)
    peak = light.max()
    light = light / peak if peak > 0 else light
    seen = baseline + light[..., None] * (picture - baseline)
    whole, left = score(np.stack([picture, np.asarray(seen, np.float32)])).astype(np.float64)
    return Drop(float(max(0.0, whole - left) / whole) if whole > 0 else 0.0, bool(left > whole))
