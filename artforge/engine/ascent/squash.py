"""Any number into (0, 1) and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

LEAST = 1e-6
"""Pure black and white lie infinitely far away: they are taken this far inside."""


def squash(values: Array) -> Array:
    """Sigmoid, written so that nothing overflows."""
    return np.asarray(0.5 * (1 + np.tanh(values * np.float32(0.5))), np.float32)


def unsquash(shares: Array) -> Array:
    """The numbers whose sigmoid is this."""
    inside = np.clip(shares.astype(np.float64), LEAST, 1 - LEAST)
    return np.log(inside / (1 - inside)).astype(np.float32)


def squash_slope(values: Array) -> Array:
    """The slope of `squash`."""
    shares = squash(values)
    return shares * (1 - shares)
