"""From a smooth field to inked bands: level sets with exact edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.procedural.canvas import Canvas, Field

RANKED_SIDE = 64  # pixels along each side that are looked at when the levels are placed


def bands(canvas: Canvas, field: Field, rng: np.random.Generator) -> None:
    """Ink a field's level sets so that the sheet ends up as covered as planned.

    The lowest part stays bare; above it come bands of equal area, either every other one inked, or all of them in a
    ramp of tones.
    """
    striped = rng.random() < 0.6
    num_bands = int(rng.integers(5, 13)) * (2 if striped else 1)
    covered = min(0.95, canvas.coverage * (1.75 if striped else 1.5))
    levels = level_at(field, np.linspace(1 - covered, 1, num_bands + 1)[:-1])
    slope = edge_slope(field)
    shares = [above(field, float(level), slope) for level in levels] + [np.zeros_like(field)]
    for index in range(0, num_bands, 2 if striped else 1):
        colour = canvas.ink(index // 2) if striped else ramp(canvas, index / max(1, num_bands - 1))
        canvas.lay(shares[index] - shares[index + 1], colour)


def level_at(field: Field, ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """The field's values below which the given shares of the sheet lie."""
    steps = [max(1, side // RANKED_SIDE) for side in field.shape]
    return np.asarray(np.quantile(field[:: steps[0], :: steps[1]], ranks))


def parts_by_rank(values: NDArray[np.float64], num_parts: int) -> NDArray[np.int64]:
    """Which of `num_parts` equally large groups each value falls into, lowest first; same shape as `values`."""
    return np.asarray(np.digitize(values, np.quantile(values, np.linspace(0, 1, num_parts + 1)[1:-1])))


def ramp(canvas: Canvas, place: float) -> NDArray[np.float32]:
    """A colour between the inks in their order, `place` in [0, 1]; a single ink ramps up from a tint of itself."""
    stops = canvas.inks
    if len(stops) == 1:
        stops = np.stack([canvas.colours.ground * 0.6 + stops[0] * 0.4, stops[0]])
    position = place * (len(stops) - 1)
    low = min(int(position), len(stops) - 2)
    return np.asarray(stops[low] + (stops[low + 1] - stops[low]) * np.float32(position - low), np.float32)


def edge_slope(field: Field) -> Field:
    """How much the field changes from one pixel to the next, float32 (H, W), never 0."""
    down, across = np.gradient(field)
    return np.asarray(np.sqrt(down * down + across * across) + 1e-6, np.float32)


def above(field: Field, level: float, slope: Field) -> Field:
    """Antialiased share of each pixel where the field is above `level`, [0, 1]."""
    return np.asarray(np.clip((field - np.float32(level)) / slope + np.float32(0.5), 0, 1), np.float32)
