"""Pastel: soft colours dragged over one another."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.compositions import random_points
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.hand_made.stroke_plans import sweeps
from artforge.engine.data.procedural.media import dry_stick
from artforge.engine.data.procedural.tones import ramp

HAND = Hand(looseness=0.09, tremor=0.0012)


def pastel(canvas: Canvas, rng: np.random.Generator) -> None:
    """A landscape of chalk strokes in level bands: sky, far hills, field; each band laid loosely over the last."""
    num_bands = int(rng.integers(4, 8))
    stick = float(rng.choice([0.025, 0.04, 0.06]))
    spread = 0.8 / num_bands
    num_strokes = int(np.clip(canvas.coverage * 1.9 / (stick * 0.18) / num_bands, 5, 60))
    for index, level in enumerate(np.linspace(0.08, 0.92, num_bands)):
        places = random_points(canvas, rng, num_strokes)
        height = level + 0.4 * spread * rng.standard_normal(len(places))
        places[:, 1] = canvas.margin + np.clip(height, 0.02, 0.98) * canvas.inner_size[1]
        strokes = perform(sweeps(places, rng.normal(0, 0.3), 0.22, rng), HAND, rng, num_samples=12)
        colour = ramp(canvas, index / (num_bands - 1)) if rng.random() < 0.5 else canvas.ink(index)
        dry_stick(
            canvas, strokes, stick, colour, rng, roughness=float(rng.uniform(0.5, 0.85)), smear=0.006, on_its_side=True
        )
