"""Cellular automaton: a row of cells, a rule, and time running down."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.compositions import cell_frames

RULES = (18, 22, 26, 30, 45, 54, 60, 73, 90, 105, 110, 126, 146, 150, 169)


def cellular_automaton(canvas: Canvas, rng: np.random.Generator) -> None:
    """A woven textile of square cells: each row follows from the one above by one of Wolfram's rules.

    Source: Wolfram, Statistical mechanics of cellular automata (1983), Rev. Mod. Phys. 55.
    """
    corners, cell = cell_frames(canvas, int(rng.choice([24, 32, 48, 64])))
    rule = int(rng.choice(RULES))
    alive = evolve(rule, corners.shape[:2], rng)
    if alive.mean() > 0.55:
        alive = 1 - alive
    shade = stripe_inks(corners.shape[:2], len(canvas.inks), rng)
    if rng.random() < 0.5:
        alive, shade = alive.T[: corners.shape[0]], shade.T[: corners.shape[0]]
    round_cells = rng.random() < 0.3
    fill = float(np.clip(canvas.coverage / max(alive.mean(), 0.05), 0.45, 0.98)) ** 0.5
    for index, ink in enumerate(canvas.inks):
        marked = corners[: alive.shape[0], : alive.shape[1]][(alive == 1) & (shade == index)] + cell / 2
        if round_cells:
            for centre in marked:
                canvas.disc(canvas.pixels, centre, cell * fill / 2, ink)
        else:
            squares(canvas, marked, cell * fill, ink)


def squares(canvas: Canvas, centres: NDArray[np.float64], size: float, ink: NDArray[np.float32]) -> None:
    """Axis-parallel squares at whole drawing pixels, all in one ink."""
    mask = canvas.blank_mask()
    outline = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * size / 2
    # Even-odd filling of all squares at once is right because they do not overlap.
    cv2.fillPoly(mask, list(canvas.to_subpixels(centres[:, None] + outline)), 255, cv2.LINE_AA, 4)
    canvas.lay(mask, ink)


def evolve(rule: int, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.int64]:
    """Run an elementary rule for shape[0] steps on a ring of shape[1] cells, from one cell or from chance."""
    table = (rule >> np.arange(8)) & 1
    size = max(shape)
    row = (rng.random(size) < 0.5).astype(np.int64) if rng.random() < 0.5 else np.zeros(size, np.int64)
    row[size // 2] = 1
    rows = [row]
    for _ in range(size - 1):
        rows.append(table[4 * np.roll(rows[-1], 1) + 2 * rows[-1] + np.roll(rows[-1], -1)])
    return np.stack(rows)[:, : shape[1]][: max(shape)][: shape[0]]


def stripe_inks(shape: tuple[int, int], num_inks: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """The ink of every cell: stripes of rows, or rings around the middle."""
    rows, columns = np.indices(shape)
    period = int(rng.integers(4, 14))
    if rng.random() < 0.5:
        return (rows // period) % num_inks
    distance = np.maximum(abs(rows - shape[0] // 2), abs(columns - shape[1] // 2))
    return np.asarray((distance // period) % num_inks)
