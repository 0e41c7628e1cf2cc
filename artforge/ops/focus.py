"""Sharp where the network looks, out of focus elsewhere."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np
from pydantic import Field

from artforge.core.bands import tall_bands
from artforge.core.light import Pixels, luma, to_light, to_srgb
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, Unit
from artforge.engine.attention.settings import check_range
from artforge.ops.heat_fields import check_heat

_SHARES = (0.0, 0.06, 0.125, 0.25, 0.5, 1.0)
"""Of the strongest blur: those that are made; what lies between is mixed."""
_FINE_SIGMA = 4.0
"""A stronger blur (pixels) is made on a smaller picture, which shows no difference."""
_FRINGE = 0.5


@step("focus", version=1)
def focus(
    image: Image,
    heatmap: Heatmap,
    *,
    blur: Annotated[float, Field(ge=0, le=0.2)] = 0.025,
    fade: Unit = 0.0,
    fringe: Unit = 0.0,
) -> Image:
    """Keep a picture sharp where it is hot, and let it go out of focus where it is not, as a lens would.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        heatmap: float32 (H, W), [0, 1]: at 1 the picture stays as it is, at 0 it is fully blurred.
        blur: of what is coldest: standard deviation as a share of the picture's short edge.
        fade: how much colour is lost where it is blurred.
        fringe: how much sooner blue goes out of focus than red, as in an old lens.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1]; light, not its numbers, is blurred, so bright spots keep their strength.

    Raises:
        ShapeError: the heatmap has another size.
        StepError: the heatmap leaves [0, 1].
        ChoiceError: a setting that cannot be.
    """
    check_range("blur", blur, "[0, 0.2]")
    check_range("fade", fade, "[0, 1]")
    check_range("fringe", fringe, "[0, 1]")
    check_heat(heatmap, image)
    if blur == 0 and fade == 0:
        return image.copy()
    light = np.empty(image.shape, np.float32)
    for rows in tall_bands(len(light)):
        light[rows] = to_light(image[rows])
    speeds = np.asarray([1 - _FRINGE * fringe, 1.0, 1 + _FRINGE * fringe] if fringe else [1.0], np.float32)
    focused = np.zeros_like(light)
    for place, share in enumerate(_SHARES):
        blurred = _blurred(light, share * blur * min(heatmap.shape))
        for rows in tall_bands(len(light)):
            focused[rows] += _weight((1 - heatmap[rows])[..., None] * speeds, place) * blurred[rows]
    for rows in tall_bands(len(light)):
        band = focused[rows]
        band += np.float32(fade) * (1 - heatmap[rows])[..., None] * (luma(band)[..., None] - band)
        sharp = (heatmap[rows] == 1)[..., None]  # what is in focus is the picture itself, bit for bit
        focused[rows] = np.where(sharp, image[rows], to_srgb(band))
    return focused


def _blurred(light: Pixels, sigma: float) -> Pixels:
    if sigma == 0:
        return light
    height, width = light.shape[:2]
    shrink = min(1.0, _FINE_SIGMA / sigma)
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    small = light if shrink == 1 else cv2.resize(light, size, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), sigma * shrink, borderType=cv2.BORDER_REFLECT)
    if shrink == 1:
        return np.asarray(soft, np.float32)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _weight(defocus: Pixels, place: int) -> Pixels:
    """How much of blur number `place` is mixed in: 1 where it is the one wanted, 0 from its neighbours on."""
    share = _SHARES[place]
    weight = np.ones_like(defocus)
    if place > 0:
        below = _SHARES[place - 1]
        weight = np.minimum(weight, (defocus - np.float32(below)) * np.float32(1 / (share - below)))
    if place < len(_SHARES) - 1:
        above = _SHARES[place + 1]
        weight = np.minimum(weight, (np.float32(above) - defocus) * np.float32(1 / (above - share)))
    return np.maximum(weight, 0)
