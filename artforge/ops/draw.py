"""From a drawing to a picture, for all that pictures can be put to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from artforge.core.drawings import Drawing
from artforge.core.inking import ink
from artforge.core.steps import step
from artforge.core.values import Image, Kind
from artforge.engine.attention.settings import check_count


@step("draw", version=1)
def draw(drawing: Drawing, *, long_edge: Annotated[int, Kind.PIXELS, Field(ge=16, le=32768)] = 2000) -> Image:
    """Draw a drawing as a picture, its lines without jagged edges, over the colour of its paper.

    An output draws a drawing by itself, and keeps its lines in svg and pdf: this step is for what comes behind, such
    as 'grain', 'blend' or 'mat'.

    Args:
        drawing: lines and dots in mm.
        long_edge: length of the picture's longer edge in pixels.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: no such length.
    """
    check_count("long_edge", long_edge)
    return ink(drawing, long_edge)
