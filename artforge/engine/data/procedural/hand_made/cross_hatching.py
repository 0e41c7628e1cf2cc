"""Cross-hatching: pen strokes in two to four directions."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.compositions import plan_tone
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.hand_made.stroke_plans import hatch_targets
from artforge.engine.data.procedural.media import pen

HAND = Hand(looseness=0.045, tremor=0.0010)


def cross_hatching(canvas: Canvas, rng: np.random.Generator) -> None:
    """Forms built with a steel nib: layers of hatching laid across each other, closest where it is dark."""
    tone = plan_tone(canvas, rng)
    width = float(rng.choice([0.0032, 0.0045, 0.006]))
    num_layers = int(rng.integers(2, 5))
    angle, length = rng.uniform(0, np.pi), rng.uniform(0.09, 0.16)
    num_strokes = int(np.clip(canvas.coverage * 1.5 / (width * length), 120, 900)) // num_layers
    for layer in range(num_layers):
        slant = angle + layer * rng.uniform(0.6, 1.2)
        targets = hatch_targets(canvas, tone, num_strokes, slant, length, max(2.4 * width, 0.011), rng)
        strokes = perform(targets, HAND, rng, num_samples=9)
        pen(canvas, strokes, width, canvas.ink(layer * len(canvas.inks) // num_layers), rng)
