"""Evenly spaced streamlines of a field of directions."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.ops.lines import Line

_Point = tuple[float, float]

_CLOSEST = 0.55
"""A line ends where it comes this near to another one, as a share of the distance that they should keep."""
_SHARPEST = 0.3  # cosine of the turn from one step to the next; the field itself is broken where it is sharper
_TURNED_BACK = 2.8
"""Radians after which a line may run along itself: one that has turned less has not come back."""
_SHIFT = 3
"""Bits behind the point, where OpenCV takes fractions of a cell."""
_MOST_BESIDE = 64


@dataclass
class Streamlines:
    """Draws streamlines one after the other, each as far from the others as it should be.

    A grid remembers what is taken: every line marks the cells around it, and a line that runs into such cells ends
    there. One step of a line is as long as a cell.

    Attributes:
        directions: float32 (rows, columns, 2), unit vectors right and down; a line has no arrow, and takes the sign
            that turns it least.
        distance: float32 (rows, columns): how far lines keep from each other there, in cells.
        blank: bool (rows, columns): where no line goes.
        longest: steps of a line at most, each way.

    Source: Jobard and Lefer, Creating Evenly-Spaced Streamlines of Arbitrary Density (1997),
    https://doi.org/10.1007/978-3-7091-6876-9_5
    """

    directions: NDArray[np.float32]
    distance: NDArray[np.float32]
    blank: NDArray[np.bool_]
    longest: int
    _taken: NDArray[np.uint8] = field(init=False)
    _right: list[list[float]] = field(init=False)
    _down: list[list[float]] = field(init=False)
    _apart: list[list[float]] = field(init=False)

    def __post_init__(self) -> None:
        self._taken = np.where(self.blank, 255, 0).astype(np.uint8)
        # plain lists: single numbers are read three times as fast as from an array
        self._right, self._down = self.directions[..., 0].tolist(), self.directions[..., 1].tolist()
        self._apart = self.distance.tolist()

    def draw(self, seeds: NDArray[np.float64], shortest: float) -> Iterator[Line]:
        """Lines until no more find room.

        Args:
            seeds: (n, 2) x and y where a line may begin, in this order, when no place beside another one is left.
            shortest: a line that gets no longer than so many cells is left out.

        Yields:
            (m, 2) x and y in cells; a line that comes back to its start is closed.
        """
        waiting, beside = deque(map(tuple, seeds.tolist())), deque[_Point]()
        while beside or waiting:
            line = self._through(*(beside or waiting).popleft())
            if len(line) > max(shortest, 2):
                self._mark(line)
                beside.extend(self._beside(line))
                yield line

    def _through(self, x: float, y: float) -> Line:
        """The line through a point, as long as there is room for it; empty where there is none."""
        rows, columns = self.blank.shape
        if not (0 <= x < columns and 0 <= y < rows) or self._taken[int(y), int(x)]:
            return np.zeros((0, 2))
        own = _OwnPoints(_CLOSEST * self._apart[int(y)][int(x)])
        ahead, closed = self._walk(x, y, 1, own)
        if closed:
            return np.array([(x, y), *ahead, (x, y)])
        back, _ = self._walk(x, y, -1, own)
        return np.array([*reversed(back), (x, y), *ahead])

    def _walk(self, x: float, y: float, sign: int, own: _OwnPoints) -> tuple[list[_Point], bool]:
        """Points one way from a seed, and whether they came back to it."""
        rows, columns = self.blank.shape
        right, down, taken = self._right, self._down, memoryview(self._taken.data)
        start = x, y
        go_right, go_down = sign * right[int(y)][int(x)], sign * down[int(y)][int(x)]
        points: list[_Point] = []
        turned = 0.0  # sines of small angles, added up
        for number in range(1, self.longest + 1):
            # the midpoint rule: half a step shows the direction of the whole one
            half_x, half_y = x + 0.5 * go_right, y + 0.5 * go_down
            if not (0 <= half_x < columns and 0 <= half_y < rows):
                break
            new_right, new_down = right[int(half_y)][int(half_x)], down[int(half_y)][int(half_x)]
            along = new_right * go_right + new_down * go_down
            if abs(along) < _SHARPEST:
                break
            if along < 0:
                new_right, new_down = -new_right, -new_down
            turned += go_right * new_down - go_down * new_right
            go_right, go_down = new_right, new_down
            x, y = x + go_right, y + go_down
            if not (0 <= x < columns and 0 <= y < rows) or taken[int(y), int(x)]:
                break
            if number > 4 * own.gap and (x - start[0]) ** 2 + (y - start[1]) ** 2 < own.gap**2:
                return points, sign > 0
            if abs(turned) + own.turned > _TURNED_BACK and own.meets(x, y, sign * number):
                break
            own.note(x, y, sign * number)
            points.append((x, y))
        own.turned = abs(turned)
        return points, False

    def _mark(self, line: Line) -> None:
        """Take the cells around a line."""
        rows, columns = self.blank.shape
        for x, y in line.tolist():
            apart = self._apart[min(int(y), rows - 1)][min(int(x), columns - 1)]
            place = round((x - 0.5) * 2**_SHIFT), round((y - 0.5) * 2**_SHIFT)
            cv2.circle(self._taken, place, round(_CLOSEST * apart * 2**_SHIFT), 255, -1, cv2.LINE_8, _SHIFT)

    def _beside(self, line: Line) -> Iterator[_Point]:
        """Places at both sides of a line, at the distance that lines should keep."""
        rows, columns = self.blank.shape
        for x, y in line[:: max(1, len(line) // _MOST_BESIDE)].tolist():
            row, column = min(int(y), rows - 1), min(int(x), columns - 1)
            apart, right, down = self._apart[row][column], self._right[row][column], self._down[row][column]
            yield x - apart * down, y + apart * right
            yield x + apart * down, y - apart * right


class _OwnPoints:
    """The points of a line that is being drawn, so that it does not run along itself as a spiral.

    Attributes:
        gap: how near it may come to itself, in cells.
        turned: how far it has turned on the way that is done, in radians.
    """

    def __init__(self, gap: float) -> None:
        self.gap = gap
        self.turned = 0.0
        self._points: dict[tuple[int, int], list[tuple[int, float, float]]] = defaultdict(list)

    def meets(self, x: float, y: float, number: int) -> bool:
        """Whether a point is near to one that came long before it."""
        gap = self.gap
        column, row = int(x / gap), int(y / gap)
        points = self._points
        for place in ((column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
            if place in points and any(
                abs(number - other) > 4 * gap and (x - own_x) ** 2 + (y - own_y) ** 2 < gap**2
                for other, own_x, own_y in points[place]
            ):
                return True
        return False

    def note(self, x: float, y: float, number: int) -> None:
        """Remember a point."""
        self._points[int(x / self.gap), int(y / self.gap)].append((number, x, y))
