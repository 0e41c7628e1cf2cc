"""Several pictures on one page."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import Color, Image, Images, Kind
from artforge.engine.attention.settings import check_count
from artforge.ops.layout import blank, even_tiling


@step("grid", version=1)
def grid(
    images: Images,
    *,
    columns: Annotated[int, Field(ge=1, le=1000)] | None = None,
    gutter: Annotated[int, Kind.PIXELS, Field(ge=0, le=512)] = 6,
    background: Color = "#16130f",
) -> Image:
    """Lay pictures out in rows, the first at the top left.

    Args:
        images: float32 (n, H, W, 3), sRGB, [0, 1].
        columns: pictures in a row; left out, the page comes out square or landscape with few empty places.
        gutter: free space between the pictures and around them, in pixels.
        background: sRGB, as `#rrggbb` or a CSS name.

    Returns:
        float32 (H', W', 3), sRGB, [0, 1].

    Raises:
        ChoiceError: no such number of columns, gutter or colour.
    """
    check_count("columns", 1 if columns is None else columns)
    check_count("gutter", gutter, least=0)
    num_images, height, width = images.shape[:3]
    tiling = even_tiling(num_images, (height, width), columns, gutter)
    page = blank(tiling.height, tiling.width, background)
    for picture, (top, left) in zip(images, tiling.corners(), strict=True):
        page[top : top + height, left : left + width] = picture
    return page
