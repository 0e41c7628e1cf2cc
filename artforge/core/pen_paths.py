"""What a pen really does on the paper: every line, and every dot as a touch or as a spiral that fills it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from artforge.core.drawings import Layer, Points

TOUCH_MM = 0.01
"""Length of the line that a touch of the pen is: programs for plotters pass over lines of no length."""
_OVERLAP = 0.8  # of the pen's width, from one turn of a spiral to the next: no paper shows between them
_SAGITTA_MM = 0.01


def pen_paths(layer: Layer) -> Iterator[Points]:
    """The paths of a layer, (n, 2) each in mm: one for each line, then one for each dot, in their order."""
    yield from layer.lines()
    pen_width = float(np.float32(layer.pen.width))  # rounded as the diameters are
    for x, y, diameter in layer.dots.tolist():
        yield _touch(x, y) if diameter <= pen_width else _spiral(x, y, diameter, pen_width)


def _touch(x: float, y: float) -> Points:
    return np.array([[x, y], [x + TOUCH_MM, y]], np.float32)


def _spiral(x: float, y: float, diameter: float, pen_width: float) -> Points:
    """From the middle of a dot to its edge, and once around it."""
    radius = (diameter - pen_width) / 2
    turns = radius / (_OVERLAP * pen_width)
    step = 2 * math.acos(max(0.5, 1 - _SAGITTA_MM / radius))
    angles = np.append(np.arange(0, 2 * math.pi * (turns + 1), step), 2 * math.pi * (turns + 1))
    radii = np.minimum(angles / (2 * math.pi * turns), 1) * radius
    return np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=-1).astype(np.float32)
