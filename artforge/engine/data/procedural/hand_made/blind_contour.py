"""Blind contour: a figure in one unbroken line, drawn without looking at the paper."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas, Points
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.hand_made.underpainting import underpaint
from artforge.engine.data.procedural.media import bristles, pen, wash
from artforge.engine.data.procedural.subjects import FIGURES

HAND = Hand(looseness=0.14, tremor=0.0016, overlap=0.42)


def blind_contour(canvas: Canvas, rng: np.random.Generator) -> None:
    """A head or a nude whose parts drift from each other, drawn once or over and over, a patch of wash behind.

    Source: Nicolaides, The Natural Way to Draw (1941), for the exercise.
    """
    underpaint(canvas, rng)
    paths = FIGURES[rng.integers(len(FIGURES))]
    size = min(canvas.inner_size)
    start = canvas.centre - size / 2
    mirrored = rng.random() < 0.5
    patch = canvas.blank_mask()
    canvas.polygon(patch, start + size * (flip(paths[0], mirrored) + rng.uniform(-0.05, 0.05, 2)), 1.0)
    wash(
        canvas,
        patch,
        canvas.ink(int(rng.integers(8))),
        int(rng.integers(1 << 40)),
        strength=0.25 + canvas.coverage,
        wetness=0.03,
    )
    num_repeats = 1 + int(canvas.coverage * 5)
    width = float(rng.choice([0.006, 0.010, 0.016]))
    brushed = rng.random() < 0.35
    for repeat in range(num_repeats):
        for path in paths:
            targets = start + size * flip(path, mirrored) + 0.012 * rng.standard_normal(2)
            strokes = perform(targets[None], HAND, rng, num_samples=22 * len(path))
            if brushed:
                bristles(canvas, strokes, width * 2.2, canvas.ink(repeat), rng, num_bristles=7, dryness=0.25)
            else:
                pen(canvas, strokes, width, canvas.ink(repeat), rng)


def flip(path: Points, mirrored: bool) -> Points:
    """Left-right mirror image in the unit box."""
    return path * [-1, 1] + [1, 0] if mirrored else path
