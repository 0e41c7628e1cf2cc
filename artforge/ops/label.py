"""A few words on a picture."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import numpy as np
from pydantic import Field

from artforge.core.errors import check_choice
from artforge.core.light import LUMA
from artforge.core.steps import step
from artforge.core.values import Color, Image
from artforge.engine.attention.settings import check_range
from artforge.ops.layout import color_to_rgb, paint
from artforge.ops.line_breaks import break_lines
from artforge.ops.texts import check_text
from artforge.ops.type_metrics import CAPITAL_HEIGHT, Type, width_of
from artforge.ops.typography import Align, write

Corner = Literal["top_left", "top", "top_right", "bottom_left", "bottom", "bottom_right"]
"""Where on the picture a label stands."""

_LIGHT, _DARK = "#faf7f0", "#16130f"
_PADDING = 0.6  # of a plate, in ems
_DESCENT = 0.27
_MOST_LINES = 3


@step("label", version=2)
def label(
    image: Image,
    *,
    text: str,
    corner: Corner = "bottom_left",
    type_size: Annotated[float, Field(gt=0, le=0.5)] = 0.035,
    margin: Annotated[float, Field(ge=0, le=0.5)] = 0.05,
    ink: Color | None = None,
    plate: Color | None = None,
) -> Image:
    """Write a few words on a picture, in EB Garamond.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        text: at most three lines, and no more than the picture has room for; may hold `{names}` and line breaks. What
            is longer ends in an ellipsis.
        corner: where it stands.
        type_size: of the type (its em) as a share of the picture's short edge, (0, 0.5].
        margin: from the picture's edge, as a share of its short edge, [0, 0.5].
        ink: colour of the type, as `#rrggbb` or a CSS name; left out, ivory on dark ground and black on light.
        plate: colour of a plate under the type; left out, the type stands on the picture itself.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: a type size or margin out of range, no such corner or colour, or a text that is none.
    """
    check_text("text", text)
    check_choice("corner", corner, get_args(Corner))
    check_range("type_size", type_size, "(0, 0.5]")
    check_range("margin", margin, "[0, 0.5]")
    for color in (ink, plate):
        if color is not None:
            color_to_rgb(color)
    height, width = image.shape[:2]
    short_edge = min(height, width)
    style = Type(type_size * short_edge, "small")
    padding = _PADDING * style.size if plate is not None else 0.0
    edge = margin * short_edge + padding
    room = height - edge - padding - (CAPITAL_HEIGHT + _DESCENT) * style.size  # for the lines after the first
    most = min(_MOST_LINES, 1 + max(0, int(room / style.leading)))
    lines = break_lines(text, style, max(width - 2 * edge, style.size), most=most)
    page = image.copy()
    if not lines:
        return page
    block = (CAPITAL_HEIGHT + _DESCENT) * style.size + (len(lines) - 1) * style.leading
    top = edge if corner.startswith("top") else height - edge - block
    align: Align = "left" if corner.endswith("left") else "right" if corner.endswith("right") else "centre"
    x = {"left": edge, "centre": width / 2, "right": width - edge}[align]
    length = max(width_of(line, style) for line in lines)
    left = x - {"left": 0.0, "centre": length / 2, "right": length}[align]
    box = (top - padding, left - padding, top + block + padding, left + length + padding)
    if plate is not None:
        paint(page, box, plate)
    color = ink if ink is not None else _ink_on(page, box)
    for number, line in enumerate(lines):
        baseline = top + CAPITAL_HEIGHT * style.size + number * style.leading
        write(page, line, style, (baseline, x), ink=color, align=align)
    return page


def _ink_on(page: Image, box: tuple[float, float, float, float]) -> Color:
    """Light or dark, whichever stands off more from what lies in the box (luminance contrast as in WCAG 2)."""
    height, width = page.shape[:2]
    top, left, bottom, right = (round(edge) for edge in box)
    top, left = min(max(0, top), height - 1), min(max(0, left), width - 1)
    ground = page[top : max(bottom, top + 1), left : max(right, left + 1)]
    luminance = float((np.square(ground.astype(np.float64)) @ LUMA).mean())  # a gamma of 2 is near enough to sRGB's
    return _LIGHT if luminance < 0.18 else _DARK
