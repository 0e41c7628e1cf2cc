"""Isolines: the map of a landscape that is a formula."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.tones import bands

NUM_HILLS = 7


def isolines(canvas: Canvas, rng: np.random.Generator) -> None:
    """Contour bands around a few exact hills and hollows, as on a survey map.

    Source: level sets of a sum of Gaussians; Blinn, A generalization of algebraic surface drawing (1982), the blobby
    model.
    """
    x, y = canvas.grid()
    height = np.zeros(canvas.pixels.shape[:2], np.float32)
    for _ in range(NUM_HILLS):
        at = (rng.random(2) * [canvas.width, canvas.height]).astype(np.float32)
        reach, rise = np.float32(rng.uniform(0.1, 0.35)), np.float32(rng.choice([-0.7, 1, 1]) * rng.uniform(0.4, 1))
        height += rise * np.exp(-((x - at[0]) ** 2) / (2 * reach**2)) * np.exp(-((y - at[1]) ** 2) / (2 * reach**2))
    bands(canvas, height, rng)
