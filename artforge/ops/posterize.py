"""A few flat tones or colours, as in a poster."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.bands import in_bands
from artforge.core.curves import smoothstep
from artforge.core.errors import check_choice
from artforge.core.oklab import to_oklab, to_screen
from artforge.core.steps import step
from artforge.core.values import Image, Unit
from artforge.engine.attention.settings import check_range
from artforge.ops.palettes import colors_of, seen_small

PosterizeBy = Literal["tones", "channels", "colors"]


@step("posterize", version=1)
def posterize(
    image: Image,
    *,
    levels: Annotated[float, Field(ge=2, le=64)] = 5.0,
    by: PosterizeBy = "tones",
    softness: Unit = 0.0,
) -> Image:
    """Leave a picture only a few tones or colours, each in one flat piece.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        levels: [2, 64], how many; between two whole numbers the steps slide, so a film that moves it does not jump.
        by: `tones` sets steps into the lightness and keeps the hues, `channels` into red, green and blue by
            themselves, `colors` takes the picture's own most common colours (a whole number of them).
        softness: [0, 1], how much of each step of `tones` and `channels` is a ramp to the next.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: no such way, or a number beyond its range.
    """
    check_choice("by", by, get_args(PosterizeBy))
    check_range("levels", levels, "[2, 64]")
    check_range("softness", softness, "[0, 1]")
    if by == "channels":
        return in_bands(image, lambda rows: _stepped(rows, levels, softness))
    if by == "colors":
        return _in_own_colors(image, round(levels))

    def toned(rows: Image) -> Image:
        lab = to_oklab(rows)
        lab[..., 0] = _stepped(np.clip(lab[..., 0], 0, 1), levels, softness)
        return to_screen(lab)

    return in_bands(image, toned)


def _stepped(values: NDArray[np.float32], levels: float, softness: float) -> NDArray[np.float32]:
    """A staircase from 0 to 1 over [0, 1]: the stairs are equally wide and high."""
    top = np.float32(np.ceil(levels) - 1)
    place = values * np.float32(levels)
    stair = np.minimum(np.floor(place), top)
    if softness > 0:
        ramp = smoothstep((place - stair - np.float32(1 - softness)) / np.float32(softness))
        stair = np.minimum(stair + ramp, top)
    return np.asarray(np.minimum(stair / np.float32(levels - 1), 1), np.float32)


def _in_own_colors(image: Image, num_colors: int) -> Image:
    colors = colors_of(seen_small(image), num_colors)
    centres = to_oklab(colors)
    half_squares = (centres * centres).sum(axis=-1) / 2
    # the nearest centre has the largest product with the colour, less half its own square
    return in_bands(image, lambda rows: colors[(to_oklab(rows) @ centres.T - half_squares).argmax(axis=-1)])
