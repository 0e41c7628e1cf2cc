"""OKLab: colours where equal distances look equal.

Source: Ottosson, A perceptual color space for image processing (2020), https://bottosson.github.io/posts/oklab/
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.core.values import Image

_TO_CONES = np.asarray(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB = np.asarray(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)


def to_oklab(image: Image) -> NDArray[np.float32]:
    """sRGB in [0, 1] -> (..., 3): lightness in [0, 1], green to red, blue to yellow.

    Args:
        image: float32 (..., 3).
    """
    linear = np.where(image <= 0.04045, image / 12.92, ((np.maximum(image, 0) + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(linear.astype(np.float32) @ _TO_CONES.T)
    return np.asarray(cones @ _TO_LAB.T, np.float32)


def from_oklab(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inverse of `to_oklab`; colours that no screen shows leave [0, 1].

    Args:
        lab: float32 (..., 3).
    """
    cones = lab.astype(np.float64) @ np.linalg.inv(_TO_LAB.astype(np.float64)).T
    linear = cones**3 @ np.linalg.inv(_TO_CONES.astype(np.float64)).T
    bright = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, bright), np.float32)


def mean_difference(image: Image, other: Image) -> float:
    """Mean colour difference dE of two pictures of one size: the distance in OKLab; black and white are 1 apart."""
    return float(np.linalg.norm(to_oklab(image) - to_oklab(other), axis=-1).mean(dtype=np.float64))
