"""What steps that work by heat share: its check, its slope as a field of directions, and how such a field is read."""

from __future__ import annotations

import math
from typing import Annotated

import cv2
import numpy as np
from pydantic import Field

from artforge.core.errors import ShapeError, StepError
from artforge.core.light import Pixels
from artforge.core.values import Heatmap, Image, size_text

Smooth = Annotated[float, Field(ge=0, le=0.5)]
"""How far heat is smoothed, as a share of the short edge."""

FIELD_EDGE = 800
"""Longer edge at which slopes are taken (pixels): a smooth field needs no more, however large the print."""
STEEP = 2.0
"""A slope (heat per short edge) from which on steeper makes little difference."""


def check_heat(heatmap: Heatmap, *pictures: Image) -> None:
    """Raise unless the heatmap is normalised and as large as the pictures beside it.

    Raises:
        ShapeError: it has another height or width.
        StepError: it leaves [0, 1].
    """
    for picture in pictures:
        if heatmap.shape != picture.shape[:2]:
            raise ShapeError(
                f"the heatmap {size_text(heatmap)} must be as large as the picture {size_text(picture)}: "
                "put an 'upsample' step before it"
            )
    low, high = float(heatmap.min()), float(heatmap.max())
    if not (low >= 0 and high <= 1):
        raise StepError(
            f"the heatmap must stay in [0, 1], received [{low:.9g}, {high:.9g}]: put a 'normalize' step before it"
        )


def slope_field(heatmap: Heatmap, *, smooth: float, turn: float) -> Pixels:
    """Which way the heat rises, as arrows no longer than 1.

    Args:
        heatmap: float32 (H, W).
        smooth: the heat is smoothed over this far first, a share of the short edge.
        turn: every arrow is turned by this share of a round, clockwise as one sees it: 0 points uphill, 0.25 along
            the lines of equal heat.

    Returns:
        float32 (h, w, 2), (right, down), h and w at most `FIELD_EDGE`. An arrow's length is
        slope / sqrt(slope^2 + STEEP^2), the slope in heat per short edge: 0 where the heat is flat, below 1 anywhere.
    """
    small = shrunk_heat(heatmap, smooth=smooth)
    short = min(small.shape)
    padded = np.pad(small, 1, mode="symmetric")  # the heat meets the border without a slope
    right = (padded[1:-1, 2:] - padded[1:-1, :-2]) * np.float32(short / 2)
    down = (padded[2:, 1:-1] - padded[:-2, 1:-1]) * np.float32(short / 2)
    cosine, sine = np.float32(math.cos(math.tau * turn)), np.float32(math.sin(math.tau * turn))
    steepness = np.sqrt(right**2 + down**2 + np.float32(STEEP**2))
    turned = np.stack([cosine * right - sine * down, sine * right + cosine * down], axis=-1)
    return np.asarray(turned / steepness[..., None], np.float32)


def shrunk_heat(heatmap: Heatmap, *, smooth: float) -> Heatmap:
    """The heat at `FIELD_EDGE` pixels at most, smoothed over a share of the short edge."""
    height, width = heatmap.shape
    scale = min(1.0, FIELD_EDGE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(np.ascontiguousarray(heatmap), size, interpolation=cv2.INTER_AREA)
    if smooth > 0:
        small = cv2.GaussianBlur(small, (0, 0), smooth * min(size), borderType=cv2.BORDER_REFLECT)
    return np.asarray(small, np.float32)


def places(rows: slice, width: int) -> tuple[Pixels, Pixels]:
    """Column and row of every pixel in a band: two float32 (rows, width)."""
    columns, down = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(rows.start, rows.stop, dtype=np.float32))
    return columns, down


def look_at(field: Pixels, across: Pixels, down: Pixels, size: tuple[int, int]) -> Pixels:
    """A small field at places of a picture, linearly between its cells.

    Args:
        field: float32 (h, w) or (h, w, n).
        across, down: float32, column and row in the picture.
        size: (height, width) of the picture.
    """
    x = (across + np.float32(0.5)) * np.float32(field.shape[1] / size[1]) - np.float32(0.5)
    y = (down + np.float32(0.5)) * np.float32(field.shape[0] / size[0]) - np.float32(0.5)
    return np.asarray(cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
