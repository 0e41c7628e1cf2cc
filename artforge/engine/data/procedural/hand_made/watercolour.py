"""Watercolour: pools of thin colour that dry with a rim."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas, Points
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.media import wash
from artforge.engine.data.procedural.subjects import ring

HAND = Hand(looseness=0.10, tremor=0.002)


def watercolour(canvas: Canvas, rng: np.random.Generator) -> None:
    """Either overlapping pools, or hills in layers one before the other; every colour seen through the next."""
    layers = hills(canvas, rng) if rng.random() < 0.5 else pools(canvas, rng)
    for index, outline in enumerate(layers):
        mask = canvas.blank_mask()
        canvas.polygon(
            mask,
            np.clip(outline, canvas.margin / 2, [canvas.width - canvas.margin / 2, canvas.height - canvas.margin / 2]),
            1.0,
        )
        strength = float(rng.uniform(0.55, 0.95))
        wash(
            canvas,
            mask,
            canvas.ink(index),
            int(rng.integers(1 << 40)),
            strength=strength,
            wetness=float(rng.uniform(0.008, 0.03)),
        )


def pools(canvas: Canvas, rng: np.random.Generator) -> list[Points]:
    """Closed outlines around five to nine places, as a brush would circle them: a list of (n, 2)."""
    num_pools = int(rng.integers(5, 9))
    radius = (canvas.coverage * 1.1 * canvas.width * canvas.height / (num_pools * np.pi)) ** 0.5
    outlines = []
    for _ in range(num_pools):
        reach = radius * rng.uniform(0.6, 1.4) * rng.uniform(0.8, 1.25, (9, 1)) * rng.uniform(0.75, 1.3, 2)
        reach[-1] = reach[0]
        low = canvas.margin + 0.7 * radius
        centre = low + rng.random(2) * (np.array([canvas.width, canvas.height]) - 2 * low)
        targets = centre + ring(8, start=rng.uniform(0, 6)) * reach
        outlines.append(perform(targets[None], HAND, rng, num_samples=80, closed=True).points[0])
    return outlines


def hills(canvas: Canvas, rng: np.random.Generator) -> list[Points]:
    """A sun or moon, then ridge after ridge, each down to the foot of the sheet: a list of (n, 2)."""
    num_hills = int(rng.integers(3, 7))
    left, right, foot = canvas.margin, canvas.width - canvas.margin, canvas.height - canvas.margin
    top = foot - canvas.inner_size[1] * min(0.95, 0.25 + canvas.coverage * 1.5)
    sun = np.array([rng.uniform(left + 0.2, right - 0.2), top + rng.uniform(-0.05, 0.1)]) + rng.uniform(
        0.06, 0.14
    ) * ring(8)
    outlines = [perform(sun[None], HAND, rng, num_samples=50, closed=True).points[0]]
    for level in np.linspace(top + 0.08, foot - 0.12, num_hills):
        x = np.linspace(left, right, 8)
        y = level + np.cumsum(rng.normal(0, 0.035, 8))
        ridge = perform(np.stack([x, y], axis=-1)[None], HAND, rng, num_samples=80).points[0]
        outlines.append(np.concatenate([ridge, [[ridge[-1, 0], foot], [left, foot]]]))
    return outlines
