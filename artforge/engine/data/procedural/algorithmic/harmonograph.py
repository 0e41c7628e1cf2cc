"""Harmonograph: two pendulums and a pen."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.algorithmic.panel import lay_panel
from artforge.engine.data.procedural.canvas import Canvas

NUM_SAMPLES = 6000


def harmonograph(canvas: Canvas, rng: np.random.Generator) -> None:
    """One fine line that swings in nearly simple ratios and dies away, leaving a woven Lissajous figure.

    Source: Lissajous (1857); Blackburn's pendulum (1844).
    """
    lay_panel(canvas, rng)
    ratio = np.array(((2, 3), (3, 4), (3, 5), (1, 2), (4, 5), (2, 5))[rng.integers(6)], np.float64)
    time = np.linspace(0, 2 * np.pi * rng.uniform(9, 16), NUM_SAMPLES)[:, None]
    frequency = np.concatenate([ratio, ratio[::-1]]) + rng.normal(0, 0.004, 4)
    phase, damping = rng.uniform(0, 2 * np.pi, 4), rng.uniform(0.004, 0.02, 4)
    swing = np.sin(time * frequency + phase) * np.exp(-damping * time) * np.array([1, 1, 0.45, 0.45])
    path = np.stack([swing[:, 0] + swing[:, 2], swing[:, 1] + swing[:, 3]], axis=-1)
    path = canvas.centre + path / np.abs(path).max(axis=0) * canvas.inner_size / 2
    length = float(np.hypot(*np.diff(path, axis=0).T).sum())
    width = float(np.clip(canvas.coverage * 1.25 / length, 0.0014, 0.012))
    for index, stretch in enumerate(np.array_split(np.arange(NUM_SAMPLES), len(canvas.inks))):
        mask = canvas.blank_mask()
        canvas.line(mask, path[stretch[0] : stretch[-1] + 2], width)
        canvas.lay(mask, canvas.ink(index))
