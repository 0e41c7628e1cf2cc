"""A sheet of paper under the picture."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np
from pydantic import Field as Limited

from artforge.core.bands import row_bands
from artforge.core.curves import smoothstep
from artforge.core.light import to_light, to_srgb
from artforge.core.seeds import derive_seed, draw_seed
from artforge.core.steps import step
from artforge.core.values import Color, Image, Unit
from artforge.engine.attention.settings import check_range
from artforge.ops.fibers import draw_fibers
from artforge.ops.layout import color_to_rgb
from artforge.ops.noise import Field, clouds

_TOOTH_CELL = 0.012
"""Of the coarsest bumps, as a share of the short edge."""
_TOOTH_OCTAVES = 4
_STEP = 0.0012
"""Between the two heights whose difference is a slope, as a share of the short edge."""
_RELIEF = 0.075
"""How much light a slope of standard size gives or takes at tooth 1."""
_FORMATION = 0.012
"""How much light the clouds in the pulp give or take."""
_BARE = 0.11
"""Share of the ink that the deepest pits miss at tooth 1."""
_FIBER_HEIGHT = 2.6
"""Of the highest strand, in heights of the tooth at 1."""
_BLACK = np.float32(0.009)
"""Light that the blackest ink on the whitest paper gives back."""


@step("paper", version=1)
def paper(
    image: Image,
    *,
    color: Color = "#f7f1e3",
    tooth: Unit = 0.5,
    fibers: Unit = 0.35,
    scale: Annotated[float, Limited(ge=0.25, le=4)] = 1.0,
    rng: np.random.Generator,
) -> Image:
    """Print a picture on a sheet of paper: white is the paper, light falls across its tooth, and ink misses its pits.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        color: of the paper.
        tooth: [0, 1], how rough it is: 0 is smooth, 1 a watercolour paper.
        fibers: [0, 1], how many strands lie in it: 0 none, 1 as in a paper made by hand.
        scale: [0.25, 4], how large all of it is; at 1 the coarsest bumps are about a hundredth of the short edge.
        rng: decides; the same state gives the same sheet at every size.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: no such colour, or a number beyond its range.
    """
    check_range("tooth", tooth, "[0, 1]")
    check_range("fibers", fibers, "[0, 1]")
    check_range("scale", scale, "[0.25, 4]")
    ground = to_light(color_to_rgb(color))
    seed = draw_seed(rng)
    shape = image.shape[:2]
    height = clouds(derive_seed(seed, "tooth"), _TOOTH_CELL * scale, _TOOTH_OCTAVES, shape, gain=0.75)
    height *= np.float32(tooth)
    strands, specks = draw_fibers(derive_seed(seed, "fibers"), fibers, scale, shape)
    height += np.float32(_FIBER_HEIGHT) * strands
    slope = _slope(height, max(0.5, _STEP * scale * min(shape)))
    formation = clouds(derive_seed(seed, "formation"), 0.16 * scale, 3, shape, gain=0.6)
    printed = np.empty_like(image)
    for rows in row_bands(image):
        bare = np.float32(_BARE * tooth) * _pits(height[rows])
        light = _BLACK + (1 - _BLACK) * to_light(image[rows])
        light += bare[..., None] * (1 - light)
        shade = 1 + np.float32(_RELIEF) * slope[rows] + np.float32(_FORMATION) * formation[rows]
        light *= (shade * (1 - specks[rows]))[..., None] * ground
        printed[rows] = to_srgb(light)
    return printed


def _slope(height: Field, step: float) -> Field:
    """How much the surface falls away from a light that comes from above on the left; of standard size 1 at tooth 1."""
    back = np.array([[1, 0, step], [0, 1, step]], np.float32)
    there = cv2.warpAffine(
        height, back, height.shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(there - height, np.float32)


def _pits(height: Field) -> Field:
    """[0, 1]: 1 at the bottom of the deepest pits, 0 on all but the lowest of the surface."""
    return smoothstep((-height - 0.5) / 1.5)
