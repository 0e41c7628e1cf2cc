"""Square pictures in rows and columns, with margins between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from artforge.core.values import Image, Kind

Columns = Annotated[int, Field(ge=1, le=64)]
Tile = Annotated[int, Kind.PIXELS, Field(ge=16, le=1024)]
"""Edge of a picture, in pixels."""
Margin = Annotated[int, Kind.PIXELS, Field(ge=0, le=256)]
"""Between the pictures, in pixels."""


def side_by_side(
    pictures: Sequence[Image | None], *, columns: int, rows: int, tile: int, margin: int, background: float
) -> Image:
    """Lay pictures in rows, from the top left.

    Args:
        pictures: float32 (tile, tile, 3) in [0, 1], at most columns x rows; None leaves its place empty.
        columns, rows: of the grid.
        tile: edge of a picture, in pixels.
        margin: between them, in pixels.
        background: grey level in [0, 1] of margins and empty places.

    Returns:
        float32 (rows * (tile + margin) - margin, columns * (tile + margin) - margin, 3) in [0, 1].
    """
    pitch = tile + margin
    grid = np.full((rows * pitch - margin, columns * pitch - margin, 3), background, np.float32)
    for number, picture in enumerate(pictures):
        if picture is not None:
            top, left = number // columns * pitch, number % columns * pitch
            grid[top : top + tile, left : left + tile] = picture
    return grid
