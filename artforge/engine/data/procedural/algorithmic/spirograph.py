"""Spirograph: a wheel rolling inside a wheel."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.algorithmic.panel import lay_panel
from artforge.engine.data.procedural.canvas import Canvas, Points

NUM_SAMPLES = 1800


def spirograph(canvas: Canvas, rng: np.random.Generator) -> None:
    """Rosettes of one closed curve, drawn again with the pen a little further out each time.

    Source: hypotrochoids; Denys Fisher's Spirograph (1965), after Bruno Abakanowicz (1885).
    """
    lay_panel(canvas, rng)
    teeth, wheel = int(rng.choice([60, 72, 84, 96, 105])), int(rng.choice([25, 32, 39, 44, 51, 58]))
    num_curves = int(rng.integers(3, 9))
    pens = np.linspace(rng.uniform(0.35, 0.6), rng.uniform(0.75, 1.1), num_curves)
    radius = min(canvas.inner_size) / 2
    curves = [hypotrochoid(teeth, wheel, float(pen)) for pen in pens]
    reach = max(float(np.abs(curve).max()) for curve in curves)
    curves = [canvas.centre + curve * radius / reach for curve in curves]
    length = sum(float(np.hypot(*np.diff(curve, axis=0).T).sum()) for curve in curves)
    width = float(np.clip(canvas.coverage * 1.2 / length, 0.0016, 0.010))
    for index, curve in enumerate(curves):
        mask = canvas.blank_mask()
        canvas.line(mask, curve, width, closed=True)
        canvas.lay(mask, canvas.ink(index * len(canvas.inks) // num_curves))


def hypotrochoid(teeth: int, wheel: int, pen: float) -> Points:
    """The closed curve of a pen at `pen` wheel radii, for a wheel and a ring with these numbers of teeth: (n, 2)."""
    ratio = wheel / teeth
    angle = np.linspace(0, 2 * np.pi * wheel / np.gcd(teeth, wheel), NUM_SAMPLES, endpoint=False)
    spin = angle * (1 - ratio) / ratio
    x = (1 - ratio) * np.cos(angle) + pen * ratio * np.cos(spin)
    y = (1 - ratio) * np.sin(angle) - pen * ratio * np.sin(spin)
    return np.stack([x, y], axis=-1)
