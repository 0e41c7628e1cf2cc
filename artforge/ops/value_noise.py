"""Noise that is the same at every size: clouds of several finenesses, measured by the short edge."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from artforge.core.bands import tall_bands

_LATTICE = 256
"""Cells along an edge after which a fineness repeats itself; the others hide it."""


def fractal_noise(
    size: tuple[int, int], rng: np.random.Generator, *, cell: float, octaves: int, gain: float = 0.5
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Band by band, a sum of random fields: each twice as fine as the one before and `gain` times as strong.

    A picture of another size gets the same clouds; what is finer than two of its pixels is left out.

    Args:
        size: (height, width), pixels.
        rng: draws every field, also those that are left out.
        cell: of the coarsest field, as a share of the short edge.
        octaves: how many fields.
        gain: strength of a field against the one before.

    Returns:
        rows and float32 (rows, width), about 0 in mean and 1 in spread.
    """
    lattices = rng.standard_normal((octaves, _LATTICE, _LATTICE), dtype=np.float32)
    height, width = size
    short = min(size)
    strengths = gain ** np.arange(octaves)
    strengths = strengths / np.sqrt((strengths**2).sum()) / _SPREAD
    visible = [level for level in range(octaves) if level == 0 or cell * short / 2**level >= 2]
    fields = []
    for level in visible:
        pixels = cell * short / 2**level
        index, weights = _taps(np.arange(width), pixels)
        across = sum(lattices[level][:, index[:, tap]] * weights[:, tap] for tap in range(4))
        fields.append((pixels, np.float32(strengths[level]), np.asarray(across, np.float32)))
    for rows in tall_bands(height):
        noise = np.zeros((rows.stop - rows.start, width), np.float32)
        for pixels, strength, across in fields:
            index, weights = _taps(np.arange(rows.start, rows.stop), pixels)
            for tap in range(4):
                noise += across[index[:, tap]] * (weights[:, tap, None] * strength)
        yield rows, noise


def _taps(places: NDArray[np.int_], pixels: float) -> tuple[NDArray[np.int_], NDArray[np.float32]]:
    """The four cells around each place and their cubic B-spline weights; cells are `pixels` wide."""
    at = (places + 0.5) / pixels
    first = np.floor(at).astype(np.int64)
    x = at - first
    weights = np.stack([(1 - x) ** 3, 3 * x**3 - 6 * x**2 + 4, -3 * x**3 + 3 * x**2 + 3 * x + 1, x**3], -1) / 6
    return (first[:, None] + np.arange(-1, 3)) % _LATTICE, weights.astype(np.float32)


_SPREAD = 0.4794
"""Standard deviation that the smooth field of a lattice of spread 1 has: the mean over a cell of the sum of the squared
weights, along one axis, which is that of both axes under the root."""
