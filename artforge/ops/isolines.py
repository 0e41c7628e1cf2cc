"""Lines of equal heat."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.colors import hex_of
from artforge.core.drawings import Drawing, Pen, layer_of
from artforge.core.errors import ChoiceError
from artforge.core.steps import step
from artforge.core.values import Color, Heatmap
from artforge.engine.attention.settings import check_count, check_range
from artforge.ops.heat_fields import check_heat
from artforge.ops.lines import NEAR_MM, simplified
from artforge.ops.pages import (
    INK,
    PAPER,
    Margin,
    Page,
    PenWidth,
    check_pen,
    margins_leave_room,
    on_grid,
    place_on_page,
)

_PITCH_MM = 0.5
"""Of the grid on which lines are found, between whose points they are straight."""
_MOST_CELLS = 4_000_000


def levels_rise(*, low: float, high: float) -> None:
    """Raise unless the lowest level is no hotter than the highest.

    Raises:
        ChoiceError: it is.
    """
    if low > high:
        raise ChoiceError(f"low must not lie above high, received {low:g} and {high:g}")


@step("isolines", version=1, rules=[levels_rise, margins_leave_room])
def isolines(
    heatmap: Heatmap,
    *,
    num_levels: Annotated[int, Field(ge=1, le=200)] = 16,
    low: Annotated[float, Field(ge=0, le=1)] = 0.06,
    high: Annotated[float, Field(ge=0, le=1)] = 0.97,
    smooth: Annotated[float, Field(ge=0, le=50)] = 3.0,
    shortest: Annotated[float, Field(ge=0, le=1000)] = 4.0,
    colors: Annotated[list[Color], Field(min_length=1, max_length=32)] = [INK],  # noqa: B006 - never changed
    page: Page = "A4",
    margin: Margin = 15,
    pen: PenWidth = 0.3,
    paper: Color = PAPER,
) -> Drawing:
    """Draw the lines along which a heatmap is equally hot, as a map draws mountains.

    Args:
        heatmap: float32 (H, W), [0, 1].
        num_levels: how many levels have lines, evenly from `low` to `high`.
        low: the heat of the lowest level.
        high: the heat of the highest level.
        smooth: the heat is smoothed over this far first, in mm on the page.
        shortest: lines shorter than this are left out, in mm.
        colors: of the pens; several share the levels among them, the first takes the lowest.
        page: a sheet by name, turned to the picture's format, or such as `300x200mm`.
        margin: paper left free at each side at least, in mm.
        pen: width of the pens in mm.
        paper: the paper's colour where the drawing is shown.

    Returns:
        a drawing with a layer for each pen.

    Raises:
        StepError: the heatmap leaves [0, 1].
        ChoiceError: a setting out of its range, `low` above `high`, or margins that leave no room on the page.

    Source: the lines are found by ContourPy, https://contourpy.readthedocs.io
    """
    check_count("num_levels", num_levels, most=200)
    check_range("low", low, "[0, 1]")
    check_range("high", high, "[0, 1]")
    check_range("smooth", smooth, "[0, 50]")
    check_range("shortest", shortest, "[0, 1000]")
    check_pen(pen)
    levels_rise(low=low, high=high)
    pens, ground = pens_of(colors, pen), hex_of(paper)
    check_heat(heatmap)
    place = place_on_page(heatmap, page, margin)
    pitch = max(_PITCH_MM, (place.width * place.height / _MOST_CELLS) ** 0.5)
    grid = on_grid(heatmap, place.grid_shape(pitch), smooth=smooth / pitch)
    levels = np.linspace(low, high, num_levels)
    lines: list[list[NDArray[np.float64]]] = [[] for _ in pens]
    for number, found in enumerate(_contours(grid, levels)):
        own = lines[number * len(pens) // num_levels]
        for line in found:
            on_page = place.to_page(line, grid.shape)
            if np.hypot(*np.diff(on_page, axis=0).T).sum() >= max(shortest, NEAR_MM):
                own.append(simplified(on_page))
    return place.drawing([layer_of(*each) for each in zip(pens, lines, strict=True)], ground)


def pens_of(colors: object, width: float) -> list[Pen]:
    """One pen for each colour.

    Raises:
        ChoiceError: they are no list of colours.
    """
    if not isinstance(colors, list | tuple) or not colors:
        raise ChoiceError(f"colors must be a list of colours such as [black, tomato], received {colors!r}")
    return [Pen(hex_of(color), width) for color in colors]


def _contours(grid: Heatmap, levels: NDArray[np.float64]) -> list[list[NDArray[np.float64]]]:
    """Lines at each level, x and y on the grid, whose cell (0, 0) begins at (0, 0)."""
    from contourpy import LineType, contour_generator  # noqa: PLC0415 - only drawings pay for it

    rows, columns = grid.shape
    # the outermost values stand on the border, so that lines reach it
    x, y = (
        (np.concatenate([[0], np.arange(n)[1:-1] + 0.5, [n]]) if n > 1 else np.array([0, 1])) for n in (columns, rows)
    )
    heat = grid if min(rows, columns) > 1 else np.broadcast_to(grid, (max(rows, 2), max(columns, 2)))
    found = contour_generator(x, y, heat, line_type=LineType.Separate)
    return [list(found.lines(float(level))) for level in levels]  # type: ignore[arg-type]  # by LineType.Separate
