"""Enso: circles in one breath."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.media import bristles, dry_stick, pen
from artforge.engine.data.procedural.subjects import ring

HAND = Hand(looseness=0.08, tremor=0.0016, overlap=0.5)


def enso(canvas: Canvas, rng: np.random.Generator) -> None:
    """One great brushed ring, or hand-drawn rings inside rings that never meet where they began."""
    radius = min(canvas.inner_size) / 2
    num_rings = int(rng.choice([1, 2, 5, 9, 16]))
    pitch = radius / (num_rings + 0.6)
    width = float(
        np.clip(canvas.coverage * canvas.width * canvas.height / (np.pi * radius * num_rings), 0.006, pitch * 0.9)
    )
    middle = canvas.centre + rng.normal(0, 0.01, 2)
    medium = int(rng.integers(3))
    dryness = float(rng.uniform(0.2, 0.8))
    for number in range(num_rings):
        reach = (radius - width / 2) * (1 - number / (num_rings + 0.6))
        turns = float(rng.uniform(0.88, 1.12))
        wobble = 1 + 0.035 * rng.standard_normal((10, 1))
        targets = middle + ring(9, turns=turns, start=rng.uniform(0, 6.3)) * reach * wobble
        strokes = perform(targets[None], HAND, rng, num_samples=130)
        ink = canvas.ink(number * len(canvas.inks) // num_rings)
        if medium == 0 or width > 0.03:
            bristles(canvas, strokes, width, ink, rng, num_bristles=int(np.clip(width / 0.003, 5, 30)), dryness=dryness)
        elif medium == 1:
            dry_stick(canvas, strokes, width, ink, rng, roughness=0.75)
        else:
            pen(canvas, strokes, width, ink, rng)
