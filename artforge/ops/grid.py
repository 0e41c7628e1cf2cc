"""Several pictures on one page."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import Color, Image, Images, Kind
from artforge.engine.attention.settings import check_count, check_range
from artforge.ops.layout import blank, color_to_rgb, even_tiling
from artforge.ops.texts import check_labels
from artforge.ops.type_metrics import Type
from artforge.ops.typography import LABEL_SPACE, write_under


def labels_name_all(*, labels: list[str] | None, images: int) -> None:
    """Raise unless there is a label for each picture, where it is known how many come.

    Args:
        labels: as `grid`.
        images: how many pipes bring them; a single one may bring any number.

    Raises:
        ChoiceError: labels that are no texts.
        ShapeError: there are more labels than pictures, or fewer.
    """
    if images > 1:
        check_labels(labels, images)


@step("grid", version=1, rules=[labels_name_all])
def grid(
    images: Images,
    *,
    columns: Annotated[int, Field(ge=1, le=1000)] | None = None,
    gutter: Annotated[int, Kind.PIXELS, Field(ge=0, le=512)] = 6,
    labels: list[str] | None = None,
    type_size: Annotated[float, Field(gt=0, le=0.5)] = 0.07,
    background: Color = "#16130f",
    ink: Color = "#a39a8b",
) -> Image:
    """Lay pictures out in rows, the first at the top left.

    Args:
        images: float32 (n, H, W, 3), sRGB, [0, 1].
        columns: pictures in a row; left out, the page comes out square or landscape with few empty places.
        gutter: free space between the pictures and around them, in pixels.
        labels: one text a picture, under it; '' for none. What is longer than its picture ends in an ellipsis.
        type_size: of the labels' type (its em) as a share of a picture's short edge, (0, 0.5].
        background: sRGB, as `#rrggbb` or a CSS name.
        ink: colour of the type, as `#rrggbb` or a CSS name.

    Returns:
        float32 (H', W', 3), sRGB, [0, 1].

    Raises:
        ChoiceError: no such number of columns, gutter, type size or colour, or labels that are no texts.
        ShapeError: labels for another number of pictures than there are.
    """
    check_count("columns", 1 if columns is None else columns)
    check_count("gutter", gutter, least=0)
    check_range("type_size", type_size, "(0, 0.5]")
    color_to_rgb(ink)
    num_images, height, width = images.shape[:3]
    check_labels(labels, num_images)
    style = Type(type_size * min(height, width), "small")
    space = round(LABEL_SPACE * style.size) if labels is not None and any(map(str.strip, labels)) else 0
    even = even_tiling(num_images, (height, width), columns, gutter)
    tiling = replace(even, gutter=(gutter + space, gutter), margin=(gutter, gutter + space, gutter))
    page = blank(tiling.height, tiling.width, background)
    for index, (top, left) in enumerate(tiling.corners()):
        page[top : top + height, left : left + width] = images[index]
        if labels is not None:
            write_under(page, labels[index], style, (top + height, left), width, ink=ink, strength=1.0)
    return page
