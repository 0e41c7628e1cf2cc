"""A passe-partout."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import Color, Image
from artforge.engine.attention.settings import check_range
from artforge.ops.layout import blank


@step("mat", version=1)
def mat(image: Image, *, margin: Annotated[float, Field(ge=0, le=2)] = 0.06, color: Color = "#f4f0e8") -> Image:
    """Set a picture into a plain margin of one colour; the picture itself is not touched.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        margin: width of the margin as a share of the picture's short edge, [0, 2].
        color: sRGB, as `#rrggbb` or a CSS name.

    Returns:
        float32 (H + 2m, W + 2m, 3), sRGB, [0, 1], where m = margin * short edge, rounded.

    Raises:
        ChoiceError: a margin beyond [0, 2], or no such colour.
    """
    check_range("margin", margin, "[0, 2]")
    height, width = image.shape[:2]
    edge = round(margin * min(height, width))
    matted = blank(height + 2 * edge, width + 2 * edge, color)
    matted[edge : edge + height, edge : edge + width] = image
    return matted
