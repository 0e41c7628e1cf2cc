"""A flat panel behind the drawing: one exact shape in a tint."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas, Points
from artforge.engine.data.procedural.palettes import tint_of


def lay_panel(canvas: Canvas, rng: np.random.Generator) -> None:
    """In about two pictures of three, set a tinted disc, block, half or band of columns under what follows."""
    shape = int(rng.integers(6))
    tint = tint_of(canvas.colours, rng)
    low, (width, height) = canvas.margin, canvas.inner_size
    if shape == 0:
        canvas.disc(canvas.pixels, canvas.centre, min(width, height) * rng.uniform(0.32, 0.5), tint)
    elif shape == 1:
        canvas.polygon(canvas.pixels, rectangle(low, low, width, height), tint)
    elif shape == 2:
        share = float(rng.choice([1 / 3, 0.5, 0.618]))
        canvas.polygon(canvas.pixels, rectangle(low, low + height * (1 - share), width, height * share), tint)
    elif shape == 3:
        for column in range(0, 6, 2):
            canvas.polygon(canvas.pixels, rectangle(low + width * column / 6, low, width / 6, height), tint)


def rectangle(x: float, y: float, width: float, height: float) -> Points:
    """The corners of an axis-parallel rectangle, (4, 2)."""
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
