"""Stippling by hand: thousands of dabs of a pen."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.compositions import places_in_shade, plan_tone
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.media import pen

HAND = Hand(looseness=0.3, tremor=0.0004, drift=0.001)


def stippling(canvas: Canvas, rng: np.random.Generator) -> None:
    """Shade in dots of uneven size, some of them short ticks because the hand was already leaving."""
    size = float(rng.choice([0.008, 0.012, 0.017]))
    num_dots = int(np.clip(canvas.coverage * 1.1 / (0.9 * size**2), 300, 2600))
    places = places_in_shade(canvas, plan_tone(canvas, rng), num_dots, 1.6, rng)
    slant = rng.uniform(0, 2 * np.pi) + 0.5 * rng.standard_normal(len(places))
    tick = size * rng.gamma(1.2, 0.35, len(places))
    away = tick[:, None] * np.stack([np.cos(slant), np.sin(slant)], axis=-1)
    targets = np.stack([places, places + away], axis=1)
    for index, own in enumerate(np.array_split(rng.permutation(targets), len(canvas.inks))):
        # Three weights of hand, as a pen gathers ink and runs dry.
        for part, weight in zip(np.array_split(own, 3), (0.7, 1.0, 1.4), strict=True):
            pen(canvas, perform(part, HAND, rng, num_samples=4), size * weight, canvas.ink(index), rng)
