"""Where a picture is dark and where it rests: tone plans and frames that both classes draw from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.procedural.canvas import Canvas, Points

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Tone:
    """A plan of light and dark: a few soft balls of shade over a slope.

    Attributes:
        centres: (num_balls, 2), units.
        radii: (num_balls,), units.
        light: (2,), unit vector toward the light.
        slope: how much darker the far side of the sheet is, [0, 1].
    """

    centres: Points
    radii: Array
    light: Array
    slope: float

    def at(self, points: Points) -> Array:
        """Darkness at points (..., 2), [0, 1]."""
        darkness = self.slope * np.clip(0.5 - (points - self.centres.mean(axis=0)) @ self.light, 0, 1)
        for centre, radius in zip(self.centres, self.radii, strict=True):
            offset = (points - centre) / radius
            inside = (offset**2).sum(axis=-1) < 1
            darkness = np.where(inside, np.clip(0.45 - 0.6 * offset @ self.light, 0.03, 1), darkness)
        return np.asarray(np.clip(darkness, 0, 1))


def plan_tone(canvas: Canvas, rng: np.random.Generator) -> Tone:
    """One large ball, or a few of different size, lit from one side."""
    num_balls = int(rng.integers(1, 5))
    size = canvas.inner_size
    radii = np.sort(rng.uniform(0.5, 1.0, num_balls))[::-1] * min(size) * 0.44 / num_balls**0.5
    centres = canvas.margin + radii[:, None] + rng.random((num_balls, 2)) * (size - 2 * radii[:, None])
    angle = rng.uniform(0, 2 * np.pi)
    return Tone(centres, radii, np.array([np.cos(angle), np.sin(angle)]), float(rng.uniform(0.15, 0.8)))


def random_points(canvas: Canvas, rng: np.random.Generator, num_points: int) -> Points:
    """Points spread over the sheet inside the margin, a jittered lattice in random order: (num_points, 2)."""
    width, height = canvas.inner_size
    columns = max(1, round((num_points * width / height) ** 0.5))
    rows = -(-num_points // columns)
    index = rng.permutation(rows * columns)[:num_points]
    cells = np.stack([index % columns, index // columns], axis=-1)
    places = (cells + rng.random((num_points, 2))) / [columns, rows] * [width, height]
    return np.asarray(canvas.margin + places)


def places_in_shade(canvas: Canvas, tone: Tone, num_places: int, contrast: float, rng: np.random.Generator) -> Points:
    """Places that gather where the plan is dark, the more so the higher `contrast`: (num_places, 2)."""
    places = random_points(canvas, rng, 4 * num_places)
    weight = tone.at(places) ** contrast + 0.003
    return np.asarray(places[rng.choice(len(places), num_places, replace=False, p=weight / weight.sum())])


def cell_frames(canvas: Canvas, num_across: int) -> tuple[Points, float]:
    """A lattice of square cells filling the sheet inside the margin.

    Args:
        num_across: cells along the shorter side.

    Returns:
        (rows, columns, 2) top-left corners, and the cells' size in units.
    """
    width, height = canvas.inner_size
    cell = min(width, height) / num_across
    columns, rows = max(1, int(width / cell + 1e-6)), max(1, int(height / cell + 1e-6))
    start = canvas.margin + (np.array([width, height]) - cell * np.array([columns, rows])) / 2
    corners = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1) * cell + start
    return corners, cell
