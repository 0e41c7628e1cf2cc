"""Circle packing: every new circle as large as the room that is left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.procedural.canvas import Canvas, Points
from artforge.engine.data.procedural.compositions import plan_tone
from artforge.engine.data.procedural.tones import ramp

NUM_CANDIDATES = 1000
SMALLEST = 0.006


def circle_packing(canvas: Canvas, rng: np.random.Generator) -> None:
    """Discs and rings of many sizes, none touching another.

    Source: the random Apollonian-like packing of Shier & Bourke, An Algorithm for Random Fractal Filling of Space
    (2013).
    """
    largest = float(rng.choice([0.07, 0.11, 0.17]))
    centres, radii = pack(canvas, largest, rng)
    ringed = rng.random() < 0.5
    tone = plan_tone(canvas, rng).at(centres)
    shaded = rng.random() < 0.5
    colours = rng.integers(0, 8, len(radii))
    packed_area = float(np.pi * (radii**2).sum()) / (canvas.width * canvas.height)
    shrink = float(np.clip(canvas.coverage * 1.15 / packed_area, 0.35, 0.95)) ** 0.5
    for index, (centre, radius) in enumerate(zip(centres, radii, strict=True)):
        hue = ramp(canvas, float(tone[index])) if shaded else canvas.ink(int(colours[index]))
        canvas.disc(canvas.pixels, centre, radius * shrink, hue)
        if ringed and radius > 0.02:
            nest(canvas, centre, radius * shrink, int(colours[index]))


def nest(canvas: Canvas, centre: Points, radius: float, ink: int) -> None:
    """Concentric rings inside a disc, ground and ink in turn."""
    for ring, share in enumerate((0.82, 0.66, 0.40), start=1):
        canvas.disc(
            canvas.pixels, centre, radius * share, canvas.colours.ground if ring % 2 else canvas.ink(ink + ring // 2)
        )


def pack(canvas: Canvas, largest: float, rng: np.random.Generator) -> tuple[Points, NDArray[np.float64]]:
    """Throw points and let each circle grow until it meets another or the margin: centres (n, 2) and radii (n,)."""
    candidates = canvas.margin + rng.random((NUM_CANDIDATES, 2)) * canvas.inner_size
    high = np.array([canvas.width, canvas.height]) - canvas.margin
    to_border = np.minimum(candidates - canvas.margin, high - candidates).min(axis=-1)
    sizes = largest * rng.uniform(0.4, 1.0, NUM_CANDIDATES)
    centres, radii = np.empty((NUM_CANDIDATES, 2)), np.empty(NUM_CANDIDATES)
    count = 0
    for candidate, border, size in zip(candidates, to_border, sizes, strict=True):
        offset = centres[:count] - candidate
        room = (np.hypot(offset[:, 0], offset[:, 1]) - radii[:count]).min(initial=border) - 0.002
        if room > SMALLEST:
            centres[count], radii[count] = candidate, min(room, size)
            count += 1
    return centres[:count], radii[:count]
