"""OKLab: colours where equal distances look equal.

Source: Ottosson, A perceptual color space for image processing (2020), https://bottosson.github.io/posts/oklab/
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.core.light import encoded, to_light, to_srgb
from artforge.core.values import Image

_TO_CONES = np.asarray(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.asarray(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_CONES, _FROM_LAB = np.linalg.inv(_TO_CONES), np.linalg.inv(_TO_LAB)

_HALVINGS = 10
"""Of the interval in which the strongest chroma that a screen shows is looked for: to within a thousandth."""


def to_cones(image: Image) -> NDArray[np.float32]:
    """sRGB in [0, 1] -> the cube roots of what the three kinds of cones take up, in [0, 1].

    It is OKLab turned and stretched: black is (0, 0, 0) and white (1, 1, 1), so blend modes can reckon with it.

    Args:
        image: float32 (..., 3).

    Returns:
        float32 (..., 3).
    """
    return np.cbrt(_times(to_light(image), _TO_CONES))


def cones_to_lab(cones: NDArray[np.float32]) -> NDArray[np.float32]:
    """The OKLab of what `to_cones` gives."""
    return _times(cones, _TO_LAB)


def lab_to_cones(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inverse of `cones_to_lab`."""
    return _times(lab, _FROM_LAB)


def to_oklab(image: Image) -> NDArray[np.float32]:
    """sRGB in [0, 1] -> (..., 3): lightness in [0, 1], green to red, blue to yellow.

    Args:
        image: float32 (..., 3).
    """
    return cones_to_lab(to_cones(image))


def from_oklab(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inverse of `to_oklab`; colours that no screen shows leave [0, 1].

    Args:
        lab: float32 (..., 3).
    """
    return encoded(_light_of(lab))


def to_screen(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """OKLab -> sRGB in [0, 1]; a colour that no screen shows becomes the strongest of its hue and lightness.

    Args:
        lab: float32 (..., 3), of any lightness: below 0 is black, above 1 white.

    Source: the idea is that of the CSS Color Module Level 4, section 13, https://www.w3.org/TR/css-color-4/
    """
    light = _light_of(lab)
    beyond = _is_beyond(light[..., 0]) | _is_beyond(light[..., 1]) | _is_beyond(light[..., 2])
    if beyond.any():
        light[beyond] = _strongest(lab[beyond])
    return to_srgb(light)


def _is_beyond(light: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where light leaves [0, 1] by more than rounding does."""
    return (light < -1e-4) | (light > 1 + 1e-4)


def _strongest(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """The light of the colours with as much of their chroma as a screen shows: (n, 3).

    Of a share t of its chroma a colour's cones are lightness + t * cones, so its light is a polynomial in t.
    """
    lightness = np.clip(lab[:, 0], 0, 1)
    cones = lab_to_cones(lab * np.array([0, 1, 1], np.float32))
    # each channel in one piece: NumPy is ten times as fast with long rows as with rows of three
    powers = (cones, cones * cones, cones * cones * cones)
    first, second, third = (np.ascontiguousarray(_times(power, _FROM_CONES).T) for power in powers)
    first *= 3 * lightness * lightness
    second *= 3 * lightness
    grey = lightness * lightness * lightness

    def light_at(share: NDArray[np.float32]) -> NDArray[np.float32]:
        light = third * share
        for coefficient in (second, first):
            light += coefficient
            light *= share
        light += grey
        return light

    least, step = np.zeros_like(lightness), np.float32(1)
    for _ in range(_HALVINGS):
        step /= 2
        light = light_at(least + step)
        fits = (light.min(axis=0) >= 0) & (light.max(axis=0) <= 1)
        least += step * fits
    return light_at(least).T


def _light_of(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    cones = lab_to_cones(lab)
    return _times(cones * cones * cones, _FROM_CONES)


def _times(colors: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Each colour times a matrix; OpenCV's product is more than twice as fast as NumPy's for so small a one."""
    rows = np.ascontiguousarray(colors, np.float32).reshape(-1, 1, 3)
    return np.asarray(cv2.transform(rows, matrix), np.float32).reshape(colors.shape)


def mean_difference(image: Image, other: Image) -> float:
    """Mean colour difference dE of two pictures of one size: the distance in OKLab; black and white are 1 apart."""
    return float(np.linalg.norm(to_oklab(image) - to_oklab(other), axis=-1).mean(dtype=np.float64))
