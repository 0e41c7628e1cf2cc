"""Pixels pushed about by heat."""

from __future__ import annotations

import math
from typing import Annotated, Literal, get_args

import cv2
import numpy as np
from pydantic import Field

from artforge.core.bands import tall_bands
from artforge.core.errors import check_choice
from artforge.core.light import Pixels
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, Turn
from artforge.engine.attention.settings import check_range
from artforge.ops.heat_fields import Smooth, check_heat, look_at, places, shrunk_heat, slope_field

By = Literal["slope", "level"]


@step("displace", version=1)
def displace(
    image: Image,
    heatmap: Heatmap,
    *,
    amount: Annotated[float, Field(ge=0, le=2)] = 0.06,
    by: By = "slope",
    turn: Turn = 0.0,
    smooth: Smooth = 0.05,
) -> Image:
    """Push the pixels of a picture about as the heat says: hot places swell, turn or slide.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        heatmap: float32 (H, W), [0, 1].
        amount: no pixel moves farther than this share of the picture's short edge; 0 leaves the picture as it is.
        by: `slope` moves where the heat rises or falls, each pixel its own way; `level` moves everything one way, as
            far as it is hot.
        turn: which way, as a share of a round. By slope, 0 swells what is hot, 0.25 whirls round it, 0.5 shrinks it;
            by level, 0 moves to the right, 0.25 down.
        smooth: the heat is smoothed over this far first, as a share of the short edge.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1]; beyond its border the picture goes on as its mirror image.

    Raises:
        ShapeError: the heatmap has another size.
        StepError: the heatmap leaves [0, 1].
        ChoiceError: a setting that cannot be.
    """
    check_range("amount", amount, "[0, 2]")
    check_choice("by", by, get_args(By))
    check_range("turn", turn, "[0, 1]")
    check_range("smooth", smooth, "[0, 0.5]")
    check_heat(heatmap, image)
    if amount == 0:
        return image.copy()
    height, width = heatmap.shape
    reach = np.float32(amount * min(height, width))
    # the pixel that is seen here came from the other way: swelling looks inwards, which is uphill
    field = slope_field(heatmap, smooth=smooth, turn=turn) if by == "slope" else _one_way(heatmap, smooth, turn)
    picture = np.ascontiguousarray(image)
    moved = np.empty_like(picture)
    for rows in tall_bands(height):
        across, down = places(rows, width)
        push = look_at(field, across, down, (height, width)) * reach
        moved[rows] = cv2.remap(
            picture,
            across + push[..., 0],
            down + push[..., 1],
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT,
        )
    return np.clip(moved, 0, 1, out=moved)


def _one_way(heatmap: Heatmap, smooth: float, turn: float) -> Pixels:
    heat = shrunk_heat(heatmap, smooth=smooth)
    way = np.asarray([math.cos(math.tau * turn), math.sin(math.tau * turn)], np.float32)
    return -heat[..., None] * way
