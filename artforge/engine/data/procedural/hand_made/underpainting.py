"""Underpainting: the first loose layer, brushed or washed in before the drawing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.procedural.canvas import Canvas, Points
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.media import bristles, wash
from artforge.engine.data.procedural.palettes import tint_of
from artforge.engine.data.procedural.subjects import ring

HAND = Hand(looseness=0.07, tremor=0.002)


def underpaint(canvas: Canvas, rng: np.random.Generator) -> None:
    """In about two pictures of three, lay a tinted pool, a washed block or rows of a broad brush under what follows."""
    kind = int(rng.integers(6))
    tint = tint_of(canvas.colours, rng)
    low, size = canvas.margin, canvas.inner_size
    if kind == 0:
        reach = size * rng.uniform(0.3, 0.5, 2) * rng.uniform(0.8, 1.1, (9, 1))
        outline = perform((canvas.centre + ring(8) * reach)[None], HAND, rng, num_samples=80, closed=True).points[0]
        fill(canvas, outline, tint, rng)
    elif kind in (1, 2):
        top = 0.0 if kind == 1 else float(rng.uniform(0.3, 0.6))
        corners = np.array([[0, top], [1, top], [1, 1], [0, 1]]) + rng.normal(0, 0.012, (4, 2))
        fill(canvas, low + corners * size, tint, rng)
    elif kind == 3:
        num_rows = int(rng.integers(3, 7))
        level = low + size[1] * (np.arange(num_rows) + 0.5) / num_rows
        along = low + size[0] * (np.array([0.0, 0.5, 1.0]) + rng.normal(0, 0.03, (num_rows, 3)))
        targets = np.stack([along, level[:, None] + rng.normal(0, 0.008, (num_rows, 3))], axis=-1)
        strokes = perform(targets, HAND, rng, num_samples=24)
        bristles(canvas, strokes, float(size[1] / num_rows * 1.05), tint, rng, num_bristles=22, dryness=0.25)


def fill(canvas: Canvas, outline: Points, tint: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Wash the inside of an outline (n, 2)."""
    mask = canvas.blank_mask()
    canvas.polygon(mask, outline, 1.0)
    wash(canvas, mask, tint, int(rng.integers(1 << 40)), strength=1.0, wetness=0.014)
