"""Dry brush: a wide flat brush with little paint, dragged side by side."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.media import bristles

HAND = Hand(looseness=0.05, tremor=0.0014)


def dry_brush(canvas: Canvas, rng: np.random.Generator) -> None:
    """Bands of broken paint, each bristle leaving its own scratch, stacked into a field or crossed like a weave."""
    num_rows = int(rng.choice([4, 6, 9, 13]))
    width, height = canvas.inner_size
    upright = rng.random() < 0.4
    length, extent = (height, width) if upright else (width, height)
    brush = extent / num_rows * rng.uniform(0.7, 1.05) * min(1.0, 0.55 + canvas.coverage)
    num_parts = int(rng.integers(1, 4))
    rows = np.repeat(np.arange(num_rows), num_parts)
    begin = (np.tile(np.arange(num_parts), num_rows) + rng.uniform(-0.05, 0.25, len(rows))) / num_parts
    end = begin + rng.uniform(0.5, 1.0, len(rows)) / num_parts
    level = (rows + 0.5 + rng.uniform(-0.15, 0.15, len(rows))) / num_rows * extent
    begin, end = np.clip(begin, 0, 1) * length, np.clip(end, 0, 1) * length
    sag = rng.normal(0, 0.012, (len(rows), 3))
    across = level[:, None] + sag
    along = np.stack([begin, (begin + end) / 2, end], axis=-1)
    targets = canvas.margin + np.stack([across, along] if upright else [along, across], axis=-1)
    inks = rng.integers(0, len(canvas.inks), len(rows)) if rng.random() < 0.5 else rows * len(canvas.inks) // num_rows
    for index, ink in enumerate(canvas.inks):
        if (inks == index).any():
            strokes = perform(targets[inks == index], HAND, rng, num_samples=22)
            bristles(canvas, strokes, float(brush), ink, rng, num_bristles=16, dryness=float(rng.uniform(0.35, 0.9)))
