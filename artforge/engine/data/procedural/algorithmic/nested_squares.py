"""Nested squares that fall out of order."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas, Points
from artforge.engine.data.procedural.compositions import cell_frames


def nested_squares(canvas: Canvas, rng: np.random.Generator) -> None:
    """Rows of straight-edged squares, turned and moved by chance that grows from one side of the sheet to the other.

    Source: Nees, Schotter (1968-70); Molnar, (Des)Ordres (1974).
    """
    corners, cell = cell_frames(canvas, int(rng.choice([4, 6, 8, 11])))
    rows, columns = corners.shape[:2]
    num_nested = int(rng.choice([1, 1, 3, 5]))
    disorder = np.linspace(0, 1, rows)[:, None] ** 1.5 * np.ones(columns) * rng.uniform(0.2, 0.9)
    if rng.random() < 0.5:
        disorder = disorder[::-1]
    filled = num_nested == 1 and rng.random() < 0.6
    width = cell * 0.9 * canvas.coverage / (2.4 * num_nested)
    masks = [canvas.blank_mask() for _ in canvas.inks]
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        for ring in range(num_nested):
            size = cell * 0.92 * (1 - ring / num_nested)
            turn = disorder[row, column] * rng.normal(0, 0.5)
            shift = disorder[row, column] * rng.normal(0, 0.12, 2) * cell
            square = turned_square(size * (min(1, canvas.coverage * 2) ** 0.5 if filled else 1), float(turn))
            outline = corners[row, column] + cell / 2 + shift + square
            ink = int(rng.integers(len(masks)))
            if filled:
                canvas.polygon(masks[ink], outline, 1.0)
            else:
                canvas.line(masks[ink], outline, width, closed=True)
    for mask, ink_colour in zip(masks, canvas.inks, strict=True):
        canvas.lay(mask, ink_colour, 0.9)


def turned_square(size: float, angle: float) -> Points:
    """A square around the origin, (4, 2)."""
    corners = angle + np.pi / 4 + np.arange(4) * np.pi / 2
    return size / 2**0.5 * np.stack([np.cos(corners), np.sin(corners)], axis=-1)
