"""Ink in strokes: parallel lines, closer together where it is hot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.colors import hex_of
from artforge.core.drawings import Drawing, Pen, layer_of
from artforge.core.steps import step
from artforge.core.values import Color, Heatmap, Kind, Unit
from artforge.engine.attention.settings import check_count, check_range
from artforge.ops.lines import Line, runs, simplified
from artforge.ops.pages import (
    INK,
    PAPER,
    Margin,
    Page,
    PenWidth,
    Place,
    check_pen,
    ink_map,
    margins_leave_room,
    on_grid,
    place_on_page,
)

_STEP_MM = 0.25
"""From one look at the heat to the next, along a line."""
_PITCH_MM = 0.25
_LEVEL = 1e-6
"""A line that rises by less from point to point may not be cut where it leaves the page at its side."""
_MOST_CELLS = 8_000_000
_HOLD = 0.4
"""A stroke begins where the heat is this share of a tone above its own, and holds until it is as much below: one that
broke off at every grain of a picture would be a row of dashes."""


@step("hatch", version=1, rules=[margins_leave_room])
def hatch(
    heatmap: Heatmap,
    where: Heatmap | None = None,
    *,
    spacing: Annotated[float, Field(ge=0.1, le=100)] = 0.8,
    angle: Annotated[float, Kind.DEGREES, Field(ge=-360, le=360)] = 45,
    num_directions: Annotated[int, Field(ge=1, le=4)] = 2,
    num_tones: Annotated[int, Field(ge=1, le=64)] = 8,
    low: Unit = 0.02,
    shortest: Annotated[float, Field(ge=0, le=1000)] = 1.5,
    relief: Annotated[float, Field(ge=-200, le=200)] = 0.0,
    smooth: Annotated[float, Field(ge=0, le=50)] = 0.6,
    elsewhere: Unit = 0.15,
    page: Page = "A4",
    margin: Margin = 15,
    pen: PenWidth = 0.3,
    color: Color = INK,
    paper: Color = PAPER,
) -> Drawing:
    """Hatch a heatmap: parallel strokes, `spacing` apart where it is hottest, and broken off where it is not.

    Each line of a direction has a heat from which on it is drawn; neighbours have very different ones, so that every
    tone is an even share of the lines. A second direction begins where the first has all its lines: cross-hatching.

    Args:
        heatmap: float32 (H, W), [0, 1].
        where: a second heatmap of the same format, [0, 1]: the ink goes where this one is hot.
        spacing: of the lines of one direction where it is hottest, in mm.
        angle: of the first direction in degrees: 0 is level, 45 rises to the right.
        num_directions: 1 hatches, 2 cross-hatches, up to 4; each shares the half turn evenly.
        num_tones: how many tones a direction has between none and all of its lines; with 1 every line is drawn
            wherever there is heat.
        low: heat up to here gets no ink.
        shortest: strokes shorter than this are left out, in mm.
        relief: how far the hottest place lifts a line out of its way, in mm: lines then bend over the heat as over
            the figure on a banknote.
        smooth: the heat is smoothed over this far first, in mm on the page.
        elsewhere: the share of the ink that is left where `where` is 0.
        page: a sheet by name, turned to the picture's format, or such as `300x200mm`.
        margin: paper left free at each side at least, in mm.
        pen: width of the pen in mm.
        color: of the ink, as `#rrggbb` or a CSS name.
        paper: the paper's colour where the drawing is shown.

    Returns:
        a drawing of one pen.

    Raises:
        StepError: a heatmap leaves [0, 1].
        ShapeError: `where` has another format.
        ChoiceError: a setting out of its range, or margins that leave no room on the page.
    """
    check_range("spacing", spacing, "[0.1, 100]")
    check_range("angle", angle, "[-360, 360]")
    check_count("num_directions", num_directions, most=4)
    check_count("num_tones", num_tones, most=64)
    check_range("low", low, "[0, 1]")
    check_range("shortest", shortest, "[0, 1000]")
    check_range("relief", relief, "[-200, 200]")
    check_range("smooth", smooth, "[0, 50]")
    check_pen(pen)
    ink, ground = Pen(hex_of(color), pen), hex_of(paper)
    wanted = ink_map(heatmap, where, elsewhere)
    place = place_on_page(heatmap, page, margin)
    pitch = max(_PITCH_MM, (place.width * place.height / _MOST_CELLS) ** 0.5)
    grid = on_grid(wanted, place.grid_shape(pitch), smooth=smooth / pitch)
    thresholds = spread_thresholds(num_tones)
    lines: list[Line] = []
    hold = _HOLD * (1 - low) / (num_tones * num_directions) if num_tones > 1 else 0.0
    for number in range(num_directions):
        turned = angle + 180 * number / num_directions
        for index, line in _parallels(place, spacing, turned, abs(relief)):
            threshold = low + (1 - low) * (number + thresholds[index % num_tones]) / num_directions
            lifted = _lifted(line, grid, place, relief, turned) if relief else line
            lines += _strokes(lifted, grid, place, (threshold - hold, threshold + hold), shortest)
    return place.drawing([layer_of(ink, lines)], ground)


def spread_thresholds(count: int) -> NDArray[np.float64]:
    """The middles of `count` even shares of [0, 1], in an order in which neighbours differ: that of van der Corput.

    One share alone begins at 0.
    """
    if count == 1:
        return np.zeros(1)
    numbers = np.arange(count)
    reversed_bits, scale = np.zeros(count), 0.5
    while numbers.any():
        reversed_bits += scale * (numbers % 2)
        numbers //= 2
        scale /= 2
    order: NDArray[np.float64] = (np.argsort(np.argsort(reversed_bits)) + 0.5) / count
    return order


def _parallels(place: Place, spacing: float, angle: float, around: float) -> Iterator[tuple[int, Line]]:
    """Lines across the heatmap's place at an angle, its middle midway between two of them.

    Args:
        place: of the heatmap.
        spacing: from line to line, in mm.
        angle: in degrees.
        around: how far beyond the place points are still wanted, in mm.

    Yields:
        a line's number, and its points (n, 2) in mm from the middle; those that have none are left out.
    """
    along, across = _directions(angle)
    half = np.array([place.width, place.height]) / 2
    reach, breadth = np.abs(along) @ half, np.abs(across) @ half
    count = int(np.ceil(2 * breadth / spacing))
    places = np.linspace(-reach, reach, max(2, int(np.ceil(2 * reach / _STEP_MM))))
    for number in range(count):
        off = (number - (count - 1) / 2) * spacing * across
        near = _near(places, along, off, half + around)
        if len(near):
            yield number, near[:, None] * along + off


def _near(
    places: NDArray[np.float64], along: NDArray[np.float64], off: NDArray[np.float64], half: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of the rising `places` on a line, those that may lie within `half` of the middle: all that do, and few others."""
    first, last = -np.inf, np.inf
    for rise, start, reach in zip(along, off, half, strict=True):
        if abs(rise) > _LEVEL:
            ends = sorted(((-reach - start) / rise, (reach - start) / rise))
            first, last = max(first, ends[0]), min(last, ends[1])
    begin, end = np.searchsorted(places, [first - _STEP_MM, last + _STEP_MM])
    return places[begin:end]


