"""Whether a pattern can be repeated without the joint being seen."""

from __future__ import annotations

import numpy as np

from artforge.core.values import Image


def seam_visibility(picture: Image) -> tuple[float, float]:
    """How much larger the step across the joint is than the steps inside the picture.

    Args:
        picture: float32 (H, W, 3).

    Returns:
        (top to bottom, left to right): mean absolute step over the joint as a multiple of that between neighbouring
        rows or columns; about 1 where nobody sees it.
    """
    down, across = (_visibility(np.moveaxis(picture.astype(np.float64), axis, 0)) for axis in (0, 1))
    return down, across


def _visibility(rows: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    inside = np.abs(np.diff(rows, axis=0)).mean()
    joint = np.abs(rows[0] - rows[-1]).mean()
    return float(joint / inside) if inside > 0 else 1.0  # of one colour: there is nothing to see
