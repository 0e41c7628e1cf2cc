"""Pixels that stand for all of a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.core.values import Image

_MOST_PIXELS = 1 << 20


def sample_pixels(image: Image) -> NDArray[np.float32]:
    """(n, 3): all pixels of a picture, or of a large one every second, third ... row and column."""
    stride = int(np.ceil(np.sqrt(image.shape[0] * image.shape[1] / _MOST_PIXELS)))
    return image[::stride, ::stride].reshape(-1, 3)
