"""Points spread by a density: each stands in the weighted middle of what lies nearest to it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

_HASTE = 1.6
"""How far beyond the middle of its cell a point goes, so that it settles in fewer rounds."""
_ROUNDS_WITHOUT_HASTE = 5


def draw_points(density: NDArray[np.float32], count: int, rng: np.random.Generator) -> Points:
    """Points by chance, as many in a place as its share of the density says.

    They are drawn one from each of `count` equal shares along a curve that goes through the grid to and fro in
    strips, so that no place gets many by accident.

    Args:
        density: float32 (rows, columns), not negative, not 0 everywhere.
        count: how many.
        rng: chance.

    Returns:
        (count, 2) x and y on the grid, whose cell (0, 0) begins at (0, 0).
    """
    rows, columns = density.shape
    order = _to_and_fro(rows, columns, strip=max(1, round(np.sqrt(rows * columns / count))))
    total = np.cumsum(density.ravel()[order], dtype=np.float64)
    wanted = (np.arange(count) + rng.random(count)) / count * total[-1]
    cells = order[np.minimum(np.searchsorted(total, wanted, side="right"), len(order) - 1)]
    points: Points = np.stack([cells % columns, cells // columns], axis=-1) + rng.random((count, 2))
    return points


def _to_and_fro(rows: int, columns: int, strip: int) -> NDArray[np.int64]:
    """Every cell of a grid once: strips of `strip` rows, each walked column by column, every second one backwards."""
    numbers = np.arange(rows * columns).reshape(rows, columns)
    walks = []
    for number, top in enumerate(range(0, rows, strip)):
        walk = numbers[top : top + strip].T.ravel()
        walks.append(walk[::-1] if number % 2 else walk)
    return np.concatenate(walks)


def spread_points(points: Points, density: NDArray[np.float32], rounds: int) -> Points:
    """Move points to the weighted middles of their Voronoi cells, again and again.

    Points spread so stand by the square root of the density (Gersho's conjecture in two dimensions): the density is
    squared here, so that they stand by the density itself, as they were drawn.

    Args:
        points: (n, 2) x and y on the grid.
        density: float32 (rows, columns), not negative.
        rounds: how often they move.

    Returns:
        (n, 2), on the grid.

    Source: Secord, Weighted Voronoi Stippling (2002), https://doi.org/10.1145/508530.508537; Lloyd's rounds with
    over-relaxation after Du, Faber and Gunzburger, Centroidal Voronoi Tessellations (1999).
    """
    weight = density.astype(np.float64).ravel() ** 2
    rows, columns = density.shape
    moments = [
        weight * (np.arange(rows * columns) % columns + 0.5),
        weight * (np.arange(rows * columns) // columns + 0.5),
    ]
    limit = np.array([columns, rows]) - 1e-3
    for number in range(rounds):
        owners = nearest_point(points, density.shape).ravel()
        mass = np.bincount(owners, weight, len(points))
        middles = np.stack([np.bincount(owners, moment, len(points)) for moment in moments], axis=-1)
        found = mass > 0  # a point without any weight around it stays where it is
        haste = _HASTE if number < rounds - _ROUNDS_WITHOUT_HASTE else 1.0
        moved = points.copy()
        moved[found] += haste * (middles[found] / mass[found, None] - points[found])
        points = np.clip(moved, 0, limit)
    return points


def nearest_point(points: Points, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """intp (rows, columns): which point is nearest to each cell; of two points in one cell the last has it.

    By OpenCV's distance transform, which is within 2 % of the Euclidean distance and forty times as fast as a search.
    """
    rows, columns = shape
    x, y = points.astype(np.int32).T
    free = np.ones((rows, columns), np.uint8)
    free[y, x] = 0
    _, labels = cv2.distanceTransformWithLabels(free, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    point_of = np.zeros(len(points) + 1, np.intp)
    point_of[labels[y, x]] = np.arange(len(points))
    owners: NDArray[np.intp] = point_of[labels]
    return owners
