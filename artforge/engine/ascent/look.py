"""How a small picture of a filter looks, in numbers, so that filters can be found by eye: colour, grain, direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from artforge.core.oklab import to_oklab
from artforge.core.values import Image
from artforge.engine.ascent.spectral import faded_to_mean, frequencies, waves_in_columns

LookOrder = Literal["colour", "frequency", "orientation"]

LEAST_CHROMA = 0.02
"""Below it a picture counts as grey."""
_NO_DIRECTION = 0.1


@dataclass(frozen=True)
class Look:
    """How a picture looks.

    Attributes:
        lightness: mean, in [0, 1] (OKLab).
        chroma: of the mean colour (OKLab).
        hue: of the mean colour, in degrees [0, 360).
        colourfulness: mean chroma of the pixels (OKLab).
        frequency: of its waves, in cycles per pixel, weighted by their power.
        orientation: of its lines, in degrees [0, 180): 0 lies, 90 stands.
        coherence: how much the lines agree, in [0, 1].
    """

    lightness: float
    chroma: float
    hue: float
    colourfulness: float
    frequency: float
    orientation: float
    coherence: float

    def as_dict(self) -> dict[str, float]:
        """As JSON takes it, rounded to what can be seen."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def look_of(picture: Image) -> Look:
    """How a picture looks.

    Args:
        picture: float32 (H, W, 3) in [0, 1].

    Source of the orientation: the structure tensor (Bigün and Granlund, 1987).
    """
    lab = to_oklab(picture).astype(np.float64)
    lightness, green_red, blue_yellow = lab.mean(axis=(0, 1))
    down, across = (np.gradient(lab[..., 0], axis=axis) for axis in (0, 1))
    both, difference = 2 * (down * across).sum(), (across**2 - down**2).sum()
    strength = (across**2 + down**2).sum()
    # the gradient stands across the lines, and rows count downwards
    angle = np.rad2deg(0.5 * np.arctan2(-both, difference)) + 90
    return Look(
        lightness=float(lightness),
        chroma=float(np.hypot(green_red, blue_yellow)),
        hue=float(np.rad2deg(np.arctan2(blue_yellow, green_red)) % 360),
        colourfulness=float(np.hypot(lab[..., 1], lab[..., 2]).mean()),
        frequency=_mean_frequency(lab[..., 0]),
        orientation=float(angle % 180),
        coherence=float(np.hypot(both, difference) / strength) if strength > 0 else 0.0,
    )


def _mean_frequency(lightness: NDArray[np.float64]) -> float:
    """Mean cycles per pixel of the waves, weighted by power; 0 for a picture of one lightness."""
    height, width = lightness.shape
    power = np.abs(np.fft.rfft2(faded_to_mean(lightness[..., None])[..., 0])) ** 2 * waves_in_columns(width)
    total = power.sum()
    return float((power * frequencies((height, width))).sum() / total) if total > 1e-12 else 0.0


def order_by_look(looks: Sequence[Look], by: LookOrder) -> list[int]:
    """Positions in the order of looks: greys by lightness and then colours by hue, coarse to fine, or by direction.

    Args:
        looks: of the pictures.
        by: what counts; equals keep their order.
    """
    return sorted(range(len(looks)), key=lambda position: _sort_key(looks[position], by))


def _sort_key(look: Look, by: LookOrder) -> tuple[float, ...]:
    if by == "colour":
        return (1, look.hue) if look.chroma >= LEAST_CHROMA else (0, look.lightness)
    if by == "frequency":
        return (look.frequency,)
    return (look.coherence < _NO_DIRECTION, look.orientation)
