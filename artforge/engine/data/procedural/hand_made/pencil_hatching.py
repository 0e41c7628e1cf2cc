"""Pencil hatching: shade built from bundles of quick parallel strokes."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.compositions import plan_tone
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.hand_made.stroke_plans import hatch_targets
from artforge.engine.data.procedural.hand_made.underpainting import underpaint
from artforge.engine.data.procedural.media import graphite

HAND = Hand(looseness=0.06, tremor=0.0011)


def pencil_hatching(canvas: Canvas, rng: np.random.Generator) -> None:
    """Round forms in graphite or coloured pencil: short slanted strokes, denser away from the light."""
    underpaint(canvas, rng)
    width = float(rng.choice([0.0035, 0.0045, 0.006]))
    angle, length = rng.uniform(0, np.pi), rng.uniform(0.08, 0.16)
    num_strokes = int(np.clip(canvas.coverage * 2.8 / (width * length), 250, 1800))
    targets = hatch_targets(canvas, plan_tone(canvas, rng), num_strokes, angle, length, 1.9 * width, rng)
    share = len(targets) // (len(canvas.inks) + 1)
    for index in range(len(canvas.inks) + 1):
        own = targets[index * share : (index + 1) * share]
        strokes = perform(own, HAND, rng, num_samples=10)
        graphite(canvas, strokes, width, canvas.ink(index), rng, hardness=float(rng.uniform(0, 0.6)))
