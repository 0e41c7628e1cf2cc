"""Corners that fall into the dark."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.core.bands import row_bands
from artforge.core.light import to_light, to_srgb
from artforge.core.steps import step
from artforge.core.values import Color, Image, Unit
from artforge.engine.attention.settings import check_range
from artforge.ops.layout import color_to_rgb


@step("vignette", version=1)
def vignette(
    image: Image, *, amount: Unit = 0.6, reach: Unit = 0.45, roundness: Unit = 0.3, color: Color = "black"
) -> Image:
    """Let a picture fall off towards its corners, as the light of a lens does.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        amount: [0, 1], how much of the light is gone in the outermost corner.
        reach: [0, 1], where it begins: so far from the middle, as a share of the way to a corner, nothing changes.
        roundness: [0, 1]: 0 is an ellipse of the picture's own shape, 1 a circle.
        color: what the corners become.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1]; within the reach the picture stays bit for bit.

    Raises:
        ChoiceError: no such colour, or a number beyond [0, 1].
    """
    for what, value in (("amount", amount), ("reach", reach), ("roundness", roundness)):
        check_range(what, value, "[0, 1]")
    height, width = image.shape[:2]
    down, across = _from_middle(height), _from_middle(width)
    # half the edges, from those of an ellipse, (1, 1), to those of a circle
    high, wide = (np.float32(1 + roundness * (edge / max(height, width) - 1)) for edge in (height, width))
    down *= high
    across *= wide
    corner = np.hypot(high, wide)
    ground = to_light(color_to_rgb(color))
    darkened = np.empty_like(image)
    for rows in row_bands(image):
        distance = np.asarray(np.hypot(down[rows, None], across[None]) / corner, np.float32)
        share = np.float32(amount) * _falloff(distance, reach)
        light = to_light(image[rows])
        band = to_srgb(light + share[..., None] * (ground - light))
        darkened[rows] = np.where(share[..., None] > 0, band, image[rows])
    return darkened


def _from_middle(length: int) -> NDArray[np.float32]:
    """How far the middle of each pixel lies from the picture's, where its edge is 1 away."""
    return np.asarray((np.arange(length) + 0.5) * (2 / length) - 1, np.float32)


def _falloff(distance: NDArray[np.float32], reach: float) -> NDArray[np.float32]:
    """0 within the reach, 1 in the corner, and between them a curve without a visible beginning or end."""
    if reach == 1:
        return np.zeros_like(distance)
    share = np.clip((distance - np.float32(reach)) / np.float32(1 - reach), 0, 1)
    return np.asarray(share * share * share * (share * (share * 6 - 15) + 10), np.float32)
