"""A picture or a heatmap averaged over neighbouring frames of a film."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.bands import row_bands
from artforge.core.errors import check_choice
from artforge.core.light import Pixels
from artforge.core.steps import step
from artforge.core.values import FeatureMaps, Heatmap, Image, Images, Moments
from artforge.engine.attention.settings import check_count
from artforge.ops.color_spaces import REACHED, SPACES, Space

MOST_FRAMES = 120

Reach = Annotated[int, Field(ge=0, le=MOST_FRAMES)]


@step("smooth_over_time", version=1)
def smooth_over_time(
    moments: Annotated[Images, Moments("frames")], *, frames: Reach = 2, space: Space = "linear"
) -> Image:
    """Average a moving picture over the frames around each one, as a slow shutter does.

    Nearer frames count more: the weights are a raised cosine, down to 0 behind the last frame that counts. Round a
    loop the frames go on at its other end, at the ends of a boomerang they turn back, and any other film holds its
    first and last one. Without a timeline the picture stays as it is.

    Args:
        moments: float32 (n, H, W, 3), sRGB, [0, 1], a picture at moments one frame apart, the present in the middle;
            in a recipe the picture alone, whose neighbours are found for it.
        frames: how many frames before and as many behind it count; a recipe gathers so many.
        space: what the mean is taken of: light, what the eye sees (OKLab), or the stored numbers.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: no such space, or a number of frames beyond 0 to 120.
    """
    check_count("frames", frames, least=0, most=MOST_FRAMES)
    check_choice("space", space, SPACES)
    enter, leave = REACHED[space]
    weights = shutter(len(moments))
    smooth: Image = np.empty(moments.shape[1:], np.float32)
    for rows in row_bands(smooth):
        smooth[rows] = leave(_mean([enter(moment[rows]) for moment in moments], weights))
    return smooth


@step("smooth_heat_over_time", version=1)
def smooth_heat_over_time(moments: Annotated[FeatureMaps, Moments("frames")], *, frames: Reach = 2) -> Heatmap:
    """Average a moving heatmap over the frames around each one, so that it glides where it would flicker.

    It is `smooth_over_time` for heatmaps.

    Args:
        moments: float32 (H, W, n), signed, a heatmap at moments one frame apart, the present in the middle; in a recipe
            the heatmap alone, whose neighbours are found for it.
        frames: how many frames before and as many behind it count; a recipe gathers so many.

    Returns:
        float32 (H, W), signed.

    Raises:
        ChoiceError: a number of frames beyond 0 to 120.
    """
    check_count("frames", frames, least=0, most=MOST_FRAMES)
    return np.asarray(np.ascontiguousarray(moments) @ shutter(moments.shape[-1]), np.float32)


def shutter(count: int) -> NDArray[np.float32]:
    """The weights of so many moments: a raised cosine over all of them, 1 in sum."""
    weights = np.cos((np.arange(count) - (count - 1) / 2) * np.pi / (count + 1)) ** 2
    return np.asarray(weights / weights.sum(), np.float32)


def _mean(values: list[Pixels], weights: NDArray[np.float32]) -> Pixels:
    mean: Pixels = values[0] * weights[0]
    for value, weight in zip(values[1:], weights[1:], strict=True):
        mean += value * weight
    return mean
