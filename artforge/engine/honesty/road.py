"""ROAD: take pixels away so that no one can tell where they were, filled in from their neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.core.seeds import derive_seed, generator
from artforge.core.values import Heatmap
from artforge.engine.honesty.deletion import Score
from artforge.engine.honesty.fits import check_fits

PERCENTAGES = (10, 30, 50, 70, 90)
NOISE = 0.01
_NEIGHBOURS = np.asarray([[1, 2, 1], [2, 0, 2], [1, 2, 1]], np.float64) / 12
_TOLERANCE, _MOST_ROUNDS = 1e-5, 2000


def road_score(
    picture: NDArray[np.float32],
    heatmap: Heatmap,
    score: Score,
    *,
    percentages: Sequence[int] = PERCENTAGES,
    seed: int = 0,
) -> float:
    """How much more it costs to lose the hottest pixels than the coldest: positive for a true map, about 0 for chance.

    For every percentage the coldest and the hottest pixels are taken away and filled in; the score with the coldest
    gone, minus that with the hottest gone, is halved, and the mean over the percentages is taken.

    Args:
        picture: float32 (h, w, channels).
        heatmap: float32 (h, w); only its order counts.
        score: usually the probability of the class that the map speaks for.
        percentages: how many of the pixels are taken away each time.
        seed: of the faint noise that is added to what is filled in.

    Returns:
        in units of the score: for a probability from -0.5 to 0.5.

    Raises:
        ShapeError: the heatmap is not of the picture's size.

    Source: Rong et al., A Consistent and Efficient Evaluation Strategy for Attribution Methods (2022),
    https://arxiv.org/abs/2202.00449
    """
    check_fits(heatmap, picture)
    rng = generator(derive_seed(seed, "road"))
    noise = NOISE * float(picture.max() - picture.min()) * rng.standard_normal(picture.shape)
    coldest_first = np.argsort(heatmap.ravel(), kind="stable")
    filled = []
    for percentage in percentages:
        count = round(percentage / 100 * heatmap.size)
        for gone in (coldest_first[:count], coldest_first[heatmap.size - count :]):
            taken = np.zeros(heatmap.size, bool)
            taken[gone] = True
            missing = taken.reshape(heatmap.shape)
            imputed = impute(picture, missing)
            filled.append(np.asarray(imputed + missing[..., None] * noise, np.float32))
    scores = score(np.stack(filled)).astype(np.float64).reshape(len(percentages), 2)
    return float((scores[:, 0] - scores[:, 1]).mean() / 2)


def impute(picture: NDArray[np.float32], missing: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Fill missing pixels so that each is the weighted mean of its neighbours: sides count 1/6, diagonals 1/12.

    At the border the neighbours that exist share the whole weight. The linear equations are solved by conjugate
    gradients, all colours at once.

    Args:
        picture: float32 (h, w, channels).
        missing: bool (h, w).

    Returns:
        float64 (h, w, channels), the known pixels as they were. Where nothing is known, all zero.
    """
    known = ~missing
    solution = np.where(known[..., None], picture, 0).astype(np.float64)
    if known.all() or missing.all():
        return solution
    weights = _around(np.ones(missing.shape))[..., None]
    inside = missing[..., None].astype(np.float64)
    goal = inside * _around(solution)

    def times(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return inside * (weights * values - _around(values))

    guess = inside * solution[known].mean(axis=0)
    residual = goal - times(guess)
    direction, size = residual, (residual**2).sum()
    for _ in range(_MOST_ROUNDS):
        if size <= _TOLERANCE**2 * max(float((goal**2).sum()), 1e-30):
            break
        moved = times(direction)
        pace = size / (direction * moved).sum()
        guess = guess + pace * direction
        residual = residual - pace * moved
        size, before = (residual**2).sum(), size
        direction = residual + size / before * direction
    return np.asarray(solution + guess)


def _around(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weighted sum of the neighbours of each pixel, none beyond the border."""
    found = cv2.filter2D(values, cv2.CV_64F, _NEIGHBOURS, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(found, np.float64).reshape(values.shape)
