"""Rows of pixels packed as PNG and PDF both have them: each by the filter that leaves the least, then deflated.

Source: PNG (Third Edition), 9 Filtering and 12.7 Filter selection; PDF 32000-1:2008, 7.4.4.4 (predictor 15).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEVEL = 6
_SUB, _UP, _AVERAGE = 1, 2, 3


def deflated(bands: Iterable[NDArray[Any]]) -> Iterator[bytes]:
    """One zlib stream, in pieces, of a picture's rows.

    Args:
        bands: uint8 or uint16 (rows, width, 3), from the top down, all of one width.
    """
    packer = zlib.compressobj(_LEVEL)
    above: NDArray[np.uint8] | None = None
    for band in bands:
        step = band.shape[-1] * band.itemsize
        rows = np.ascontiguousarray(band, band.dtype.newbyteorder(">")).view(np.uint8).reshape(len(band), -1)
        above = np.zeros_like(rows[0]) if above is None else above
        yield packer.compress(_filtered(rows, above, step).tobytes())
        above = rows[-1].copy()
    yield packer.flush()


def _filtered(rows: NDArray[np.uint8], above: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """Each row with the number of its filter in front: uint8 (rows, 1 + bytes of a row)."""
    up = np.concatenate([above[None], rows[:-1]])
    left = np.zeros_like(rows)
    left[:, step:] = rows[:, :-step]
    between = (left & up) + ((left ^ up) >> 1)  # their mean, rounded down, without a ninth bit
    filtered = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
    least = np.full(len(rows), np.iinfo(np.int64).max)
    for number, predicted in ((_SUB, left), (_UP, up), (_AVERAGE, between)):
        residue = rows - predicted
        cost = np.minimum(residue, ~residue).sum(axis=1, dtype=np.int64)  # as signed numbers, by their size
        better = cost < least
        filtered[better, 0] = number
        filtered[better, 1:] = residue[better]
        least = np.minimum(cost, least)
    return filtered
