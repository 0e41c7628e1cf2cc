"""Scribble: shade by one restless looping line."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.compositions import places_in_shade, plan_tone
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.hand_made.underpainting import underpaint
from artforge.engine.data.procedural.media import graphite, pen

HAND = Hand(looseness=0.22, tremor=0.0012, overlap=0.55)
NUM_LOOPS = 4


def scribble(canvas: Canvas, rng: np.random.Generator) -> None:
    """Tangles of loops in ballpoint or pencil, gathered where the form is dark, wandering over the light."""
    underpaint(canvas, rng)
    width = float(rng.choice([0.003, 0.005, 0.008]))
    radius = rng.uniform(0.025, 0.06)
    num_tangles = int(np.clip(canvas.coverage * 1.9 / (width * radius * 2 * np.pi * NUM_LOOPS), 14, 110))
    places = places_in_shade(canvas, plan_tone(canvas, rng), num_tangles, 1.5, rng)
    angle = np.linspace(0, 2 * np.pi * NUM_LOOPS, 4 * NUM_LOOPS + 1) + rng.uniform(0, 6, (num_tangles, 1))
    reach = radius * rng.uniform(0.6, 1.6, (num_tangles, 1)) * rng.uniform(0.5, 1.3, angle.shape)
    lean = rng.uniform(0, np.pi) + 0.3 * rng.standard_normal((num_tangles, 1, 1))
    walk = np.cumsum(rng.normal(0, radius * 0.3, (*angle.shape, 2)), axis=1)
    loops = places[:, None] + walk - walk.mean(axis=1, keepdims=True)
    # Loops are long and narrow along one lean, as a wrist swings.
    along, across = np.cos(angle) * reach * 1.5, np.sin(angle) * reach * 0.55
    cos, sin = np.cos(lean[..., 0]), np.sin(lean[..., 0])
    loops = loops + np.stack([along * cos - across * sin, along * sin + across * cos], axis=-1)
    low = canvas.margin * 0.6 + radius * 0.5
    loops = np.clip(loops, low, np.array([canvas.width, canvas.height]) - low)
    in_pencil = rng.random() < 0.5
    for index, own in enumerate(np.array_split(loops, len(canvas.inks))):
        if len(own) == 0:
            continue
        strokes = perform(own, HAND, rng, num_samples=90)
        if in_pencil:
            graphite(canvas, strokes, width * 1.4, canvas.ink(index), rng, hardness=0.2)
        else:
            pen(canvas, strokes, width, canvas.ink(index), rng)
