"""Gouache: short opaque dabs, wet in wet."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.compositions import plan_tone, random_points
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.hand_made.stroke_plans import sweeps
from artforge.engine.data.procedural.media import bristles
from artforge.engine.data.procedural.tones import ramp

HAND = Hand(looseness=0.15, tremor=0.0012)


def gouache(canvas: Canvas, rng: np.random.Generator) -> None:
    """Dabs of thick paint that follow a turning direction, cool in the shade and bright in the light."""
    brush = float(rng.choice([0.025, 0.035, 0.05]))
    length = brush * rng.uniform(1.6, 3.0)
    num_dabs = int(np.clip(canvas.coverage * 1.9 / (brush * length), 40, 480))
    places = random_points(canvas, rng, num_dabs)
    darkness = plan_tone(canvas, rng).at(places)
    order = np.argsort(darkness + 0.12 * rng.standard_normal(len(places)))
    turn = rng.uniform(-2.5, 2.5, 2)
    slant = rng.uniform(0, np.pi) + places @ turn + (rng.random() < 0.5) * 2.0 * darkness
    num_batches = max(5, 2 * len(canvas.inks))
    for index, own in enumerate(np.array_split(order, num_batches)):
        strokes = perform(sweeps(places[own], slant[own, None], length, rng), HAND, rng, num_samples=8)
        bristles(canvas, strokes, brush, ramp(canvas, index / (num_batches - 1)), rng, num_bristles=8, dryness=0.2)
