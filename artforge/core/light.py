"""sRGB numbers and the light that they stand for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]


def to_light(encoded: Pixels) -> Pixels:
    """sRGB numbers -> linear light, both [0, 1] (IEC 61966-2-1)."""
    curve = ((encoded + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(encoded <= 0.04045, encoded / np.float32(12.92), curve)


def to_srgb(light: Pixels) -> Pixels:
    """Linear light -> sRGB numbers, both [0, 1] (IEC 61966-2-1); light beyond [0, 1] is cut off."""
    curve = np.float32(1.055) * np.maximum(light, 0) ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.clip(np.where(light <= 0.0031308, light * np.float32(12.92), curve), 0, 1)
