"""A camera over a picture: what it looks at, and from how near."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np
from PIL import Image as PillowImage
from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, Kind, Unit
from artforge.engine.attention.settings import check_count, check_range
from artforge.ops.layout import fit_within

MOST_ZOOM = 64.0
_LOOKED_AT = 256
"""Longer edge at which heat is looked at to see where it is hottest."""
_SHARPNESS = 4
"""How suddenly the camera slows down before the edge of the picture."""


@step("camera", version=1)
def camera(
    image: Image,
    heatmap: Heatmap | None = None,
    *,
    zoom: Annotated[float, Field(ge=1, le=MOST_ZOOM)] = 1.5,
    x: Unit = 0.5,
    y: Unit = 0.5,
    follow: Unit = 1.0,
    long_edge: Annotated[int, Kind.PIXELS, Field(ge=1)] | None = None,
) -> Image:
    """Look at a part of a picture; with settings that move, zoom and pan slowly over it.

    The view never leaves the picture: near its edge the camera slows down and comes to rest. Every pixel is the mean
    of what it covers, at any fraction of a pixel, so that a slow movement neither jumps nor shimmers. For an even
    zoom write `zoom: "=2**t"`.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        heatmap: float32 (h, w), of any size: where it is given the camera turns to what is hottest; where nothing in it
            lies above 0, it stays at (x, y).
        zoom: how near; 1 shows the whole picture.
        x, y: what it looks at, as shares of the width and the height.
        follow: with `heatmap`, how far it turns from (x, y) to the heat.
        long_edge: longer edge of the view in pixels; None for that of the picture. A picture larger than the view
            stays sharp from near.

    Returns:
        float32 (h, w, 3), sRGB, [0, 1], in the proportions of the picture; at zoom 1 and its size the picture itself.

    Raises:
        ChoiceError: a setting out of range.
    """
    check_range("zoom", zoom, f"[1, {MOST_ZOOM:g}]")
    for name, share in (("x", x), ("y", y), ("follow", follow)):
        check_range(name, share, "[0, 1]")
    if long_edge is not None:
        check_count("long_edge", long_edge)
    height, width = image.shape[:2]
    size = (height, width) if long_edge is None else fit_within(image, long_edge)
    hottest = None if heatmap is None else focus_of(heatmap)
    if hottest is not None:
        x, y = x + follow * (hottest[0] - x), y + follow * (hottest[1] - y)
    left, top = _start(x, zoom), _start(y, zoom)
    box = (left * width, top * height, (left + 1 / zoom) * width, (top + 1 / zoom) * height)
    return _looked_at(image, box, size)


def focus_of(heatmap: Heatmap) -> tuple[float, float] | None:
    """Where a heatmap is hottest, (x, y) as shares of its width and height; None where nothing lies above 0.

    It is the centre of gravity of the fourth power: near the highest peak, and without a jump where another one grows
    higher.
    """
    edge = max(heatmap.shape)
    if edge > _LOOKED_AT:  # where a peak stands is known from afar
        scale = _LOOKED_AT / edge
        heatmap = np.asarray(cv2.resize(heatmap, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32)
    peak = float(heatmap.max())
    if peak <= 0:
        return None
    weights = np.clip(heatmap / np.float32(peak), 0, 1).astype(np.float64) ** 4
    total = weights.sum()
    columns, rows = weights.sum(axis=0), weights.sum(axis=1)
    x, y = (float(each @ (np.arange(len(each)) + 0.5) / len(each) / total) for each in (columns, rows))
    return x, y


def _start(share: float, zoom: float) -> float:
    """Where the view begins along one side, as a share of it, for a point that is to stand in its middle."""
    room, wanted = (1 - 1 / zoom) / 2, share - 0.5
    if room == 0 or wanted == 0:
        return room
    moved: float = wanted * room / (abs(wanted) ** _SHARPNESS + room**_SHARPNESS) ** (1 / _SHARPNESS)
    return min(max(room + moved, 0.0), 2 * room)


def _looked_at(image: Image, box: tuple[float, float, float, float], size: tuple[int, int]) -> Image:
    """A rectangle of a picture (left, top, right, bottom, in pixels) at a size of (height, width)."""
    height, width = image.shape[:2]
    inside = (box[0], box[1], min(box[2], width), min(box[3], height))
    seen = np.empty((*size, 3), np.float32)
    for channel in range(3):
        plane = PillowImage.fromarray(np.ascontiguousarray(image[..., channel]))
        view = plane.resize((size[1], size[0]), PillowImage.Resampling.BICUBIC, box=inside)
        np.clip(np.asarray(view), 0, 1, out=seen[..., channel])  # cubic curves overshoot
    return seen
