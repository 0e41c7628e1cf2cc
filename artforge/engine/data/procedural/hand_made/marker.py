"""Marker: flat colour filled to and fro with a felt tip."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas, Points
from artforge.engine.data.procedural.compositions import cell_frames
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.media import felt_tip

HAND = Hand(looseness=0.03, tremor=0.0013)


def marker(canvas: Canvas, rng: np.random.Generator) -> None:
    """Blocks of side-by-side felt-tip passes, streaked where they overlap and ragged where they end."""
    corners, cell = cell_frames(canvas, int(rng.choice([2, 3, 4, 5])))
    corners = corners.reshape(-1, 2)
    chosen = rng.permutation(len(corners))[: max(2, round(len(corners) * min(1, canvas.coverage * 2.2)))]
    inks = rng.integers(0, len(canvas.inks), len(chosen))
    tip = float(np.clip(cell / rng.integers(6, 12), 0.012, 0.05))
    for index, ink in enumerate(canvas.inks):
        for upright in (False, True):
            own = corners[chosen[(inks == index) & ((chosen % 3 == 0) == upright)]]
            if len(own):
                strokes = perform(passes(own, cell, tip, upright, rng), HAND, rng, num_samples=12)
                felt_tip(canvas, strokes, tip, ink, rng)


def passes(corners: Points, cell: float, tip: float, upright: bool, rng: np.random.Generator) -> Points:
    """Parallel strokes that fill each cell, overlapping a little: (num_cells * num_passes, 2, 2)."""
    num_passes = max(2, round(cell * 0.9 / tip * 1.12))
    shape = (len(corners), num_passes)
    level = (np.arange(num_passes) + 0.5) / num_passes + 0.12 / num_passes * rng.standard_normal(shape)
    begin, end = 0.06 + 0.03 * rng.standard_normal(shape), 0.94 + 0.03 * rng.standard_normal(shape)
    tilt = 0.02 * rng.standard_normal((len(corners), 1))
    first = np.stack([begin, level - tilt], axis=-1)
    last = np.stack([end, level + tilt], axis=-1)
    lines = np.stack([first, last], axis=2)
    # Every other pass comes back the other way.
    lines[:, 1::2] = lines[:, 1::2, ::-1]
    if upright:
        lines = lines[..., ::-1]
    return np.asarray((corners[:, None, None] + cell * lines).reshape(-1, 2, 2))
