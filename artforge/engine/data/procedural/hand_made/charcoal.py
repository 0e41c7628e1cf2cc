"""Charcoal: broad sides, sharp accents and a rubbing finger."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.compositions import places_in_shade, plan_tone
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.hand_made.stroke_plans import sweeps
from artforge.engine.data.procedural.media import dry_stick

Array = NDArray[np.float64]
HAND = Hand(looseness=0.12, tremor=0.0014)


def charcoal(canvas: Canvas, rng: np.random.Generator) -> None:
    """Masses blocked in with the side of the stick and smeared, then dark searching lines over them."""
    tone = plan_tone(canvas, rng)
    angle = rng.uniform(0, np.pi)
    broad = rng.uniform(0.05, 0.12)
    num_broad = int(np.clip(canvas.coverage * 1.3 / (broad * 0.2), 8, 60))
    sweep = sweeps(places_in_shade(canvas, tone, num_broad, 1.2, rng), angle, 0.22, rng)
    for index, own in enumerate(np.array_split(sweep, max(2, len(canvas.inks)))):
        strokes = perform(own, HAND, rng, num_samples=14)
        dry_stick(canvas, strokes, broad, canvas.ink(index), rng, roughness=0.8, smear=0.02, on_its_side=True)
    edges = np.concatenate(
        [arc_around(centre, radius, rng) for centre, radius in zip(tone.centres, tone.radii, strict=True)]
    )
    strokes = perform(edges, HAND, rng, num_samples=60)
    dry_stick(canvas, strokes, float(rng.uniform(0.008, 0.016)), canvas.ink(0), rng, roughness=0.55)


def arc_around(centre: Array, radius: float, rng: np.random.Generator) -> Array:
    """A few searching arcs along a ball's edge: (num_arcs, 6, 2)."""
    num_arcs = int(rng.integers(3, 7))
    angle = rng.uniform(0, 2 * np.pi, (num_arcs, 1)) + np.linspace(0, 1, 6) * rng.uniform(1.5, 3.5, (num_arcs, 1))
    reach = radius * rng.uniform(0.95, 1.06, (num_arcs, 1))
    return np.asarray(centre + reach[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1))
