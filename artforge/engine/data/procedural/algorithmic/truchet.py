"""Truchet tiles: one tile, two turns, and the patterns that follow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.compositions import cell_frames, plan_tone
from artforge.engine.data.procedural.tones import parts_by_rank


def truchet(canvas: Canvas, rng: np.random.Generator) -> None:
    """A square lattice of one tile in different turns: half-filled triangles, or quarter arcs that join into snakes.

    Source: Truchet, Memoire sur les combinaisons (1704); Smith, The Tiling Patterns of Sebastien Truchet (1987) for
    the arcs.
    """
    corners, cell = cell_frames(canvas, int(rng.choice([6, 8, 10, 14])))
    turns = tile_turns(corners.shape[:2], rng)
    if rng.random() < 0.4:
        triangles(canvas, corners, cell, turns)
    else:
        arcs(canvas, corners, cell, turns % 2, rng)


def tile_turns(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.int64]:
    """The turn of each tile, 0 to 3: by chance, by a rule of row and column, or a mirrored block of chance."""
    rows, columns = np.indices(shape)
    rule = rng.integers(3)
    if rule == 0:
        return rng.integers(0, 4, shape)
    if rule == 1:
        a, b, c = rng.integers(1, 4, 3)
        return np.asarray((a * rows + b * columns + c * (rows * columns // 3)) % 4)
    block = rng.integers(0, 4, (shape[0] // 2 + 1, shape[1] // 2 + 1))
    mirrored_rows, mirrored_columns = rows >= shape[0] / 2, columns >= shape[1] / 2
    quarter = block[np.minimum(rows, shape[0] - 1 - rows), np.minimum(columns, shape[1] - 1 - columns)]
    quarter = np.where(mirrored_columns, 3 - quarter, quarter)
    return np.where(mirrored_rows, (5 - quarter) % 4, quarter)


def triangles(canvas: Canvas, corners: NDArray[np.float64], cell: float, turns: NDArray[np.int64]) -> None:
    """Truchet's own tile: a square cut along its diagonal, one half inked."""
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * cell
    rows, columns = turns.shape
    for row in range(rows):
        for column in range(columns):
            turn = turns[row, column]
            half = square[[turn, (turn + 1) % 4, (turn + 2) % 4]]
            canvas.polygon(canvas.pixels, corners[row, column] + half, canvas.ink(int(turn + row // 2)))


def arcs(
    canvas: Canvas, corners: NDArray[np.float64], cell: float, turns: NDArray[np.int64], rng: np.random.Generator
) -> None:
    """Smith's tile: two quarter circles around opposite corners, drawn once, or as a bundle of parallel lines."""
    bundle = int(rng.choice([1, 2, 3, 5]))
    width = cell * np.clip(canvas.coverage, 0.2, 0.5) / 1.25 / bundle
    offsets = np.zeros(1) if bundle == 1 else np.linspace(-0.3, 0.3, bundle)
    angle = np.linspace(0, np.pi / 2, 13)
    quarter = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    chosen = parts_by_rank(plan_tone(canvas, rng).at(corners + cell / 2), len(canvas.inks))
    for index, ink in enumerate(canvas.inks):
        mask = canvas.blank_mask()
        for turned in (0, 1):
            tiles = corners[(turns == turned) & (chosen == index)]
            for offset in offsets:
                near, far = quarter * cell * (0.5 + offset), quarter * cell * (0.5 - offset)
                if turned:
                    near, far = near * [-1, 1] + np.array([cell, 0]), cell - far * [-1, 1] - np.array([cell, 0])
                else:
                    far = cell - far
                for arc in (near, far):
                    canvas.lines(mask, tiles[:, None] + arc, width)
        canvas.lay(mask, ink)
