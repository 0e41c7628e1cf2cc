"""The first step of most pipes: a picture from a file or from the embedded set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from artforge.core.pictures import read_picture, resize
from artforge.core.steps import step
from artforge.core.values import Image, Kind, PictureSource
from artforge.engine.attention.settings import check_count
from artforge.ops.embedded import parse_embedded
from artforge.ops.layout import fit_within

EMBEDDED_EDGE = 1024
"""Edge of an embedded picture in pixels where none is asked for."""


@step("load", version=1)
def load(*, path: PictureSource, long_edge: Annotated[int, Kind.PIXELS, Field(ge=16, le=16384)] | None = None) -> Image:
    """Read a picture upright, in sRGB, over white where it is transparent; or draw one of the embedded set.

    Args:
        path: a picture file, or `embedded:CLASS/FAMILY/SEED`.
        long_edge: length of the longer edge in pixels; smaller pictures are enlarged. Left out, a file keeps its own
            size, pixel for pixel, and an embedded picture is drawn at 1024 x 1024.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        PictureError: no such file, no picture, damaged or far too large.
        UsageError, ChoiceError: not an embedded picture's name.
        ChoiceError: no such length.
    """
    check_count("long_edge", 1 if long_edge is None else long_edge)
    embedded = parse_embedded(str(path))  # from Python it may be a Path
    if embedded is not None:
        from artforge.engine.data.procedural import draw  # noqa: PLC0415 - only recipes that draw pay for it

        edge = long_edge or EMBEDDED_EDGE
        drawn: Image = draw(*embedded, (edge, edge))
        return drawn
    # a long edge of at least `long_edge` is certain when the short one is that long
    picture = read_picture(Path(path), shortest_edge=long_edge)
    return picture if long_edge is None else resize(picture, fit_within(picture, long_edge))
