"""The order in which a pen draws: a short way from one thing to the next, forwards or backwards through each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ends = NDArray[np.float64]
"""(n, 2, 2): of each thing its two ends, x and y in mm; those of a dot are the same."""
Tour = tuple[NDArray[np.intp], NDArray[np.bool_]]
"""Numbers of the things in the order in which they are drawn, and whether each is drawn backwards."""

_FEW = 8
_NEIGHBOURS = 8
_LEAST_GAIN_MM = 1e-6


def pen_tour(ends: Ends, home: NDArray[np.float64], passes: int) -> Tour:
    """A short way through things that are drawn, each once.

    Begun as the nearest neighbour says and made shorter by 2-opt: a piece of the way is turned round wherever that
    saves travel, until nothing is saved any more or `passes` are over. No clock decides: the same things have the
    same order on every machine.

    Args:
        ends: of each thing.
        home: (2,) where the pen begins.
        passes: over all things.

    Returns:
        the order and the turns.

    Source: Croes, A Method for Solving Traveling-Salesman Problems (1958); the candidates are near neighbours only, as
    in Bentley, Fast Algorithms for Geometric Traveling Salesman Problems (1992).
    """
    if len(ends) == 0:
        return np.zeros(0, np.intp), np.zeros(0, bool)
    order, turned = _nearest_neighbour(ends, home)
    way = _Way(ends, home, order, turned)
    for _ in range(passes):
        if not way.shorten():
            break
    return way.order[1:] - 1, way.turned[1:]


def travel(ends: Ends, home: NDArray[np.float64], tour: Tour) -> float:
    """Length of the way between the things, from home to the last of them, in mm."""
    order, turned = tour
    rows = np.arange(len(order))
    enter, leave = ends[order][rows, turned.astype(int)], ends[order][rows, 1 - turned.astype(int)]
    before = np.concatenate([home[None], leave[:-1]])
    return float(np.hypot(*(enter - before).T).sum())


def _nearest_neighbour(ends: Ends, home: NDArray[np.float64]) -> Tour:
    """Always on to the nearest end of what is not drawn yet."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - only drawings pay for it

    count = len(ends)
    order, turned = np.zeros(count, np.intp), np.zeros(count, bool)
    waits = np.ones(count, bool)
    here, numbers, tree = home, np.zeros(0, np.intp), None
    for done in range(count):
        if tree is None or 2 * (count - done) <= len(numbers):  # most of the tree is drawn by now
            numbers = np.flatnonzero(waits)
            tree = cKDTree(ends[numbers].reshape(-1, 2))
        found, few = -1, _FEW
        while found < 0:
            _, near = tree.query(here, k=min(few, 2 * len(numbers)))
            near = np.atleast_1d(near)
            free = near[waits[numbers[near // 2]]]
            found = int(free[0]) if len(free) else -1
            few *= 4
        number, end = numbers[found // 2], found % 2
        order[done], turned[done], waits[number] = number, end == 1, False
        here = ends[number, 1 - end]
    return order, turned


class _Way:
    """A way that is made shorter; its first thing is home, which stays.

    Attributes:
        order, turned: as `Tour`, with home as thing 0.
    """

    def __init__(self, ends: Ends, home: NDArray[np.float64], order: NDArray[np.intp], turned: NDArray[np.bool_]):
        self.order = np.concatenate([[0], order + 1])
        self.turned = np.concatenate([[False], turned])
        rows, side = np.arange(len(order)), turned.astype(int)
        self._enter = np.concatenate([home[None], ends[order][rows, side]])
        self._leave = np.concatenate([home[None], ends[order][rows, 1 - side]])
        self._place = np.argsort(self.order)

    def shorten(self) -> bool:
        """Turn pieces of the way round wherever that saves travel, those first that save most; whether any did."""
        first, last = self._candidates()
        gains = self._gains(first, last)
        saving = np.flatnonzero(gains > _LEAST_GAIN_MM)
        saving = saving[np.argsort(-gains[saving], kind="stable")]
        pairs = np.stack([self.order[first[saving]], self.order[last[saving]]], axis=-1)
        num_turned = 0
        for one, other in pairs.tolist():
            before, end = sorted((self._place[one], self._place[other]))
            if before < end and self._gains(np.array([before]), np.array([end]))[0] > _LEAST_GAIN_MM:
                self._turn(before + 1, end + 1)
                num_turned += 1
        return num_turned > 0

    def _candidates(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Places (before, end) of pieces that may be turned: those whose turning brings near ends together."""
        from scipy.spatial import cKDTree  # noqa: PLC0415

        count = len(self.order)
        few = min(_NEIGHBOURS + 1, count)
        _, by_leave = cKDTree(self._leave).query(self._leave, k=few)
        _, by_enter = cKDTree(self._enter).query(self._enter, k=few)
        here = np.repeat(np.arange(count), few)
        pairs = [
            (here, np.reshape(by_leave, -1)),
            (here - 1, np.reshape(by_enter, -1) - 1),
            (np.arange(count - 1), np.arange(1, count)),
        ]
        first, last = (np.concatenate(each) for each in zip(*pairs, strict=True))
        before, end = np.minimum(first, last), np.maximum(first, last)
        good = (before >= 0) & (before < end)
        return before[good], end[good]

    def _gains(self, before: NDArray[np.intp], end: NDArray[np.intp]) -> NDArray[np.float64]:
        """How much shorter the way gets where the things behind `before` up to `end` are turned round."""
        goes_on = end + 1 < len(self.order)
        after = np.where(goes_on, end + 1, 0)
        now = _distance(self._leave[before], self._enter[before + 1])
        now += goes_on * _distance(self._leave[end], self._enter[after])
        then = _distance(self._leave[before], self._leave[end])
        then += goes_on * _distance(self._enter[before + 1], self._enter[after])
        return now - then

    def _turn(self, start: int, stop: int) -> None:
        piece = slice(start, stop)
        self.order[piece] = self.order[piece][::-1].copy()
        self.turned[piece] = ~self.turned[piece][::-1]
        self._enter[piece], self._leave[piece] = self._leave[piece][::-1].copy(), self._enter[piece][::-1].copy()
        self._place[self.order[piece]] = np.arange(start, stop)


def _distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    apart = one - other
    return np.hypot(apart[..., 0], apart[..., 1])
