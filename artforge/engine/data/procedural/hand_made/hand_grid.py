"""Hand grid: a lattice ruled without a ruler."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas, Points
from artforge.engine.data.procedural.compositions import cell_frames
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.media import graphite, pen, wash

HAND = Hand(looseness=0.02, tremor=0.0016)


def hand_grid(canvas: Canvas, rng: np.random.Generator) -> None:
    """Lines drawn freehand across the sheet, some squares filled with thin colour, as in Klee or Agnes Martin."""
    corners, cell = cell_frames(canvas, int(rng.choice([4, 6, 8, 11])))
    rows, columns = corners.shape[:2]
    fill_squares(canvas, corners.reshape(-1, 2), cell, rng)
    start, end = corners[0, 0], corners[-1, -1] + cell
    across = [[[start[0], y], [(start[0] + end[0]) / 2, y], [end[0], y]] for y in start[1] + cell * np.arange(rows + 1)]
    down = [
        [[x, start[1]], [x, (start[1] + end[1]) / 2], [x, end[1]]] for x in start[0] + cell * np.arange(columns + 1)
    ]
    targets = np.array(across + down)
    targets += 0.05 * cell * rng.standard_normal(targets.shape)
    width = float(rng.choice([0.004, 0.006, 0.010]))
    for _ in range(int(rng.integers(1, 3))):
        strokes = perform(targets, HAND, rng, num_samples=36)
        if rng.random() < 0.5:
            graphite(canvas, strokes, width * 1.3, canvas.ink(0), rng, hardness=0.2)
        else:
            pen(canvas, strokes, width, canvas.ink(0), rng)


def fill_squares(canvas: Canvas, corners: Points, cell: float, rng: np.random.Generator) -> None:
    """Wash about as many squares as the coverage asks for, each a little out of place."""
    chosen = rng.permutation(len(corners))[: round(len(corners) * min(1.0, canvas.coverage * 1.25))]
    inks = rng.integers(0, len(canvas.inks), len(chosen))
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * cell * 0.96
    for index, ink in enumerate(canvas.inks):
        mask = canvas.blank_mask()
        for corner in corners[chosen[inks == index]]:
            canvas.polygon(mask, corner + square + 0.05 * cell * rng.standard_normal((4, 2)), 1.0)
        wash(canvas, mask, ink, int(rng.integers(1 << 40)), strength=float(rng.uniform(0.6, 0.95)), wetness=cell * 0.06)
