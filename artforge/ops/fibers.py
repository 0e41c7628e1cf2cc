"""Strands of pulp in a sheet."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.core.seeds import derive_seed, generator
from artforge.ops.noise import Field

_PER_SQUARE = 1500
"""Strands in a square as large as the short edge, where there are as many as can be."""
_DARK = 0.02
"""Share of the strands that are not bleached and show dark."""
_NUM_POINTS = 14
_SUBPIXEL_BITS = 4


def draw_fibers(seed: int, share: float, scale: float, shape: tuple[int, int]) -> tuple[Field, Field]:
    """Strands that lie on a sheet, each a curve that bends by chance.

    Args:
        seed: all of them follow from it.
        share: [0, 1], how many.
        scale: how long and thick they are; at 1 they are 2 to 9 hundredths of the short edge long.
        shape: (H, W) of the picture in pixels.

    Returns:
        float32 (H, W) twice, [0, 1]: how high they lie, and how much light the dark ones take.
    """
    raised, dark = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    short = min(shape)
    along = 0 if shape[1] >= shape[0] else 1
    for square in range(math.ceil(max(shape) / short)):
        rng = generator(derive_seed(seed, square))
        for _ in range(round(_PER_SQUARE * share / scale**2)):
            points = _curve(rng, scale)
            points[:, along] += square
            width, strength = scale * rng.uniform(0.0004, 0.0011), rng.uniform(0.35, 1)
            _draw(dark if rng.random() < _DARK else raised, points * short, width * short, strength)
    return _unit(raised), _unit(dark)


def _curve(rng: np.random.Generator, scale: float) -> NDArray[np.float64]:
    """(n, 2): x and y of a strand in short edges."""
    length = scale * 0.02 * 4.5 ** rng.random()
    bends = rng.normal(0, 0.22, _NUM_POINTS).cumsum() + rng.uniform(0, 2 * np.pi)
    steps = np.stack([np.cos(bends), np.sin(bends)], axis=-1) * (length / _NUM_POINTS)
    return np.asarray(rng.random(2) + steps.cumsum(axis=0))


def _draw(sheet: NDArray[np.uint8], points: NDArray[np.float64], width: float, strength: float) -> None:
    """One strand; where it is thinner than a pixel it is paler instead."""
    placed = np.rint(points * 2**_SUBPIXEL_BITS).astype(np.int32)[:, None]
    tone = round(255 * strength * min(1.0, width))
    cv2.polylines(sheet, [placed], False, tone, max(1, round(width)), cv2.LINE_AA, _SUBPIXEL_BITS)


def _unit(sheet: NDArray[np.uint8]) -> Field:
    return sheet.astype(np.float32) / np.float32(255)
