"""Lines that follow the slopes of the heat."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.colors import hex_of
from artforge.core.drawings import Drawing, Pen, layer_of
from artforge.core.errors import ChoiceError, check_choice
from artforge.core.steps import step
from artforge.core.values import Color, Heatmap, Unit
from artforge.engine.attention.settings import check_range
from artforge.ops.lines import simplified
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
from artforge.ops.streamlines import Streamlines
from artforge.ops.voronoi import draw_points

Along = Literal["isolines", "slope"]
"""Which way lines go: around what is hot, or up to it."""

_CELLS_APART = 5.0
"""Cells of the grid between two lines where they are nearest."""
_MOST_CELLS = 3_000_000
_NUM_SEEDS = 2000


def near_is_nearer(*, near: float, far: float) -> None:
    """Raise unless lines stand no farther apart where it is hot than where it is cold.

    Raises:
        ChoiceError: they do.
    """
    if near > far:
        raise ChoiceError(f"near must not lie above far, received {near:g} and {far:g} mm")


@step("flow_lines", version=1, rules=[near_is_nearer, margins_leave_room])
def flow_lines(
    heatmap: Heatmap,
    where: Heatmap | None = None,
    *,
    near: Annotated[float, Field(ge=0.2, le=100)] = 0.9,
    far: Annotated[float, Field(ge=0.2, le=100)] = 4.0,
    low: Unit = 0.02,
    along: Along = "isolines",
    smooth: Annotated[float, Field(ge=0.1, le=100)] = 3.0,
    shortest: Annotated[float, Field(ge=0, le=1000)] = 6.0,
    longest: Annotated[float, Field(gt=0, le=10000)] = 400.0,
    elsewhere: Unit = 0.15,
    page: Page = "A4",
    margin: Margin = 15,
    pen: PenWidth = 0.3,
    color: Color = INK,
    paper: Color = PAPER,
    rng: np.random.Generator | None = None,
) -> Drawing:
    """Draw a heatmap in lines that flow around what is hot, or up to it, evenly spaced: close where it is hot.

    Args:
        heatmap: float32 (H, W), [0, 1].
        where: a second heatmap of the same format, [0, 1]: the ink goes where this one is hot; the lines still follow
            the first.
        near: distance of two lines where the heat is 1, in mm.
        far: distance of two lines where the heat is 0, in mm.
        low: where the heat is not above this, no line goes.
        along: `isolines` goes around what is hot, `slope` up to it.
        smooth: the slopes are smoothed over this far, in mm on the page: the larger, the calmer the lines.
        shortest: lines shorter than this are left out, in mm.
        longest: a line goes no further than this from where it began, each way, in mm.
        elsewhere: the share of the ink that is left where `where` is 0.
        page: a sheet by name, turned to the picture's format, or such as `300x200mm`.
        margin: paper left free at each side at least, in mm.
        pen: width of the pen in mm.
        color: of the ink, as `#rrggbb` or a CSS name.
        paper: the paper's colour where the drawing is shown.
        rng: chance decides where the first lines begin; without it they begin always at the same places.

    Returns:
        a drawing of one pen.

    Raises:
        StepError: a heatmap leaves [0, 1].
        ShapeError: `where` has another format.
        ChoiceError: a setting out of its range, `near` above `far`, or margins that leave no room on the page.

    Source: Jobard and Lefer, Creating Evenly-Spaced Streamlines of Arbitrary Density (1997),
    https://doi.org/10.1007/978-3-7091-6876-9_5
    """
    check_range("near", near, "[0.2, 100]")
    check_range("far", far, "[0.2, 100]")
    check_range("low", low, "[0, 1]")
    check_choice("along", along, get_args(Along))
    check_range("smooth", smooth, "[0.1, 100]")
    check_range("shortest", shortest, "[0, 1000]")
    check_range("longest", longest, "(0, 10000]")
    check_pen(pen)
    near_is_nearer(near=near, far=far)
    own_pen, ground = Pen(hex_of(color), pen), hex_of(paper)
    wanted = ink_map(heatmap, where, elsewhere)
    place = place_on_page(heatmap, page, margin)
    pitch = max(near / _CELLS_APART, (place.width * place.height / _MOST_CELLS) ** 0.5)
    shape = place.grid_shape(pitch)
    pitch = place.width / shape[1]
    ink = on_grid(wanted, shape, smooth=0.5 * near / pitch)
    if not (ink > low).any():
        return place.drawing([layer_of(own_pen)], ground)
    field = Streamlines(
        directions_of(on_grid(heatmap, shape), smooth / pitch, along),
        np.asarray(1 / (ink / near + (1 - ink) / far) / pitch, np.float32),
        ink <= low,
        max(1, round(longest / pitch)),
    )
    seeds = draw_points(np.where(field.blank, 0, ink), _NUM_SEEDS, rng or np.random.default_rng(0))
    hottest_first = np.argsort(-ink[tuple(seeds.astype(int).T[::-1])], kind="stable")
    lines = [simplified(place.to_page(line, shape)) for line in field.draw(seeds[hottest_first], shortest / pitch)]
    return place.drawing([layer_of(own_pen, lines)], ground)


def directions_of(heatmap: Heatmap, smooth: float, along: Along) -> NDArray[np.float32]:
    """The direction of the slopes around each cell, or across it.

    The structure tensor adds slopes up without their signs: two sides of a ridge have one direction, and flat places
    take that of their surroundings.

    Args:
        heatmap: float32 (rows, columns).
        smooth: of the Gaussian that they are added up by, in cells.
        along: as `Along`.

    Returns:
        float32 (rows, columns, 2), unit vectors right and down, of any sign.

    Source: Kass and Witkin, Analyzing Oriented Patterns (1987), https://doi.org/10.1016/0734-189X(87)90043-0
    """
    calm = cv2.GaussianBlur(heatmap, (0, 0), max(0.5, smooth / 2), borderType=cv2.BORDER_REFLECT)
    right, down = (cv2.Scharr(calm, cv2.CV_32F, *order, borderType=cv2.BORDER_REFLECT) for order in ((1, 0), (0, 1)))
    tensor = np.stack([right * right - down * down, 2 * right * down], axis=-1)
    tensor = cv2.GaussianBlur(tensor, (0, 0), max(0.5, smooth), borderType=cv2.BORDER_REFLECT)
    angle = 0.5 * np.arctan2(tensor[..., 1], tensor[..., 0])
    uphill = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    across = np.stack([-uphill[..., 1], uphill[..., 0]], axis=-1)
    return np.asarray(uphill if along == "slope" else across, np.float32)
