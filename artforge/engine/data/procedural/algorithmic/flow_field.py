"""Flow field: evenly spaced lines that follow a vector field."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.procedural.algorithmic.panel import lay_panel
from artforge.engine.data.procedural.canvas import Canvas, Points
from artforge.engine.data.procedural.compositions import random_points
from artforge.engine.data.procedural.tones import parts_by_rank

STEP = 0.008  # units between two points of a line
NUM_STEPS = 70
NUM_WAVES = 4
SHORTEST = 7  # steps


def flow_field(canvas: Canvas, rng: np.random.Generator) -> None:
    """Lines of even width drift side by side along a smooth field and stop before they touch.

    Source: Jobard & Lefer, Creating Evenly-Spaced Streamlines of Arbitrary Density (1997); Perlin (1985) for noise
    fields.
    """
    lay_panel(canvas, rng)
    width = float(rng.choice([0.005, 0.009, 0.016, 0.028]))
    gap = 0.7 * width * (0.45 / canvas.coverage) ** 0.8 + 0.002
    seeds = random_points(canvas, rng, int(min(650, 0.9 * canvas.width * canvas.height / (width + gap) / 0.12)))
    paths = streamlines(seeds, rng)
    free = keep_apart(paths, canvas, width + gap)
    bands = np.sin(seeds @ rng.uniform(-7, 7, 2) + rng.uniform(0, 6)) + 0.35 * rng.standard_normal(len(seeds))
    chosen = parts_by_rank(bands, len(canvas.inks))
    for index, ink in enumerate(canvas.inks):
        mask = canvas.blank_mask()
        kept = [
            path[begin:end]
            for path, (begin, end), own in zip(paths, free, chosen, strict=True)
            if own == index and end > begin
        ]
        canvas.lines(mask, kept, width)
        canvas.lay(mask, ink)


def streamlines(seeds: Points, rng: np.random.Generator) -> Points:
    """Follow a sum of plane waves as an angle field both ways from each seed: (num_seeds, 2 * NUM_STEPS + 1, 2)."""
    waves = rng.normal(0, 3.0, (2, NUM_WAVES))
    phases, heights = rng.uniform(0, 2 * np.pi, NUM_WAVES), rng.uniform(0.3, 1.0, NUM_WAVES)
    base = rng.uniform(0, 2 * np.pi)
    halves = []
    for sign in (-STEP, STEP):
        points, path = seeds, [seeds]
        for _ in range(NUM_STEPS):
            angle = base + np.sin(points @ waves + phases) @ heights
            points = points + sign * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
            path.append(points)
        halves.append(np.stack(path, axis=1))
    return np.concatenate([halves[0][:, :0:-1], halves[1]], axis=1)


def keep_apart(paths: Points, canvas: Canvas, separation: float) -> list[tuple[int, int]]:
    """The part (begin, end) of each path around its seed that stays on the sheet and clear of the lines before it.

    A part shorter than SHORTEST steps is given up: (n, n).
    """
    cell = separation / 2
    columns, rows = int(canvas.width / cell) + 3, int(canvas.height / cell) + 3
    taken: NDArray[np.bool_] = np.zeros((rows, columns), bool)
    low = canvas.margin
    high = np.array([canvas.width, canvas.height]) - low
    inside = np.asarray(((paths > low) & (paths < high)).all(axis=-1))
    cells = np.clip((paths / cell + 1).astype(np.int64), 1, [columns - 2, rows - 2])
    middle = NUM_STEPS
    kept = []
    for index in range(len(paths)):
        x, y = cells[index, :, 0], cells[index, :, 1]
        blocked = np.flatnonzero(taken[y, x] | ~inside[index])
        after = np.searchsorted(blocked, middle)
        end = int(blocked[after]) if after < len(blocked) else len(x)
        begin = int(blocked[after - 1]) + 1 if after > 0 else 0
        if end - begin < SHORTEST:
            kept.append((middle, middle))
            continue
        kept.append((begin, end))
        for shift_y in (-1, 0, 1):
            for shift_x in (-1, 0, 1):
                taken[y[begin:end] + shift_y, x[begin:end] + shift_x] = True
    return kept
