"""What two works show, side by side: whether it is the same, and else what differs first and by how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.values import Image

Levels = NDArray[np.uint8 | np.uint16]
"""A picture as its file has it: (H, W, 3), [0, 255] or [0, 65535]."""

_EXCERPT = 32
_BEFORE = 8


@dataclass(frozen=True)
class Shown:
    """How far two works show the same.

    Attributes:
        what: is compared: `pixels`, `drawing` or `page`.
        told: what differs, in words; none where it is the same.
        largest, mean: difference of the pixels, in levels of 255; None where there are none to compare, or where the
            sizes or the numbers of frames differ.
        sizes: (height, width) of both in pixels; None of drawings.
        distances: between the pixels of the picture or frame that differs most, in the levels of its file.
    """

    what: str
    told: tuple[str, ...] = ()
    largest: float | None = None
    mean: float | None = None
    sizes: tuple[tuple[int, int], tuple[int, int]] | None = None
    distances: Levels | None = None

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.told

    @property
    def picture(self) -> Image | None:
        """Where the pixels differ, from black to white at the largest difference; None where they do not compare."""
        if self.distances is None:
            return None
        picture = self.distances.astype(np.float32)
        picture /= np.float32(max(1, self.distances.max()))
        return picture


def told_change(before: str, after: str) -> str:
    """`"... 3.5 L" -> "... 3.6 L"`: two long texts around the first letter that differs."""
    pairs = enumerate(zip(before, after, strict=False))
    first = next((at for at, (one, other) in pairs if one != other), min(len(before), len(after)))
    return " -> ".join(f'"{_excerpt(text, first)}"' for text in (before, after))


def _excerpt(text: str, first: int) -> str:
    start = 0 if len(text) <= _EXCERPT or first < _EXCERPT - _BEFORE else first - _BEFORE
    cut = text[start : start + _EXCERPT]
    return f"{'...' if start else ''}{cut}{'...' if start + _EXCERPT < len(text) else ''}"
