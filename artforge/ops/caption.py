"""A picture on paper with its caption."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from artforge.core.errors import check_choice
from artforge.core.steps import step
from artforge.core.values import Color, Image
from artforge.engine.attention.settings import check_range
from artforge.ops.layout import blank, color_to_rgb
from artforge.ops.line_breaks import break_lines
from artforge.ops.texts import check_text
from artforge.ops.type_metrics import CAPITAL_HEIGHT, Type
from artforge.ops.typography import QUIET, write

CaptionAlign = Literal["left", "centre"]
"""Where the lines of a caption begin."""

_GAP = 0.9  # from the picture to the tops of the capitals, in ems
_MOST_LINES = 6


@step("caption", version=1)
def caption(
    image: Image,
    *,
    title: str,
    text: str = "",
    type_size: Annotated[float, Field(gt=0, le=0.2)] = 0.03,
    margin: Annotated[float, Field(ge=0, le=2)] = 0.08,
    align: CaptionAlign = "left",
    background: Color = "#f4f0e8",
    ink: Color = "#26221d",
) -> Image:
    """Set a picture on paper with a caption under it: the title in italics, what else there is to say in quiet roman.

    The picture itself is not touched. The type is EB Garamond; a line that is longer than the picture is wide is
    broken, and what is longer than six lines ends in an ellipsis. With `margin: 0` a mat can go round both.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        title: the first line; may hold `{names}`.
        text: the lines below it; may hold `{names}` and line breaks.
        type_size: of the type (its em) as a share of the picture's short edge, (0, 0.2].
        margin: width of the paper round picture and caption, as a share of the picture's short edge, [0, 2].
        align: `left`, flush with the picture, or `centre`.
        background: colour of the paper, as `#rrggbb` or a CSS name.
        ink: colour of the type, as `#rrggbb` or a CSS name.

    Returns:
        float32 (H', W + 2m, 3), sRGB, [0, 1], where m = margin * short edge, rounded.

    Raises:
        ChoiceError: a type size or margin out of range, no such align or colour, or a title that is no text.
    """
    check_text("title", title)
    check_text("text", text)
    check_range("type_size", type_size, "(0, 0.2]")
    check_range("margin", margin, "[0, 2]")
    check_choice("align", align, get_args(CaptionAlign))
    color_to_rgb(ink)
    height, width = image.shape[:2]
    short_edge = min(height, width)
    edge = round(margin * short_edge)
    title_type = Type(type_size * short_edge, "italic")
    text_type = Type(type_size * short_edge, "small")
    titles = [(line, title_type, 1.0) for line in break_lines(title, title_type, width, most=_MOST_LINES)]
    texts = [(line, text_type, QUIET) for line in break_lines(text, text_type, width, most=_MOST_LINES)]
    lines = [*titles, *texts]
    first = edge + height + (_GAP + CAPITAL_HEIGHT) * title_type.size
    below = _GAP * title_type.size + len(lines) * title_type.leading if lines else 0.0
    page = blank(height + round(below) + 2 * edge, width + 2 * edge, background)
    page[edge : edge + height, edge : edge + width] = image
    x = edge if align == "left" else edge + width / 2
    for number, (line, style, strength) in enumerate(lines):
        write(page, line, style, (first + number * style.leading, x), ink=ink, align=align, strength=strength)
    return page
