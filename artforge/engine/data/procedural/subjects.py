"""What a hand draws: figures, vessels, leaves and letters as points to aim at, before any gesture is performed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Outlines in a unit box, y down; each is a smooth path through its points.
FACE_PROFILE = np.array([
    [0.62, 0.98], [0.60, 0.84], [0.50, 0.80], [0.42, 0.79], [0.40, 0.72], [0.36, 0.69], [0.38, 0.65], [0.35, 0.62],
    [0.38, 0.58], [0.30, 0.55], [0.33, 0.48], [0.39, 0.40], [0.37, 0.33], [0.40, 0.22], [0.50, 0.10], [0.66, 0.05],
    [0.82, 0.12], [0.90, 0.28], [0.88, 0.46], [0.80, 0.58], [0.80, 0.72], [0.86, 0.84], [0.97, 0.93],
])  # fmt: skip
EYE = np.array([[0.44, 0.42], [0.47, 0.395], [0.52, 0.40], [0.545, 0.42], [0.50, 0.435], [0.45, 0.425], [0.44, 0.42]])
EAR = np.array(
    [[0.70, 0.44], [0.72, 0.38], [0.77, 0.39], [0.77, 0.47], [0.73, 0.53], [0.71, 0.50], [0.74, 0.45], [0.73, 0.42]]
)
HAIR = np.array(
    [[0.42, 0.24], [0.55, 0.21], [0.66, 0.27], [0.68, 0.38], [0.72, 0.30], [0.79, 0.33], [0.82, 0.46], [0.80, 0.56]]
)
RECLINING = np.array([
    [0.03, 0.56], [0.07, 0.48], [0.13, 0.45], [0.17, 0.49], [0.16, 0.56], [0.22, 0.55], [0.30, 0.50], [0.40, 0.52],
    [0.48, 0.58], [0.56, 0.53], [0.64, 0.42], [0.72, 0.44], [0.78, 0.56], [0.84, 0.62], [0.92, 0.62], [0.98, 0.66],
    [0.93, 0.70], [0.82, 0.70], [0.70, 0.68], [0.60, 0.70], [0.48, 0.74], [0.34, 0.72], [0.24, 0.70], [0.18, 0.76],
    [0.08, 0.78], [0.10, 0.70], [0.18, 0.64],
])  # fmt: skip
STANDING = np.array([
    [0.50, 0.04], [0.56, 0.07], [0.55, 0.14], [0.52, 0.18], [0.60, 0.22], [0.66, 0.34], [0.64, 0.46], [0.59, 0.50],
    [0.58, 0.40], [0.57, 0.32], [0.57, 0.44], [0.61, 0.56], [0.60, 0.72], [0.57, 0.92], [0.62, 0.97], [0.53, 0.97],
    [0.53, 0.78], [0.51, 0.62], [0.48, 0.78], [0.44, 0.96], [0.37, 0.97], [0.42, 0.90], [0.42, 0.72], [0.41, 0.56],
    [0.45, 0.42], [0.44, 0.30], [0.38, 0.42], [0.36, 0.52], [0.32, 0.50], [0.36, 0.36], [0.41, 0.23], [0.48, 0.18],
    [0.45, 0.12], [0.46, 0.06], [0.50, 0.04],
])  # fmt: skip
FIGURES: tuple[tuple[Array, ...], ...] = ((FACE_PROFILE, EYE, EAR, HAIR), (RECLINING,), (STANDING,))
"""Line drawings of people; each is one or more paths (n, 2) in a unit box."""

# Half profiles of turned vessels: (half width, height) from the rim at y = 0 to the foot at y = 1.
VESSELS: tuple[Array, ...] = tuple(
    np.array(profile)
    for profile in (
        [[0.10, 0.0], [0.09, 0.18], [0.11, 0.32], [0.24, 0.46], [0.26, 0.75], [0.25, 1.0]],  # bottle
        [[0.30, 0.0], [0.33, 0.20], [0.29, 0.50], [0.19, 0.78], [0.16, 1.0]],  # cup
        [[0.17, 0.0], [0.13, 0.12], [0.26, 0.30], [0.37, 0.54], [0.28, 0.84], [0.17, 1.0]],  # jar
        [[0.46, 0.0], [0.44, 0.28], [0.32, 0.65], [0.16, 0.86], [0.17, 1.0]],  # bowl
        [[0.13, 0.0], [0.08, 0.18], [0.08, 0.50], [0.22, 0.68], [0.26, 0.86], [0.19, 1.0]],  # carafe
    )
)


def ring(num_points: int, *, turns: float = 1.0, start: float = 0.0) -> Array:
    """Points on the unit circle from angle `start` for `turns` turns, both ends included: (num_points + 1, 2)."""
    angle = start + np.linspace(0, 2 * np.pi * turns, num_points + 1)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def leaf(length: float, heading: float, plumpness: float) -> Array:
    """A closed leaf outline from its stalk and back, (9, 2)."""
    along = np.array([0, 0.2, 0.5, 0.8, 1.0, 0.8, 0.5, 0.2, 0])
    across = plumpness * np.array([0, 0.7, 1.0, 0.6, 0, -0.6, -1.0, -0.7, 0]) / 2
    cos, sin = np.cos(heading), np.sin(heading)
    return length * np.stack([along * cos - across * sin, along * sin + across * cos], axis=-1)


def letters(num_letters: int, rng: np.random.Generator) -> Array:
    """Pen targets of an invented cursive word, zigzagging between base line and x-height, some with loops above or
    below.

    Returns:
        (4 * num_letters + 1, 2), x-height 1, y down, base line at 0.
    """
    steps = rng.uniform(0.16, 0.42, (num_letters, 4)) * rng.choice(
        [1, 1, 1, -0.35], (num_letters, 4), p=[0.3, 0.3, 0.22, 0.18]
    )
    heights = np.tile([-1.0, -0.1, -0.8, 0.0], (num_letters, 1)) * rng.uniform(0.6, 1.1, (num_letters, 4))
    tall = rng.random(num_letters)
    heights[tall < 0.22, 0] -= 1.1
    heights[tall > 0.86, 3] += 1.0
    x = np.concatenate([[0], np.cumsum(steps.ravel())])
    return np.stack([x, np.concatenate([[0], heights.ravel()])], axis=-1)
