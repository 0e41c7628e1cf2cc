"""What the network ignores, worn away."""

from __future__ import annotations

import math
from typing import Annotated

import cv2
import numpy as np
from pydantic import Field

from artforge.core.bands import row_bands, tall_bands
from artforge.core.curves import smoothstep
from artforge.core.light import Pixels, luma
from artforge.core.seeds import draw_seed
from artforge.core.steps import step
from artforge.core.values import Color, Heatmap, Image, Unit
from artforge.engine.attention.settings import check_range
from artforge.ops.heat_fields import check_heat
from artforge.ops.layout import color_to_rgb
from artforge.ops.noise import clouds

_FINEST = 0.0008
"""Of the flakes, as a share of the short edge: smaller ones are dust."""
_GAIN = 0.62
_SPREAD = 1.1
"""Standard deviation of clouds with this gain."""
_BREAK = 0.015
"""Width of the edge of a flake, in heat."""
_FADING = 0.45
"""How far before it flakes off paint has begun to fade, in heat."""
_FADED = 0.5
"""How much of its colour paint has lost when it flakes off."""
_SHADOW = 0.004
"""Thickness of the paint as its shadow shows it, a share of the short edge."""
_DARKNESS = 0.3


@step("erode", version=1)
def erode(
    image: Image,
    heatmap: Heatmap,
    *,
    rng: np.random.Generator,
    amount: Unit = 0.4,
    rough: Unit = 0.35,
    grain: Annotated[float, Field(ge=0.002, le=1)] = 0.2,
    trace: Unit = 0.12,
    color: Color = "#e9e1d3",
) -> Image:
    """Wear away what the network ignores, as weather does with a fresco: paint fades, then flakes off its ground.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        heatmap: float32 (H, W), [0, 1]: what is hot holds longest.
        rng: where the paint is weak.
        amount: 0 leaves the picture as it is, 1 takes all paint off.
        rough: how much chance has a say beside the heat.
        grain: size of the largest flakes, as a share of the picture's short edge.
        trace: how much of the picture is still seen on the bare ground.
        color: of the ground, `#rrggbb` or a CSS name.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ShapeError: the heatmap has another size.
        StepError: the heatmap leaves [0, 1].
        ChoiceError: a setting that cannot be.
    """
    for what, value in (("amount", amount), ("rough", rough), ("trace", trace)):
        check_range(what, value, "[0, 1]")
    check_range("grain", grain, "[0.002, 1]")
    ground = color_to_rgb(color)
    check_heat(heatmap, image)
    if amount == 0:
        return image.copy()
    margin = _margin(heatmap, rng, amount=amount, rough=rough, grain=grain)
    paint = np.clip(margin / np.float32(_BREAK), 0, 1)
    shadow = _shadow(paint)
    worn = np.empty(image.shape, np.float32)
    for rows in tall_bands(len(image)):
        color_here = np.ascontiguousarray(image[rows])
        grey = luma(color_here)[..., None]
        faded = np.float32(_FADED) * (1 - smoothstep(margin[rows] / np.float32(_FADING)))[..., None]
        pale = color_here + faded * (ground * (np.float32(0.5) + grey / 2) - color_here)
        bare = ground * (1 - np.float32(trace) * (1 - grey))
        bare = bare * (1 - np.float32(_DARKNESS) * shadow[rows])[..., None]
        worn[rows] = np.clip(bare + paint[rows][..., None] * (pale - bare), 0, 1)
    return worn


def _margin(heatmap: Heatmap, rng: np.random.Generator, *, amount: float, rough: float, grain: float) -> Pixels:
    """How far each pixel's paint is from flaking off, in heat; 0 or less where it is gone."""
    least, most = -rough - _FADING, 1.0 + rough
    level = np.float32(least + amount * (most - least))
    num_octaves = 1 + math.floor(math.log2(grain / _FINEST))
    margin = clouds(draw_seed(rng), grain, num_octaves, heatmap.shape, gain=_GAIN)
    for rows in row_bands(margin):
        margin[rows] = heatmap[rows] + np.float32(rough) * np.tanh(margin[rows] / np.float32(_SPREAD)) - level
    return margin


def _shadow(paint: Pixels) -> Pixels:
    """Where light from above on the left does not reach the ground, because paint stands before it."""
    offset = _SHADOW * min(paint.shape)
    height, width = paint.shape
    moved = cv2.warpAffine(
        paint,
        np.asarray([[1, 0, offset], [0, 1, offset]], np.float32),
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    soft = cv2.GaussianBlur(moved, (0, 0), max(offset / 2, 0.4), borderType=cv2.BORDER_REFLECT)
    return np.asarray(soft, np.float32)
