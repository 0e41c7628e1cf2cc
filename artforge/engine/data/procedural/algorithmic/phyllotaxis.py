"""Phyllotaxis: seeds at the golden angle."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas, Points

GOLDEN_ANGLE = np.pi * (3 - 5**0.5)


def phyllotaxis(canvas: Canvas, rng: np.random.Generator) -> None:
    """A sunflower head of discs, petals or rings, swelling or shrinking from the middle outward.

    Source: Vogel, A better way to construct the sunflower head (1979), Mathematical Biosciences 44.
    """
    num_seeds = int(rng.choice([180, 320, 520]))
    angle = GOLDEN_ANGLE + float(rng.choice([0, 0, 0.0007, -0.0011, 0.004]))
    index = np.arange(1, num_seeds + 1)
    reach = min(canvas.inner_size) * (0.5 if rng.random() < 0.6 else 0.68)
    distance = reach * np.sqrt(index / num_seeds)
    middle = canvas.centre + (0 if rng.random() < 0.6 else rng.uniform(-0.18, 0.18, 2))
    turn = index * angle
    centres = middle + distance[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    spacing = reach * (np.pi / num_seeds) ** 0.5
    inner, outer = ((1.3, 0.6), (0.5, 1.2), (1.0, 1.0))[rng.integers(3)]
    swell = np.linspace(inner, outer, num_seeds)
    sizes = spacing / 2 * swell * float(np.clip(canvas.coverage * 2.0, 0.5, 0.97)) ** 0.5 * 1.1
    period = int(rng.choice([2, 3, 5, 8, 13, 21]))
    petals = rng.random() < 0.4
    for centre, size, number, heading in zip(centres, sizes, index, turn, strict=True):
        ink = canvas.ink(int(number % period * len(canvas.inks) / period))
        if petals:
            canvas.polygon(canvas.pixels, centre + petal(float(size), float(heading)), ink)
        else:
            canvas.disc(canvas.pixels, centre, float(size), ink)


def petal(size: float, heading: float) -> Points:
    """A pointed oval, twice as long as wide, pointing along `heading`: (n, 2)."""
    along = np.linspace(-1, 1, 9)
    side = 0.62 * np.cos(along * np.pi / 2)
    x, y = np.concatenate([along, along[::-1]]) * 1.35, np.concatenate([side, -side[::-1]])
    return size * np.stack(
        [x * np.cos(heading) - y * np.sin(heading), x * np.sin(heading) + y * np.cos(heading)], axis=-1
    )
