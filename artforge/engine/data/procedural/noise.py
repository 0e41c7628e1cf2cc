"""Smooth random fields on lattices of fixed size: a larger picture shows the same field, more finely."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.core.seeds import derive_seed, generator


def value_noise(seed: int, cells: float, extent: tuple[float, float], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Random values on a lattice with `cells` cells per unit, joined by cubic interpolation.

    Args:
        seed: the lattice's own seed.
        cells: lattice cells per unit length.
        extent: (height, width) of the field in units.
        shape: (H, W) of the result in pixels.

    Returns:
        float32 (H, W), about mean 0 and standard deviation 0.8.
    """
    rows, columns = int(np.ceil(extent[0] * cells)) + 1, int(np.ceil(extent[1] * cells)) + 1
    lattice = generator(seed).standard_normal((rows, columns), dtype=np.float32)
    # The lattice reaches past the picture to a whole number of cells; what is over is cut off.
    drawn_height, drawn_width = (
        round(rows * shape[0] / (extent[0] * cells)),
        round(columns * shape[1] / (extent[1] * cells)),
    )
    drawn = cv2.resize(lattice, (drawn_width, drawn_height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(drawn[: shape[0], : shape[1]], np.float32)


def fractal_noise(
    seed: int, cells: float, num_octaves: int, extent: tuple[float, float], shape: tuple[int, int], gain: float = 0.5
) -> NDArray[np.float32]:
    """Octaves of `value_noise`, each twice as fine and `gain` as strong; beyond the first, none finer than the pixels.

    Source: Perlin, An Image Synthesizer (1985), the sum over scales.
    """
    total = np.zeros(shape, np.float32)
    finest = shape[0] / extent[0]
    for octave in range(num_octaves):
        frequency = cells * 2.0**octave
        if octave > 0 and frequency > finest:
            break
        total += np.float32(gain**octave) * value_noise(derive_seed(seed, octave), frequency, extent, shape)
    return total


def smoothstep(low: float, high: float, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """0 below `low`, 1 above `high`, a smooth ramp between."""
    share = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
