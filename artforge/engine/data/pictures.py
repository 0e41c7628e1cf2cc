"""The pictures of a set as they are asked for: a batch at a time, whether they lie in memory, on disk or in files."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Pictures(Protocol):
    """Pictures of one size. An array in memory is one, a mapped file is one, and so is what decodes when asked.

    A set may be far larger than memory: ask for as many as one step needs, never for a whole split.
    """

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(n, height, width, channels)."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, indices: NDArray[np.int64], /) -> NDArray[np.uint8]:
        """Those at `indices`, int64 (k,), in that order: uint8 (k, height, width, channels), sRGB or grey."""
