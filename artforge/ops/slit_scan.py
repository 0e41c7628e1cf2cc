"""Several pictures seen through one slit after another."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from artforge.core.bands import tall_bands
from artforge.core.curves import smoothstep
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, Images, Turn, Unit
from artforge.engine.attention.settings import check_range
from artforge.ops.heat_fields import check_heat, places


@step("slit_scan", version=1)
def slit_scan(
    images: Images,
    heatmap: Heatmap | None = None,
    *,
    turn: Turn = 0.0,
    bend: Unit = 0.0,
    shift: Turn = 0.0,
    softness: Unit = 0.15,
) -> Image:
    """Put one picture together from slits of many: the first picture at one side, the last at the other.

    Args:
        images: float32 (n, H, W, 3), such as one picture for each layer.
        heatmap: float32 (H, W), [0, 1], bends the slits.
        turn: the way from the first to the last, as a share of a round: 0 to the right, 0.25 down.
        bend: how much the heat, not the place, says which picture is seen: 0 straight slits, 1 the heat alone, the
            last picture where it is hottest.
        shift: moves the slits on through the pictures; 1 is 0 again.
        softness: of the change from one slit to the next: 0 a clean cut, 1 a crossfade all the way.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ShapeError: the heatmap has another size.
        StepError: the heatmap leaves [0, 1].
        ChoiceError: a setting that cannot be.
    """
    check_range("turn", turn, "[0, 1]")
    check_range("bend", bend, "[0, 1]")
    check_range("shift", shift, "[0, 1]")
    check_range("softness", softness, "[0, 1]")
    if heatmap is not None:
        check_heat(heatmap, images[0])
    num_images, height, width = len(images), images.shape[1], images.shape[2]
    extent = abs(width * math.cos(math.tau * turn)) + abs(height * math.sin(math.tau * turn))
    soft = min(1.0, max(softness, num_images / extent))  # a cut within less than a pixel would be jagged
    scanned = np.empty(images.shape[1:], np.float32)
    for rows in tall_bands(height):
        share = _along(rows, (height, width), turn, extent)
        if heatmap is not None:
            share += np.float32(bend) * (heatmap[rows] - share)
        # the first and the last picture are whole at the two sides; only a shift lets the last fade into the first
        at = np.float32(soft / 2 + shift * num_images) + share * np.float32(num_images - soft)
        scanned[rows] = _through(images[:, rows], at, soft)
    return scanned


def _along(rows: slice, size: tuple[int, int], turn: float, extent: float) -> NDArray[np.float32]:
    """How far along the way each pixel of a band lies, in [0, 1]."""
    across, down = places(rows, size[1])
    x, y = across - np.float32((size[1] - 1) / 2), down - np.float32((size[0] - 1) / 2)
    way = x * np.float32(math.cos(math.tau * turn)) + y * np.float32(math.sin(math.tau * turn))
    return np.clip(way / np.float32(extent) + np.float32(0.5), 0, 1)


def _through(images: NDArray[np.float32], at: NDArray[np.float32], soft: float) -> NDArray[np.float32]:
    """The picture number `at` of each pixel, fading over `soft` of a number where one ends and the next begins."""
    border = np.rint(at).astype(np.int64)
    before, after = (border - 1) % len(images), border % len(images)
    fade = smoothstep((at - border) / np.float32(soft) + np.float32(0.5))[..., None]
    down, across = np.arange(at.shape[0])[:, None], np.arange(at.shape[1])[None]
    first, second = images[before, down, across], images[after, down, across]
    mixed: NDArray[np.float32] = np.clip(first + fade * (second - first), 0, 1)
    return mixed
