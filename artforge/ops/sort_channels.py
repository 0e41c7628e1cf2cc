"""Channels in order."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from artforge.core.errors import check_choice
from artforge.core.steps import step
from artforge.core.values import FeatureMaps

Order = Literal["energy", "variance", "index"]


@step("sort_channels", version=1)
def sort_channels(maps: FeatureMaps, *, by: Order = "energy") -> FeatureMaps:
    """Put the most telling channels first.

    Args:
        maps: float32 (h, w, channels).
        by: `energy` is the sum of squares, `variance` how much a channel differs over the picture, `index` leaves
            the layer's own order. Descending; equals keep the layer's order.

    Returns:
        float32 (h, w, channels), the same channels in another order.

    Raises:
        ChoiceError: no such order.
    """
    check_choice("by", by, get_args(Order))
    if by == "index":
        return maps.copy()
    pixels = maps.astype(np.float64)
    score = np.square(pixels).sum(axis=(0, 1)) if by == "energy" else pixels.var(axis=(0, 1))
    return np.ascontiguousarray(maps[..., np.argsort(-score, kind="stable")])
