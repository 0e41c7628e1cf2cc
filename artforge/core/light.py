"""sRGB numbers and the light that they stand for; every function takes arrays of any shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
"""Numbers of pixels or of what is in between, of any shape and range."""
LUMA = np.asarray([0.2126, 0.7152, 0.0722], np.float32)
"""How much each colour adds to the light of an sRGB picture (ITU-R BT.709)."""


def luma(colors: Pixels) -> Pixels:
    """How light colours are: the sum of their three numbers by `LUMA`, of sRGB or of linear light.

    Args:
        colors: float32 (..., 3).

    Returns:
        float32 (...), [0, 1] where the colours are.
    """
    return np.asarray(colors @ LUMA, np.float32)


def to_light(numbers: Pixels) -> Pixels:
    """sRGB numbers -> linear light, both [0, 1] (IEC 61966-2-1)."""
    curve = ((numbers + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(numbers <= 0.04045, numbers / np.float32(12.92), curve)


def to_srgb(light: Pixels) -> Pixels:
    """Linear light -> sRGB numbers, both [0, 1] (IEC 61966-2-1); light beyond [0, 1] is cut off."""
    return np.clip(encoded(light), 0, 1)


def encoded(light: Pixels) -> Pixels:
    """The same with light beyond [0, 1] kept: its numbers are beyond [0, 1] too."""
    curve = np.float32(1.055) * np.maximum(light, 0) ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(light <= 0.0031308, light * np.float32(12.92), curve)
