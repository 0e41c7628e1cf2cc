"""What a picture must survive at every step: moves of the picture before the network sees it, drawn by chance.

Patterns that only work at one pixel position are noise; those that still work after a small move are what a filter
looks for (Olah et al., Feature Visualization, 2017, https://doi.org/10.23915/distill.00007).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError

Move = NDArray[np.float64]
"""3x3: takes a place on the canvas, (down, across, 1) in pixels from its middle, to the place of the picture that is
seen there."""


@dataclass(frozen=True)
class Jitter:
    """Shift by whole pixels, at most so many each way."""

    pixels: int

    def __post_init__(self) -> None:
        _check("a jitter", self.pixels, low=0)


@dataclass(frozen=True)
class Scale:
    """Enlarge around the middle by a factor between the two; below 1 it shrinks."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_pair("a scale", self.low, self.high)


@dataclass(frozen=True)
class Rotate:
    """Turn around the middle by at most so many degrees either way."""

    degrees: float

    def __post_init__(self) -> None:
        _check("a rotation", self.degrees, low=0, high=180)


@dataclass(frozen=True)
class Pad:
    """Put so many pixels around the picture: the canvas grows, and the edges are no longer the end of the world."""

    pixels: int

    def __post_init__(self) -> None:
        _check("a padding", self.pixels, low=0)


@dataclass(frozen=True)
class Crop:
    """See several parts of the picture at once, each of the canvas's proportions and brought to its size.

    Attributes:
        low, high: the shorter side of a part, as a share of the picture's shorter edge.
        views: how many parts.
        spread: standard deviation of their middles around that of the picture, as a share of its edges.
    """

    low: float
    high: float
    views: int = 16
    spread: float = 0.15

    def __post_init__(self) -> None:
        _check_pair("the side of a crop", self.low, self.high, most=1)
        _check("the number of views", self.views, low=1)
        _check("the spread of the crops", self.spread, low=0)


@dataclass(frozen=True)
class Noise:
    """Normal noise on what the network sees, in shares of the range [0, 1]."""

    spread: float

    def __post_init__(self) -> None:
        _check("the spread of the noise", self.spread, low=0)


Transform = Jitter | Scale | Rotate | Pad | Crop | Noise


def draw_move(transform: Transform, size: tuple[int, int], canvas: tuple[int, int], rng: np.random.Generator) -> Move:
    """One draw of a transform as a move; the identity for those that move nothing.

    Args:
        transform: what may happen.
        size: (height, width) of the picture.
        canvas: (height, width) of what the network sees.
        rng: chance.
    """
    move = np.eye(3)
    if isinstance(transform, Jitter):
        move[:2, 2] = rng.integers(-transform.pixels, transform.pixels + 1, size=2)
    elif isinstance(transform, Scale):
        move[:2, :2] /= rng.uniform(transform.low, transform.high)
    elif isinstance(transform, Rotate):
        angle = np.deg2rad(rng.uniform(-transform.degrees, transform.degrees))
        move[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    elif isinstance(transform, Crop):
        scale = rng.uniform(transform.low, transform.high) * min(size) / min(canvas)
        move[:2, :2] = np.diag([scale, scale])
        part = scale * np.asarray(canvas)
        room = np.maximum((np.asarray(size) - part - 1) / 2, 0)  # half a pixel less: a pixel ends in its middle
        middle = rng.normal(0, transform.spread, 2) * np.asarray(size)
        move[:2, 2] = np.clip(middle, -room, room)
    return move


def _check(what: str, value: float, *, low: float, high: float = np.inf) -> None:
    if not low <= value <= high:
        limits = f"at least {low}" if high == np.inf else f"between {low} and {high}"
        raise ChoiceError(f"{what} must be {limits}, received {value}")


def _check_pair(what: str, low: float, high: float, *, most: float = np.inf) -> None:
    if not 0 < low <= high <= most:
        limit = "" if most == np.inf else f" <= {most:g}"
        raise ChoiceError(f"{what} goes from low to high, 0 < low <= high{limit}; received {low} and {high}")
