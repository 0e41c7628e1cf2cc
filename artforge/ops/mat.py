"""A passe-partout."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import Color, Image
from artforge.engine.attention.settings import check_range
from artforge.ops.layout import blank, color_to_rgb, paint


@step("mat", version=1)
def mat(
    image: Image,
    *,
    margin: Annotated[float, Field(ge=0, le=2)] = 0.06,
    bottom: Annotated[float, Field(ge=1, le=3)] = 1.0,
    line: Annotated[float, Field(ge=0, le=0.05)] = 0.0,
    line_at: Annotated[float, Field(ge=0, le=1)] = 0.25,
    line_color: Color = "#b8ad9b",
    color: Color = "#f4f0e8",
) -> Image:
    """Set a picture into a plain margin of one colour; the picture itself is not touched.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        margin: width of the margin as a share of the picture's short edge, [0, 2].
        bottom: how many times as wide it is below, [1, 3]: pictures hang better over 1.15 to 1.3 times the margin.
        line: thickness of a line drawn round the picture on the mat, as a share of the picture's short edge,
            [0, 0.05]; 0.002 is a fine one, 0 none.
        line_at: where the line runs, from 0 at the picture to 1 at the outer edge.
        line_color: sRGB, as `#rrggbb` or a CSS name.
        color: sRGB, as `#rrggbb` or a CSS name.

    Returns:
        float32 (H + m + b, W + 2m, 3), sRGB, [0, 1], where m = margin * short edge and b = bottom * m, both rounded.

    Raises:
        ChoiceError: a length out of range, or no such colour.
    """
    check_range("margin", margin, "[0, 2]")
    check_range("bottom", bottom, "[1, 3]")
    check_range("line", line, "[0, 0.05]")
    check_range("line_at", line_at, "[0, 1]")
    color_to_rgb(line_color)
    height, width = image.shape[:2]
    short_edge = min(height, width)
    edge = round(margin * short_edge)
    matted = blank(height + edge + round(bottom * margin * short_edge), width + 2 * edge, color)
    if line > 0:
        _frame(matted, (edge, height, width), line_at * margin * short_edge, line * short_edge, line_color)
    matted[edge : edge + height, edge : edge + width] = image
    return matted


def _frame(page: Image, picture: tuple[int, int, int], away: float, thickness: float, color: Color) -> None:
    """A rectangle round the picture at (edge, height, width), its middle `away` from it."""
    edge, height, width = picture
    inner, outer = away - thickness / 2, away + thickness / 2
    top, left, bottom, right = edge - outer, edge - outer, edge + height + outer, edge + width + outer
    for box in (
        (top, left, edge - inner, right),
        (edge + height + inner, left, bottom, right),
        (edge - inner, left, edge + height + inner, edge - inner),
        (edge - inner, edge + width + inner, edge + height + inner, right),
    ):
        paint(page, box, color)
