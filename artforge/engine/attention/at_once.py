"""How many pictures go through a network at once, so that their maps fit into memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from artforge.engine.models.card import LayerInfo
from artforge.engine.models.handle import BATCH, Model

BATCH_BYTES = 400_000_000
"""A batch is made smaller where the maps held for it would be larger than this."""


def pictures_at_once(
    layers: Sequence[LayerInfo], picture_sizes: Iterable[tuple[int, int]], *, model: Model, copies: int
) -> int:
    """The length of a batch, from 1 to BATCH.

    Args:
        layers: those whose maps are held.
        picture_sizes: (height, width) of the pictures as the network sees them; the largest counts.
        model: the network.
        copies: how many float32 arrays are held for each layer: its maps, and perhaps their gradients.
    """
    height, width = model.input_size
    enlarged = max((high * wide / (height * width) for high, wide in picture_sizes), default=1.0)
    cells = sum(info.channels * info.size[0] * info.size[1] for info in layers if info.size) * enlarged
    return int(np.clip(BATCH_BYTES // (copies * np.dtype(np.float32).itemsize * max(cells, 1)), 1, BATCH))
