"""Heatmaps from growing subsets of channels: a picture that builds up filter by filter."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import check_choice
from artforge.core.steps import step
from artforge.core.values import FeatureMaps, Heatmap, Unit
from artforge.engine.attention.settings import check_range

Rank = Literal["strongest", "weakest", "index"]
"""Which channels come first."""


@step("add_channels", version=1)
def add_channels(maps: FeatureMaps, *, share: Unit = 1.0, rank: Rank = "strongest") -> Heatmap:
    """Add up a share of the channels, in the order of their strength or as the layer has them.

    The maps of any split of the channels add up to the map of all of them.

    Args:
        maps: float32 (h, w, channels), signed: each channel's part in a heatmap, as `grad_cam_channels` gives it.
        share: [0, 1], how many of the channels, rounded to a whole number (halves up); 0 gives a map of zeros.
        rank: which channels come first; a channel's strength is the sum of |map|, equals keep the layer's order.

    Returns:
        float32 (h, w), signed, neither resized nor normalised.

    Raises:
        ChoiceError: a share beyond [0, 1], or no such rank.
    """
    check_range("share", share, "[0, 1]")
    num_channels = maps.shape[-1]
    count = int(np.floor(share * num_channels + 0.5))
    chosen = rank_channels(maps, rank)[:count]
    total: Heatmap = maps[..., chosen].sum(axis=-1, dtype=np.float64).astype(np.float32)
    return total


def rank_channels(maps: FeatureMaps, rank: Rank) -> NDArray[np.intp]:
    """Channel indices in the order in which they are added.

    Raises:
        ChoiceError: no such rank.
    """
    check_choice("rank", rank, get_args(Rank))
    if rank == "index":
        return np.arange(maps.shape[-1])
    strength = np.abs(maps).sum(axis=(0, 1), dtype=np.float64)
    return np.argsort(-strength if rank == "strongest" else strength, kind="stable")
