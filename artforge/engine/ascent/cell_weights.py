"""How much each cell of a map counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError
from artforge.engine.ascent.form import Place


def weights_of_cells(place: Place, size: tuple[int, int], layer: str) -> NDArray[np.float32]:
    """The share of each cell of a map; they add up to 1.

    Args:
        place: which cells count.
        size: (height, width) of the map.
        layer: whose map it is.

    Returns:
        float32 (height, width).

    Raises:
        ShapeError: the border leaves no cell.
    """
    position, border = place
    height, width = size
    weights = np.zeros(size, np.float32)
    if position is not None:
        weights[min(int(position[0] * height), height - 1), min(int(position[1] * width), width - 1)] = 1
        return weights
    if 2 * border >= min(size):
        raise ShapeError(
            f"a border of {border} cells leaves nothing of the {height}x{width} map of {layer!r}: "
            "make the picture larger or the border smaller"
        )
    weights[border : height - border, border : width - border] = 1
    return np.asarray(weights / weights.sum(), np.float32)
