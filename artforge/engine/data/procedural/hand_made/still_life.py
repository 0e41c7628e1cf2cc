"""Still life: vessels and fruit drawn in loose contours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.media import pen, wash
from artforge.engine.data.procedural.subjects import VESSELS, ring

Array = NDArray[np.float64]
HAND = Hand(looseness=0.05, tremor=0.0012, overlap=0.5)


def still_life(canvas: Canvas, rng: np.random.Generator) -> None:
    """Bottles, bowls and jars in a row, washed in and outlined by a searching pen that never quite closes a line."""
    num_vessels = int(rng.integers(2, 5))
    width, height = canvas.inner_size
    floor = canvas.margin + height * rng.uniform(0.78, 0.92)
    table(canvas, float(floor), rng)
    size = min(height * 0.74, width / num_vessels * 1.7)
    for place in rng.permutation(num_vessels):
        profile = VESSELS[rng.integers(len(VESSELS))] * size * [1, rng.uniform(0.55, 1.0)] * rng.uniform(0.8, 1.0)
        foot = np.array(
            [
                canvas.margin + (place + 0.5 + rng.uniform(-0.1, 0.1)) / num_vessels * width,
                floor + rng.uniform(-0.03, 0.05),
            ]
        )
        vessel(canvas, profile, foot, rng)


def table(canvas: Canvas, floor: float, rng: np.random.Generator) -> None:
    """A washed table top, its far edge one long line."""
    left, right = canvas.margin, canvas.width - canvas.margin
    back = floor - canvas.height * rng.uniform(0.08, 0.2)
    outline = np.array(
        [
            [left, back],
            [right, back + rng.uniform(-0.02, 0.02)],
            [right, canvas.height - left],
            [left, canvas.height - left],
        ]
    )
    mask = canvas.blank_mask()
    canvas.polygon(mask, outline, 1.0)
    wash(
        canvas,
        mask,
        canvas.ink(int(rng.integers(8))),
        int(rng.integers(1 << 40)),
        strength=0.4 + canvas.coverage,
        wetness=0.012,
    )


def vessel(canvas: Canvas, profile: Array, foot: Array, rng: np.random.Generator) -> None:
    """One vessel: a wash inside its outline, then the two sides, the rim and the foot in ink."""
    top = foot - [0, profile[-1, 1]]
    right = top + profile
    left = top + profile * [-1, 1]
    mask = canvas.blank_mask()
    canvas.polygon(mask, np.concatenate([right, left[::-1]]), 1.0)
    wash(
        canvas,
        mask,
        canvas.ink(int(rng.integers(8))),
        int(rng.integers(1 << 40)),
        strength=0.35 + canvas.coverage,
        wetness=0.010,
    )
    nib = float(rng.choice([0.004, 0.006, 0.008]))
    for side in (right, left):
        for _ in range(int(rng.integers(1, 3))):
            searched = side + 0.004 * rng.standard_normal(side.shape)
            pen(canvas, perform(searched[None], HAND, rng, num_samples=80), nib, canvas.ink(0), rng)
    for at, half, flatness in ((top, profile[0, 0], 0.22), (foot, profile[-1, 0], 0.18)):
        oval = at + ring(8, turns=rng.uniform(0.9, 1.15), start=rng.uniform(0, 6)) * half * [1, flatness]
        pen(canvas, perform(oval[None], HAND, rng, num_samples=80), nib, canvas.ink(0), rng)
