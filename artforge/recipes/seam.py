"""The seam of a loop: how far the last frame is from the first, against the steps between all others."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from artforge.core.values import Image

ROUGH_SEAM = 3.0
"""A seam of this many median steps is seen as a jump."""
_LEAST_STEP = 0.5 / 255
"""Mean difference of two frames below which no eye sees a step."""
_LOOKED_AT = 256
"""Frames are compared at no more rows and columns than this: a step is seen as a whole, not in single pixels."""


@dataclass(frozen=True)
class Seam:
    """How a loop closes.

    Attributes:
        step: mean absolute difference of frame N-1 and frame 0, in [0, 1].
        median: that of two frames that follow each other, the median of all.
    """

    step: float
    median: float

    @property
    def ratio(self) -> float:
        """The seam in median steps; steps that no eye sees count as the smallest that one does."""
        return max(self.step, _LEAST_STEP) / max(self.median, _LEAST_STEP)

    @property
    def is_rough(self) -> bool:
        """Whether the film is seen to jump."""
        return self.ratio > ROUGH_SEAM

    def __str__(self) -> str:
        return (
            f"the seam is {self.ratio:.2f} x the median step ({self.step * 255:.2f} and {self.median * 255:.2f} of 255)"
        )


@dataclass
class SeamMeter:
    """Measures while the frames go by in their order, once or, as a palette wants it, once more from the start."""

    _first: NDArray[np.float32] | None = None
    _last: NDArray[np.float32] | None = None
    _steps: list[float] = field(default_factory=list)

    def look(self, index: int, frame: Image) -> None:
        """Frame `index` goes by."""
        height, width = frame.shape[:2]
        seen = frame[:: -(-height // _LOOKED_AT), :: -(-width // _LOOKED_AT)].copy()
        if index == 0:
            self._first, self._last, self._steps = seen, None, []
        if self._last is not None:
            self._steps.append(_difference(self._last, seen))
        self._last = seen

    def seam(self) -> Seam | None:
        """The seam, or None where there are too few frames for one."""
        if self._first is None or self._last is None or len(self._steps) < 2:
            return None
        return Seam(_difference(self._last, self._first), float(np.median(self._steps)))


def _difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).mean(dtype=np.float64))
