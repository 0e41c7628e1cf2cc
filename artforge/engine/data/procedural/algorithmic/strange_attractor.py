"""Strange attractor: where a point goes when it is sent on for ever."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.procedural.algorithmic.panel import lay_panel
from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.noise import smoothstep
from artforge.engine.data.procedural.tones import level_at

# De Jong coefficients whose attractors fill a good part of their square.
COEFFICIENTS = (
    (1.4, -2.3, 2.4, -2.1), (2.01, -2.53, 1.61, -0.33), (-2.7, -0.09, -0.86, -2.2),
    (-2.24, 0.43, -0.65, -2.43), (1.641, 1.902, 0.316, 1.525), (0.970, -1.899, 1.381, -1.506),
    (-0.827, -1.637, 1.659, -0.943), (-2.0, -2.0, -1.2, 2.0), (-0.709, 1.638, 0.452, 1.740),
    (1.1, -1.32, -1.03, 1.54), (-1.84, -1.92, 2.32, -0.84), (-1.37, 1.79, -0.47, -1.93),
)  # fmt: skip
POINTS_PER_PIXEL = 6.0
NUM_WALKERS = 16384
LONGEST_LATTICE = 1200
SETTLING_STEPS = 12


def strange_attractor(canvas: Canvas, rng: np.random.Generator) -> None:
    """Veils of dust: how often a chaotic map visits each place, shown on a logarithmic scale.

    Source: Peter de Jong's map in Dewdney, Computer Recreations (1987), Scientific American; Lorenz (1963) for the
    idea.
    """
    lay_panel(canvas, rng)
    coefficients = np.array(COEFFICIENTS[rng.integers(len(COEFFICIENTS))]) + rng.normal(0, 0.02, 4)
    turn = rng.uniform(0, 2 * np.pi)
    density = visits(canvas, coefficients, turn, rng)
    tone = np.log1p(density / max(float(density.mean()), 1e-9))
    # The share of the sheet above the lowest level is the planned coverage.
    levels = level_at(tone, 1 - canvas.coverage * np.linspace(1.3, 0.25, len(canvas.inks)))
    highest = float(level_at(tone, np.array([0.995]))[0])
    for level, ink in zip(np.maximum(levels, 0.02 * highest), canvas.inks, strict=True):
        canvas.lay(smoothstep(level * 0.5, level * 0.5 + 0.4 * highest, tone), ink, 0.95)


def visits(
    canvas: Canvas, coefficients: NDArray[np.float64], turn: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Visits of many walkers per pixel, smoothed a little; float32 of the canvas' shape."""
    height, width = canvas.pixels.shape[:2]
    factor = min(1.0, LONGEST_LATTICE / max(height, width))
    shape = (round(height * factor), round(width * factor))
    a, b, c, d = coefficients.astype(np.float32)
    x, y = rng.uniform(-1, 1, (2, NUM_WALKERS)).astype(np.float32)
    num_steps = int(POINTS_PER_PIXEL * shape[0] * shape[1] / NUM_WALKERS) + 1
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    counts = np.zeros(shape[0] * shape[1], np.int64)
    low, scale = np.zeros(2, np.float32), np.float32(1)
    for step in range(SETTLING_STEPS + num_steps):
        x, y = np.sin(a * y) - np.cos(b * x), np.sin(c * x) - np.cos(d * y)
        across, down = cos * x - sin * y, sin * x + cos * y
        if step < SETTLING_STEPS:
            continue
        if step == SETTLING_STEPS:
            low, extent = np.array([across.min(), down.min()]), np.array([np.ptp(across), np.ptp(down)])
            scale = np.float32((canvas.inner_size / extent).min() * canvas.scale * factor)
            low -= (np.array([shape[1], shape[0]]) / scale - extent) / 2
        column = ((across - low[0]) * scale).astype(np.int64)
        row = ((down - low[1]) * scale).astype(np.int64)
        on_sheet = (column >= 0) & (column < shape[1]) & (row >= 0) & (row < shape[0])
        counts += np.bincount((row * shape[1] + column)[on_sheet], minlength=counts.size)
    smooth = cv2.GaussianBlur(counts.reshape(shape).astype(np.float32), (0, 0), 0.9)
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