def _directions(angle: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit vectors along lines at an angle and across them, y down."""
    turned = np.radians(angle)
    return np.array([np.cos(turned), -np.sin(turned)]), np.array([np.sin(turned), np.cos(turned)])


def _lifted(line: Line, grid: Heatmap, place: Place, relief: float, angle: float) -> Line:
    """A line bent over the heat that it passes."""
    return line - np.outer(relief * _heat_at(line, grid, place), _directions(angle)[1])


def _strokes(
    line: Line, grid: Heatmap, place: Place, holds_begins: tuple[float, float], shortest: float
) -> Iterator[Line]:
    """The parts of a line where there is heat enough, on the page."""
    half = np.array([place.width, place.height]) / 2
    heat = _heat_at(line, grid, place)
    holds, begins = (heat > each for each in holds_begins)
    least = max(1, round(shortest / _STEP_MM))
    middle = np.array([place.left, place.top]) + half
    across, down = np.abs(line).T
    for first, last in runs(holds & (across <= half[0] + 1e-9) & (down <= half[1] + 1e-9)):
        if last - first > least and begins[first:last].any():
            yield simplified(line[first:last] + middle)


def _heat_at(line: Line, grid: Heatmap, place: Place) -> NDArray[np.float32]:
    """The heat under the points of a line, in mm from the middle of the place."""
    rows, columns = grid.shape
    cells = line / np.array([place.width, place.height])
    cells += 0.5
    cells *= np.array([columns, rows])
    cells -= 0.5
    x, y = cells.T.astype(np.float32)
    heat = cv2.remap(grid, x[None], y[None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(heat[0], np.float32)
