"""The colour that stands for a picture: its ground until it is loaded, and the name under which it is found."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.core.oklab import to_oklab
from artforge.core.pictures import to_float

COLORS = ("black", "grey", "white", "red", "orange", "brown", "yellow", "green", "teal", "blue", "purple", "pink")

_GRID = 48
_LEVELS = 8
_GREY_CHROMA = 0.045
_BLACK, _WHITE = 0.28, 0.92
_BROWN = 0.55
"""OKLab lightness below which an orange is called brown."""

_HUES = (
    *((8, "pink"), (40, "red"), (75, "orange"), (115, "yellow"), (160, "green")),
    *((215, "teal"), (285, "blue"), (340, "purple"), (360, "pink")),
)
"""Hue angles of OKLab in degrees, each the end of its colour's range."""


class Tone(NamedTuple):
    """The colour that covers most of a picture as `#rrggbb`, and the name of the one that marks it."""

    ground: str
    name: str


def tone_of(pixels: NDArray[np.uint8]) -> Tone:
    """The tone of a picture, uint8 (H, W, 3) sRGB.

    The name is that of the colours with the most chroma together, so that a small fire at night is orange, not black;
    a picture with hardly any colour is black, grey or white.
    """
    height, width = pixels.shape[:2]
    size = (min(width, _GRID), min(height, _GRID))
    small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8).reshape(-1, 3)
    lab = to_oklab(to_float(small[None]))[0]
    return Tone(_ground(small), _name(lab))


def _ground(colors: NDArray[np.uint8]) -> str:
    """The mean of the fullest cell of a coarse colour cube."""
    cells = (colors // (256 // _LEVELS)).astype(np.int64) @ (_LEVELS**2, _LEVELS, 1)
    fullest = np.bincount(cells).argmax()
    red, green, blue = colors[cells == fullest].mean(axis=0).round().astype(int).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"


def _name(lab: NDArray[np.float32]) -> str:
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    colored = chroma > _GREY_CHROMA
    if colored.mean() < 0.02 or chroma.mean() < _GREY_CHROMA / 3:
        lightness = float(lab[:, 0].mean())
        return "black" if lightness < _BLACK else "white" if lightness > _WHITE else "grey"
    hues = np.degrees(np.arctan2(lab[colored, 2], lab[colored, 1])) % 360
    ranges = np.searchsorted([end for end, _ in _HUES], hues, side="right").clip(max=len(_HUES) - 1)
    weights: dict[str, float] = dict.fromkeys(COLORS, 0.0)
    for (_, name), weight in zip(_HUES, np.bincount(ranges, chroma[colored], len(_HUES)).tolist(), strict=True):
        weights[name] += weight
    strongest = max(weights, key=lambda name: weights[name])
    own = np.isin(ranges, [place for place, (_, name) in enumerate(_HUES) if name == strongest])
    is_dark = lab[colored][own, 0].mean() < _BROWN
    return "brown" if strongest == "orange" and is_dark else strongest
