"""Rows of a picture in portions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_BAND_VALUES = 1 << 16


def row_bands(picture: NDArray[np.float32], *, values: int = _BAND_VALUES) -> Iterator[slice]:
    """The rows of a picture from the top down, in bands of about so many numbers each.

    What is in between in a formula then stays in the processor's cache, and a print of 12000x12000 needs no more
    memory than the result itself.

    Args:
        picture: (H, W, ...).
        values: numbers in a band; it has at least one row.
    """
    height = picture.shape[0]
    rows_per_band = max(1, values * height // picture.size)
    for top in range(0, height, rows_per_band):
        yield slice(top, min(top + rows_per_band, height))
