"""Moire: two exact gratings and the third pattern between them."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas, Field
from artforge.engine.data.procedural.tones import above, edge_slope


def moire(canvas: Canvas, rng: np.random.Generator) -> None:
    """Two or three gratings of straight lines or rings, slightly turned or shifted, beat against each other.

    Source: Oster & Nishijima, Moire Patterns (1963), Scientific American 208.
    """
    num_gratings = int(rng.integers(2, 4))
    frequency = rng.uniform(16, 34)
    share = 1 - (1 - canvas.coverage * 1.15) ** (1 / num_gratings)
    rings = rng.random() < 0.6
    angle, bulge = rng.uniform(0, np.pi), rng.uniform(0, 0.05)
    for index in range(num_gratings):
        tilt = angle + index * rng.uniform(0.06, 0.2)
        phase = ring_phase(canvas, rng) if rings else line_phase(canvas, tilt, bulge * (1 + index))
        stripes(canvas, phase * np.float32(frequency * rng.uniform(0.96, 1.04)), share, index)


def ring_phase(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Distance from a centre somewhere near the middle."""
    x, y = canvas.grid()
    centre = (canvas.centre + rng.uniform(-0.28, 0.28, 2)).astype(np.float32)
    return np.asarray(np.hypot(x - centre[0], y - centre[1]), np.float32)


def line_phase(canvas: Canvas, angle: float, bulge: float) -> Field:
    """Distance along one direction, with a slow sine across it."""
    x, y = canvas.grid()
    along = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
    across = np.float32(-np.sin(angle)) * x + np.float32(np.cos(angle)) * y
    return np.asarray(along + np.float32(bulge) * np.sin(5 * across), np.float32)


def stripes(canvas: Canvas, phase: Field, share: float, ink: int) -> None:
    """Ink the given share of every period of `phase`."""
    triangle = np.abs((phase % 1) - np.float32(0.5)) * 2
    # The slope is taken from the phase itself: the triangle's own is 0 at its turns.
    canvas.lay(above(triangle, 1 - share, 2 * edge_slope(phase)), canvas.ink(ink))
