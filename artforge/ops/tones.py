"""The tones of a picture, from dark to light, as places on a scale of colours."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.bands import in_bands
from artforge.core.oklab import to_oklab, to_screen
from artforge.core.values import Image
from artforge.engine.attention.settings import check_range
from artforge.ops.colorize import look_up
from artforge.ops.samples import sample_pixels

Balance = Annotated[float, Field(ge=-1, le=1)]
"""[-1, 1]: where the middle of a scale of colours falls."""

_OUTERMOST = (0.5, 99.5)
"""Percentiles that count as a picture's darkest and lightest tone."""


def color_tones(image: Image, table: NDArray[np.float32], *, stretch: float, balance: float, amount: float) -> Image:
    """Give every tone of a picture the colour that stands at its lightness.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        table: float32 (n, 3), sRGB, [0, 1]: the colours from dark to light.
        stretch: [0, 1]: at 0 black and white take the outermost colours, at 1 the picture's own darkest and lightest.
        balance: [-1, 1]; above 0 more of the picture takes the light colours, below 0 the dark ones.
        amount: [0, 1], from the picture to its new colours, by an even way in OKLab.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: a number beyond its range.
    """
    check_range("stretch", stretch, "[0, 1]")
    check_range("balance", balance, "[-1, 1]")
    check_range("amount", amount, "[0, 1]")
    if amount == 0:
        return image.copy()
    darkest, lightest = _range_of(image, stretch)
    exponent = np.float32(4.0**-balance)
    lab_table = to_oklab(table)

    def colored(rows: Image) -> Image:
        lab = to_oklab(rows)
        places = np.clip((lab[..., 0] - darkest) / (lightest - darkest), 0, 1) ** exponent
        if amount == 1:
            return look_up(places, table)
        return to_screen(lab + np.float32(amount) * (look_up(places, lab_table) - lab))

    return in_bands(image, colored)


def _range_of(image: Image, stretch: float) -> tuple[np.float32, np.float32]:
    """The lightnesses that take the first and the last colour."""
    if stretch == 0:
        return np.float32(0), np.float32(1)
    darkest, lightest = np.percentile(to_oklab(sample_pixels(image))[:, 0], _OUTERMOST)
    if lightest - darkest < 1 / 255:  # of one tone: there is nothing to stretch
        return np.float32(0), np.float32(1)
    return np.float32(stretch * darkest), np.float32(1 + stretch * (lightest - 1))
