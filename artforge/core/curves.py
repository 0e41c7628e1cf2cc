"""Curves from 0 to 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def smoothstep(share: NDArray[np.float32]) -> NDArray[np.float32]:
    """0 up to 0, 1 from 1 on, and between them a curve without a kink.

    Args:
        share: float32 of any shape and range.
    """
    share = np.clip(share, 0, 1)
    eased: NDArray[np.float32] = share * share * (np.float32(3) - np.float32(2) * share)
    return eased
