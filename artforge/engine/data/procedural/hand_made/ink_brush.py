"""Ink brush: a few strokes, wet at the start and dry at the end."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.hand_made.underpainting import underpaint
from artforge.engine.data.procedural.media import bristles

HAND = Hand(looseness=0.16, tremor=0.0012, overlap=0.5)


def ink_brush(canvas: Canvas, rng: np.random.Generator) -> None:
    """Large calligraphic movements of a loaded brush that turn, swell and break up into streaks.

    Source: the gestures of sho and of Hartung and Kline; Strassmann (1986) for the brush.
    """
    underpaint(canvas, rng)
    num_strokes = int(rng.integers(3, 9))
    width = float(np.clip(canvas.coverage * 1.35 / (num_strokes * 0.75), 0.03, 0.17))
    for index in range(num_strokes):
        size = canvas.inner_size
        num_turns = int(rng.integers(2, 6))
        start = canvas.margin + size * rng.uniform(0.12, 0.88, 2)
        heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.9, num_turns))
        steps = rng.uniform(0.2, 0.42, (num_turns, 1)) * np.stack([np.cos(heading), np.sin(heading)], axis=-1)
        targets = np.concatenate([[start], start + np.cumsum(steps, axis=0)])
        # Pull the whole movement back onto the sheet instead of flattening it against the border.
        low, high = canvas.margin + width / 2, np.array([canvas.width, canvas.height]) - canvas.margin - width / 2
        targets = low + np.abs(targets - low)
        targets = high - np.abs(high - targets)
        strokes = perform(targets[None], HAND, rng, num_samples=80)
        own_width = width * float(rng.uniform(0.5, 1.5))
        dryness = float(rng.uniform(0.15, 0.9))
        bristles(canvas, strokes, own_width, canvas.ink(index), rng, num_bristles=34, dryness=dryness)
