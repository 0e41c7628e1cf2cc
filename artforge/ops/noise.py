"""Smooth chance over a picture, the same at every size: a preview shows what the print will.

Lengths are shares of the picture's short edge. Every row of a lattice is drawn from a seed of its own, so a picture
that is a little wider or higher has the same chance where both have a pixel.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.core.seeds import derive_seed, generator

Field = NDArray[np.float32]

_SMALL_CELL = 8.0
"""Pixels of a cell above which half a pixel more or less is nothing."""
_SPARE = 16
_SMALLEST_CELL = 1 / 32
"""Pixels of a cell below which nothing is seen of its values, and a lattice of a very long picture fills the memory."""


def noise(seed: int, cell: float, shape: tuple[int, int], *, blur: float = 0.0) -> Field:
    """Random values on a lattice, joined by cubic curves; where the cells are finer than the pixels, their mean.

    Args:
        seed: the lattice's own.
        cell: distance of its points as a share of the short edge.
        shape: (H, W) of the picture in pixels.
        blur: standard deviation in cells of a Gaussian that runs the values into each other; their spread is kept.

    Returns:
        float32 (H, W), of mean 0; the values on the lattice are normal with standard deviation 1.
    """
    pixels_per_cell = max(cell * min(shape), _SMALLEST_CELL)
    rows, columns = (_count(edge, pixels_per_cell) for edge in shape)
    lattice = np.stack([generator(derive_seed(seed, row)).standard_normal(columns, np.float32) for row in range(rows)])
    if blur > 0:
        reach = math.ceil(3 * blur)
        kernel = cv2.getGaussianKernel(2 * reach + 1, blur, cv2.CV_32F)
        lattice = cv2.sepFilter2D(lattice, cv2.CV_32F, kernel, kernel) / np.float32((kernel**2).sum())
    size = (max(1, round(columns * pixels_per_cell)), max(1, round(rows * pixels_per_cell)))
    shrinks = pixels_per_cell < 1
    drawn = cv2.resize(lattice, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    strength = np.float32(min(1.0, cell * min(shape) / pixels_per_cell))  # what the mean of more cells would be
    return np.asarray(drawn[: shape[0], : shape[1]], np.float32) * strength


def _count(edge: int, pixels_per_cell: float) -> int:
    """How many points reach over an edge of so many pixels; of a few more than needed the number whose pixels are
    nearest to whole, as it is rounded, and cells would drift away from their places."""
    least = math.ceil(edge / pixels_per_cell) + 1
    spare = _SPARE if pixels_per_cell < _SMALL_CELL else 1
    return min(
        range(least, least + spare), key=lambda count: abs(count * pixels_per_cell - round(count * pixels_per_cell))
    )


def clouds(seed: int, cell: float, num_octaves: int, shape: tuple[int, int], *, gain: float = 0.5) -> Field:
    """Octaves of `noise`, each twice as fine and `gain` as strong.

    Source: Perlin, An Image Synthesizer (1985), the sum over scales.
    """
    total = np.zeros(shape, np.float32)
    for octave in range(num_octaves):
        total += np.float32(gain**octave) * noise(derive_seed(seed, octave), cell / 2**octave, shape)
    return total
