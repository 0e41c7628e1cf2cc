"""Ink in dots."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.colors import hex_of
from artforge.core.drawings import Drawing, Pen, layer_of
from artforge.core.errors import check_choice
from artforge.core.steps import step
from artforge.core.values import Color, Heatmap, Unit
from artforge.engine.attention.settings import check_count
from artforge.ops.pages import (
    INK,
    PAPER,
    Margin,
    Page,
    PenWidth,
    check_pen,
    ink_map,
    margins_leave_room,
    on_grid,
    place_on_page,
)
from artforge.ops.voronoi import draw_points, nearest_point, spread_points

Tone = Literal["counted", "sized"]
"""How dots make a tone: by how many there are, or by how large they are."""

MOST_DOTS = 100_000
_CELLS_PER_DOT = 120
_CELLS = (200_000, 3_000_000)
"""Cells of the grid on which the dots are spread: enough for a dot's place, and no more than a second or two need."""
_FULL_COVER = 0.85  # of its cell, by a sized dot where the heat is 1: white stays between the dots
_EVENNESS = 0.5  # the power of the heat by which sized dots are drawn
_COARSE_ROUNDS = 0.6


@step("stipple", version=1, rules=[margins_leave_room])
def stipple(
    heatmap: Heatmap,
    where: Heatmap | None = None,
    *,
    num_dots: Annotated[int, Field(ge=1, le=MOST_DOTS)] = 8000,
    tone: Tone = "counted",
    elsewhere: Unit = 0.15,
    rounds: Annotated[int, Field(ge=0, le=500)] = 40,
    page: Page = "A4",
    margin: Margin = 15,
    pen: PenWidth = 0.4,
    color: Color = INK,
    paper: Color = PAPER,
    rng: np.random.Generator | None = None,
) -> Drawing:
    """Stipple a heatmap: dots of ink, close together where it is hot, none where it is 0.

    The dots are spread until each stands in the middle of what lies nearest to it: they keep their distance and fall
    into no pattern. For a portrait put 'darkness' before it, and the attention of a network as `where`.

    Args:
        heatmap: float32 (H, W), [0, 1].
        where: a second heatmap of the same format, [0, 1]: the ink goes where this one is hot.
        num_dots: how many dots.
        tone: `counted`: all dots are as wide as the pen, and more of them are darker; `sized`: they stand more evenly
            and are larger where it is hot.
        elsewhere: the share of the ink that is left where `where` is 0.
        rounds: how often the dots are spread; 0 leaves them as chance threw them.
        page: a sheet by name, turned to the picture's format, or such as `300x200mm`.
        margin: paper left free at each side at least, in mm.
        pen: width of the pen in mm; no dot is smaller.
        color: of the ink, as `#rrggbb` or a CSS name.
        paper: the paper's colour where the drawing is shown.
        rng: chance; without it the dots are thrown always the same.

    Returns:
        a drawing of one pen and `num_dots` dots; without any dot where the heatmap is 0 everywhere.

    Raises:
        StepError: a heatmap leaves [0, 1].
        ShapeError: `where` has another format.
        ChoiceError: a setting out of its range, or margins that leave no room on the page.

    Source: Secord, Weighted Voronoi Stippling (2002), https://doi.org/10.1145/508530.508537
    """
    check_count("num_dots", num_dots, most=MOST_DOTS)
    check_count("rounds", rounds, least=0, most=500)
    check_choice("tone", tone, get_args(Tone))
    check_pen(pen)
    ink, ground = Pen(hex_of(color), pen), hex_of(paper)
    place = place_on_page(heatmap, page, margin)
    wanted = ink_map(heatmap, where, elsewhere)
    cells = float(np.clip(_CELLS_PER_DOT * num_dots, *_CELLS))
    grid = on_grid(wanted, place.grid_shape((place.width * place.height / cells) ** 0.5))
    if not grid.any():
        return place.drawing([layer_of(ink)], ground)
    density = grid if tone == "counted" else grid**_EVENNESS
    points = draw_points(density, num_dots, rng or np.random.default_rng(0))
    points = _spread(points, density, rounds)
    widths = np.full(num_dots, pen) if tone == "counted" else _widths(points, grid, place.width / grid.shape[1], pen)
    dots = np.column_stack([place.to_page(points, grid.shape), widths])
    return place.drawing([layer_of(ink, dots=dots)], ground)


def _spread(points: NDArray[np.float64], density: Heatmap, rounds: int) -> NDArray[np.float64]:
    """Spread points on a grid, the first rounds on one of a quarter of its cells: they need no more."""
    rows, columns = density.shape
    coarse = on_grid(density, (max(1, rows // 2), max(1, columns // 2)))
    scale = np.array([columns / coarse.shape[1], rows / coarse.shape[0]])
    num_coarse = round(_COARSE_ROUNDS * rounds)
    points = spread_points(points / scale, coarse, num_coarse) * scale
    return spread_points(points, density, rounds - num_coarse)


def _widths(points: NDArray[np.float64], grid: Heatmap, cell: float, least: float) -> NDArray[np.float64]:
    """Diameters in mm: the disc is as large as the ink that is wanted in its cell."""
    owners = nearest_point(points, grid.shape).ravel()
    wanted = np.bincount(owners, grid.ravel(), len(points)) * cell**2
    widths: NDArray[np.float64] = np.maximum(np.sqrt(4 / np.pi * _FULL_COVER * wanted), least)
    return widths
