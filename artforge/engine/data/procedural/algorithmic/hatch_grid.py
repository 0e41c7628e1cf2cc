"""Hatch grid: straight parallel lines in square cells, their angle and number given by a formula."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas, Points
from artforge.engine.data.procedural.compositions import cell_frames, plan_tone


def hatch_grid(canvas: Canvas, rng: np.random.Generator) -> None:
    """A lattice of cells ruled at exact angles; darker where the formula wants shade, crossed in a second ink.

    Source: LeWitt, Wall Drawings 16 and 47 (1969-70), lines in four directions; Molnar, Hommage a Durer (1948-92).
    """
    corners, cell = cell_frames(canvas, int(rng.choice([4, 6, 9, 13])))
    tone = plan_tone(canvas, rng).at(corners + cell / 2)
    rows, columns = np.indices(tone.shape)
    quarter = int(rng.choice([2, 4, 8]))
    wave = rng.uniform(0.3, 1.2, 2)
    angles = np.round((np.sin(rows * wave[0]) + np.cos(columns * wave[1])) * quarter / 2) * np.pi / quarter
    width = float(rng.choice([0.003, 0.005, 0.008]))
    most = int(np.clip(cell / width * 0.75, 3, 24))
    numbers = np.clip(np.round(most * (0.25 + 0.9 * tone) * canvas.coverage * 2.2), 1, most).astype(np.int64)
    layers = max(1, min(3, len(canvas.inks)))
    for layer in range(layers):
        mask = canvas.blank_mask()
        shown = (rows + columns * (layer + 1)) % layers == 0 if layer else np.ones_like(rows, bool)
        for corner, angle, number in zip(
            corners[shown], angles[shown] + layer * np.pi / 2, numbers[shown], strict=True
        ):
            canvas.lines(mask, ruled_square(float(angle), int(number)) * cell * 0.94 + corner + 0.03 * cell, width)
        canvas.lay(mask, canvas.ink(layer))


def ruled_square(angle: float, num_lines: int) -> Points:
    """Evenly spaced parallel lines clipped to the unit square: (n, 2, 2)."""
    direction = np.array([np.cos(angle), np.sin(angle)])
    normal = np.array([-direction[1], direction[0]])
    reach = np.abs(normal).sum() / 2
    middles = 0.5 + normal * np.linspace(-reach, reach, num_lines + 2)[1:-1, None]
    # Slab method: how far each line runs until it leaves 0 <= x <= 1 and 0 <= y <= 1.
    steep = np.where(np.abs(direction) < 1e-9, 1e-9, direction)
    first, second = (0 - middles) / steep, (1 - middles) / steep
    begin, end = np.minimum(first, second).max(axis=-1), np.maximum(first, second).min(axis=-1)
    lines = np.stack([middles + begin[:, None] * direction, middles + end[:, None] * direction], axis=1)
    return np.asarray(lines[end > begin])
