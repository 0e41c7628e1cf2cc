"""Edge-aware smoothing: a heatmap takes on the edges of its picture, so that heat follows the brush strokes."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.errors import ShapeError
from artforge.core.pictures import resize
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image
from artforge.engine.attention.inputs import check_picture
from artforge.engine.attention.settings import check_range
from artforge.engine.attention.upsample import upsample_heatmap

COARSE_EDGE = 1200
"""Longer edge at which the local fits are made (pixels); they vary slowly, only the picture is needed in full."""

_ROWS_AT_ONCE = 512
_Radius = Annotated[float, Field(gt=0, le=0.5)]
_Softness = Annotated[float, Field(gt=0, le=1)]


def guided_filter(
    heatmap: Heatmap, guide: Image, *, radius: int, softness: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """In every window, the linear function of the guide's colour that fits the heatmap best; mean of all windows.

    Args:
        heatmap: float32 (h, w).
        guide: float32 (h, w, 3), [0, 1].
        radius: of the square windows in pixels: 2 * radius + 1 wide.
        softness: a colour difference of this size is an edge; smaller ones are smoothed over. The paper's eps is
            its square.

    Returns:
        slopes float64 (h, w, 3) and offsets float64 (h, w): the filtered heatmap is sum(slopes * guide) + offsets.

    Raises:
        ShapeError: the two are not of one size.

    Source: He, Sun and Tang, Guided Image Filtering (2013), eq. 19-21, https://doi.org/10.1109/TPAMI.2012.213
    """
    if heatmap.shape != guide.shape[:2]:
        raise ShapeError(f"a guide {guide.shape[:2]} cannot lead a heatmap {heatmap.shape}")
    colours, heat = guide.astype(np.float64), heatmap.astype(np.float64)
    mean_colour, mean_heat = _mean(colours, radius), _mean(heat, radius)
    together = _mean(colours * heat[..., None], radius) - mean_colour * mean_heat[..., None]
    products = _mean((colours[..., :, None] * colours[..., None, :]).reshape(*heat.shape, 9), radius)
    spread = products.reshape(*heat.shape, 3, 3) - mean_colour[..., :, None] * mean_colour[..., None, :]
    slopes = np.linalg.solve(spread + softness**2 * np.eye(3), together[..., None])[..., 0]
    offsets = mean_heat - (slopes * mean_colour).sum(axis=-1)
    return _mean(slopes, radius), _mean(offsets, radius)


def _mean(values: NDArray[np.floating], radius: int) -> NDArray[np.float64]:
    """The mean over a square window, the border mirrored; several planes at once."""
    size = (2 * radius + 1, 2 * radius + 1)
    if values.ndim == 2:
        return np.asarray(cv2.blur(values, size, borderType=cv2.BORDER_REFLECT), np.float64)
    planes = [
        cv2.blur(np.ascontiguousarray(plane), size, borderType=cv2.BORDER_REFLECT)
        for plane in np.moveaxis(values, -1, 0)
    ]
    return np.stack(planes, axis=-1)


@step("follow_edges", version=3)
def follow_edges(heatmap: Heatmap, like: Image, *, radius: _Radius = 0.03, softness: _Softness = 0.05) -> Heatmap:
    """Fit a heatmap to a picture so that heat stops at the picture's edges: it follows brush strokes, also in print.

    Args:
        heatmap: float32 (h, w) of any size, signed.
        like: float32 (H, W, 3), the picture whose edges are followed.
        radius: how far heat is drawn to an edge, as a share of the picture's short edge.
        softness: (0, 1], a colour difference of this size is an edge; smaller ones are smoothed over.

    Returns:
        float32 (H, W), signed, within the smallest and the largest value that the heatmap has nearby: no halo, and no
        cell edges, however large the print.

    Raises:
        ShapeError: not a heatmap, or not a picture.
        ChoiceError: a radius or softness that cannot be.

    Source: He, Sun and Tang, Guided Image Filtering (2013), https://doi.org/10.1109/TPAMI.2012.213, its fits made on a
    smaller picture as in He and Sun, Fast Guided Filter (2015), https://arxiv.org/abs/1505.00996
    """
    check_range("radius", radius, "(0, 0.5]")
    check_range("softness", softness, "(0, 1]")
    check_picture(like)
    height, width = like.shape[:2]
    scale = min(1.0, COARSE_EDGE / max(height, width))
    coarse = (max(1, round(height * scale)), max(1, round(width * scale)))
    guide = like if coarse == (height, width) else resize(like, coarse)
    pixels = max(1, round(radius * min(coarse)))
    spread = upsample_heatmap(heatmap, coarse)
    slopes, offsets = guided_filter(spread, guide, radius=pixels, softness=softness)
    planes = np.stack([*np.moveaxis(slopes, -1, 0), offsets, *_nearby(spread, pixels)]).astype(np.float32)
    planes = _stretched(planes, np.arange(width), width, axis=2)
    found = np.empty((height, width), np.float32)
    for top in range(0, height, _ROWS_AT_ONCE):
        rows = np.arange(top, min(top + _ROWS_AT_ONCE, height))
        red, green, blue, offset, lowest, highest = _stretched(planes, rows, height, axis=1)
        part = offset
        for channel, slope in enumerate((red, green, blue)):
            part += slope * like[rows[0] : rows[-1] + 1, :, channel]
        # a steep fit may overshoot what the map says nearby: a halo round the edge
        found[rows[0] : rows[-1] + 1] = np.clip(part, lowest, highest)
    return found


def _nearby(heat: Heatmap, radius: int) -> tuple[Heatmap, Heatmap]:
    """The least and the most heat of all that a pixel's fits were made from."""
    from scipy.ndimage import maximum_filter, minimum_filter  # as fast for any window

    window = 4 * radius + 1
    lowest, highest = minimum_filter(heat, window), maximum_filter(heat, window)
    return np.asarray(lowest, np.float32), np.asarray(highest, np.float32)


def _stretched(planes: NDArray[np.float32], places: NDArray[np.int_], length: int, *, axis: int) -> NDArray[np.float32]:
    """Planes at some places of an axis that is `length` pixels long, linearly between their own.

    In full precision: in OpenCV before 5, `cv2.remap` knows 32 places between two, and draws steps.
    """
    count = planes.shape[axis]
    at = np.clip((places + 0.5) * count / length - 0.5, 0, count - 1)
    before = np.minimum(at.astype(np.int64), max(count - 2, 0))
    after = np.minimum(before + 1, count - 1)
    share = (at - before).astype(np.float32).reshape([-1 if i == axis else 1 for i in range(planes.ndim)])
    stretched: NDArray[np.float32] = planes.take(after, axis)
    first = planes.take(before, axis)
    stretched -= first
    stretched *= share
    stretched += first
    return stretched
