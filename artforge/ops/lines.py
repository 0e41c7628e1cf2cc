"""Lines as points: simplified, and cut where no ink is wanted."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Line = NDArray[np.float64]

NEAR_MM = 0.02
"""A point is left out where the line passes it this near without it: no pen shows the difference."""


def simplified(line: Line, tolerance: float = NEAR_MM) -> Line:
    """The line without the points that lie on it anyway.

    Args:
        line: (n, 2), at least two points.
        tolerance: how far away the line may then pass them at most.

    Returns:
        (m, 2), with the first and the last point; a closed line stays closed.

    Source: Douglas and Peucker (1973), as OpenCV has it.
    """
    if len(line) < 3:
        return line
    if (line[0] == line[-1]).all():  # OpenCV would leave it open
        half = len(line) // 2
        return np.concatenate([_simplified(line[: half + 1], tolerance), _simplified(line[half:], tolerance)[1:]])
    return _simplified(line, tolerance)


def _simplified(line: Line, tolerance: float) -> Line:
    kept = cv2.approxPolyDP(line.astype(np.float32)[:, None], tolerance, closed=False)[:, 0]
    return np.asarray(kept, np.float64) if len(kept) > 1 else line[[0, -1]]


def runs(wanted: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, last + 1) of every unbroken row of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]
