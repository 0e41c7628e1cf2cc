"""Reaction-diffusion: an activator that helps its neighbours and hinders those further off."""

from __future__ import annotations

import cv2
import numpy as np

from artforge.core.seeds import generator
from artforge.engine.data.procedural.canvas import Canvas, Field
from artforge.engine.data.procedural.tones import above, edge_slope, level_at

LATTICE = (
    176  # lattice cells per unit, whatever the picture's size: the pattern is smooth and drawn larger by interpolation
)
NUM_ROUNDS = 9


def reaction_diffusion(canvas: Canvas, rng: np.random.Generator) -> None:
    """Labyrinths, spots and stripes with crisp edges, sometimes with a second ink as an inner line.

    Source: Turing, The chemical basis of morphogenesis (1952); computed by Young's short cut, A local
    activator-inhibitor model of vertebrate skin patterns (1984), which reaches in nine rounds what Gray-Scott needs
    thousands of steps for.
    """
    pattern = settle(canvas, rng)
    slope = edge_slope(pattern)
    shares = canvas.coverage * np.linspace(1.1, 0.25, min(3, len(canvas.inks)))
    for index, level in enumerate(level_at(pattern, 1 - shares)):
        canvas.lay(above(pattern, float(level), slope), canvas.ink(index))


def settle(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Iterate from noise to a settled pattern on the lattice, then draw it at the canvas' size."""
    shape = (round(LATTICE * canvas.height), round(LATTICE * canvas.width))
    field = generator(int(rng.integers(1 << 40))).standard_normal(shape, dtype=np.float32)
    reach = rng.uniform(1.6, 3.4)
    stretch = rng.uniform(1.0, 1.9)
    balance = np.float32(rng.uniform(-0.10, 0.10))
    tilt = tilted(shape, rng)
    for _ in range(NUM_ROUNDS):
        near = cv2.GaussianBlur(field, (0, 0), sigmaX=reach * stretch, sigmaY=reach)
        far = cv2.GaussianBlur(field, (0, 0), sigmaX=reach * 2 * stretch, sigmaY=reach * 2)
        difference = near - far
        field = np.tanh(2.5 * difference / difference.std() + balance + tilt)
    smooth = cv2.GaussianBlur(field, (0, 0), reach * 0.5)
    height, width = canvas.pixels.shape[:2]
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def tilted(shape: tuple[int, int], rng: np.random.Generator) -> Field:
    """A slow change of balance over the sheet, so that stripes break up into spots toward one side."""
    y, x = (
        np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None],
        np.linspace(-1, 1, shape[1], dtype=np.float32)[None, :],
    )
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.5)
    return np.float32(strength) * (np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y)
