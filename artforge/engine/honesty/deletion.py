"""Deletion and insertion: take a picture apart, or build it up, hottest pixels first, and watch the probability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.seeds import derive_seed, generator
from artforge.core.values import Heatmap
from artforge.engine.attention.settings import check_count
from artforge.engine.honesty.fits import check_fits
from artforge.engine.models.handle import BATCH

Score = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A batch of pictures float32 (n, h, w, channels) -> a score for each, (n,)."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A score while a picture is changed bit by bit.

    Attributes:
        shares: float64 (n,), rising from 0 to 1: how much of the picture has been changed.
        scores: float64 (n,), the score then.
    """

    shares: NDArray[np.float64]
    scores: NDArray[np.float64]

    @property
    def area(self) -> float:
        """The area under the curve (trapezoids), in units of the score."""
        return float(np.trapezoid(self.scores, self.shares))


def deletion_curve(
    picture: NDArray[np.float32],
    heatmap: Heatmap,
    baseline: NDArray[np.float32],
    score: Score,
    *,
    num_steps: int = 20,
) -> Curve:
    """Replace the hottest pixels first: for a true map the score falls at once, and the area is small.

    Args:
        picture: float32 (h, w, channels).
        heatmap: float32 (h, w); only its order counts. Equal pixels go in rows from the top left.
        baseline: float32, shaped like the picture: what stands where a pixel is gone. The paper puts zeros; a black
            hole has edges of its own, so `check_heatmap` puts the picture's mean colour (see `baseline_of` for both).
        score: usually the probability of the class that the map speaks for.
        num_steps: in how many equal steps.

    Raises:
        ShapeError: the heatmap is not of the picture's size.
        ChoiceError: no steps.

    Source: Petsiuk, Das and Saenko, RISE (2018), https://arxiv.org/abs/1806.07421
    """
    return _curve(picture, baseline, _order(heatmap, picture), score, num_steps)


def insertion_curve(
    picture: NDArray[np.float32],
    heatmap: Heatmap,
    baseline: NDArray[np.float32],
    score: Score,
    *,
    num_steps: int = 20,
) -> Curve:
    """Show the hottest pixels first: for a true map the score rises at once, and the area is large.

    Arguments, errors and source as `deletion_curve`; the baseline is what stands where a pixel is not shown yet, in
    the paper and in `check_heatmap` the blurred picture.
    """
    return _curve(baseline, picture, _order(heatmap, picture), score, num_steps)


def random_area(
    picture: NDArray[np.float32],
    baseline: NDArray[np.float32],
    score: Score,
    *,
    insertion: bool = False,
    num_orders: int = 5,
    seed: int = 0,
    num_steps: int = 20,
) -> float:
    """The mean area over random orders: what a map that knows nothing would get.

    Args:
        picture, baseline, score, num_steps: as `deletion_curve`.
        insertion: whether pixels come instead of going.
        num_orders: how many orders.
        seed: another seed, other orders.

    Raises:
        ChoiceError: no orders, or no steps.
    """
    check_count("num_orders", num_orders)
    rng = generator(derive_seed(seed, "random_area"))
    start, end = (baseline, picture) if insertion else (picture, baseline)
    num_pixels = picture.shape[0] * picture.shape[1]
    areas = [_curve(start, end, rng.permutation(num_pixels), score, num_steps).area for _ in range(num_orders)]
    return float(np.mean(areas))


def _order(heatmap: Heatmap, picture: NDArray[np.float32]) -> NDArray[np.intp]:
    check_fits(heatmap, picture)
    return np.argsort(-heatmap.ravel(), kind="stable")


def _curve(
    start: NDArray[np.float32], end: NDArray[np.float32], order: NDArray[np.intp], score: Score, num_steps: int
) -> Curve:
    """Scores while `start` becomes `end`, pixel by pixel in this order."""
    check_count("num_steps", num_steps)
    shares = np.linspace(0, 1, num_steps + 1)
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    ranks = place.reshape(start.shape[:2])
    scores = []
    for first in range(0, len(shares), BATCH):
        counts = np.rint(shares[first : first + BATCH] * len(order)).astype(np.intp)
        changed = np.where((ranks < counts[:, None, None])[..., None], end, start)
        scores.append(score(np.asarray(changed, np.float32)).astype(np.float64))
    return Curve(shares, np.concatenate(scores))
