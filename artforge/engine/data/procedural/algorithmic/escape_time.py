"""Escape-time fractal: how many steps until a point flees."""

from __future__ import annotations

import cv2
import numpy as np

from artforge.engine.data.procedural.canvas import Canvas, Field
from artforge.engine.data.procedural.tones import bands

NUM_ITERATIONS = 48
ESCAPE_RADIUS = 16.0  # far beyond 2, so that the smooth count has no seams
LONGEST_LATTICE = 1000  # the count is smooth off the set: finer lattices cost time and show nothing
NUM_BACKWARD_STEPS = 24

JULIA_CONSTANTS = (
    -0.8 + 0.156j, -0.70176 - 0.3842j, 0.285 + 0.01j, -0.835 - 0.2321j, -0.7269 + 0.1889j, 0.355 + 0.355j, -0.4 - 0.59j,
    -0.75 + 0.11j, -0.162 + 1.04j, -0.54 + 0.54j, 0.37 + 0.1j, -0.194 + 0.6557j, 0.3 + 0.5j, -1.25 + 0.05j, 0.0 + 0.8j,
)  # fmt: skip


def escape_time(canvas: Canvas, rng: np.random.Generator) -> None:
    """A close look at the edge of a Julia set in exact bands of colour, each band one more step before the point
    escapes.

    Source: Julia (1918); Mandelbrot, The Fractal Geometry of Nature (1982); the smooth count after Linas Vepstas
    (1997).
    """
    constant = JULIA_CONSTANTS[rng.integers(len(JULIA_CONSTANTS))]
    turn = np.exp(1j * rng.uniform(0, 2 * np.pi))
    focus = point_on_edge(constant, rng) * 0.85
    count = smooth_count(canvas, constant, rng.uniform(0.6, 2.3) * turn, focus)
    bands(canvas, count, rng)


def point_on_edge(constant: complex, rng: np.random.Generator) -> complex:
    """A point of the Julia set: running z -> z^2 + c backwards from anywhere ends there."""
    point = 1 + 0j
    for sign in rng.choice([-1, 1], NUM_BACKWARD_STEPS):
        point = complex(sign * np.sqrt(point - constant))
    return point


def smooth_count(canvas: Canvas, constant: complex, view: complex, focus: complex) -> Field:
    """Steps until |z| > ESCAPE_RADIUS under z -> z^2 + constant, with a fraction; float32 of the canvas' shape.

    Args:
        view: width and turn of what is seen, per unit of the sheet.
        focus: what lies in the middle of the sheet.
    """
    height, width = canvas.pixels.shape[:2]
    factor = min(1.0, LONGEST_LATTICE / max(height, width))
    shape = (round(height * factor), round(width * factor))
    x = ((np.arange(shape[1]) + 0.5) / shape[1] - 0.5) * canvas.width
    y = ((np.arange(shape[0]) + 0.5) / shape[0] - 0.5) * canvas.height
    z = ((x[None, :] + 1j * y[:, None]) * view + focus).astype(np.complex64).ravel()
    count = np.zeros(z.size, np.float32)
    alive = np.arange(z.size)
    for step in range(NUM_ITERATIONS):
        z = z * z + np.complex64(constant)
        size = z.real * z.real + z.imag * z.imag
        fled = size > ESCAPE_RADIUS**2
        if fled.any():
            count[alive[fled]] = step - np.log2(np.log(size[fled]) / (2 * np.log(ESCAPE_RADIUS)))
            alive, z = alive[~fled], z[~fled]
    # Points that stay are given a slope of their own, so that the inside is banded too instead of one flat stain.
    count[alive] = NUM_ITERATIONS + 4 * np.abs(z)
    return np.asarray(cv2.resize(count.reshape(shape), (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
