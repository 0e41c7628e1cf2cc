"""The knobs of a picture: light, contrast, colour."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from artforge.core.bands import in_bands
from artforge.core.oklab import to_oklab, to_screen
from artforge.core.steps import step
from artforge.core.values import Image, Kind
from artforge.engine.attention.settings import check_range

_MIDDLE = np.float32(0.5)
"""The lightness that contrast leaves alone."""


@step("adjust", version=1)
def adjust(
    image: Image,
    *,
    brightness: Annotated[float, Field(ge=-1, le=1)] = 0.0,
    contrast: Annotated[float, Field(ge=0, le=4)] = 1.0,
    gamma: Annotated[float, Field(ge=0.1, le=10)] = 1.0,
    saturation: Annotated[float, Field(ge=0, le=4)] = 1.0,
    hue: Annotated[float, Kind.DEGREES, Field(ge=-360, le=360)] = 0.0,
) -> Image:
    """Make a picture lighter or darker, harder or softer, stronger or paler in colour, or turn its hues.

    All of it is done in OKLab, where light and colour do not disturb each other: a picture that is given other hues
    stays as light as it was. First comes gamma, then contrast, then brightness. A colour that no screen shows is made
    paler.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        brightness: [-1, 1], added to the lightness: -1 is black, 1 white.
        contrast: [0, 4], how far a lightness stands from the middle one: 0 is even grey light, 1 as it is.
        gamma: [0.1, 10]: above 1 the middle tones are lighter, below 1 darker; black and white stay.
        saturation: [0, 4], how strong the colours are: 0 is black and white, 1 as it is.
        hue: [-360, 360], degrees by which the hues turn, from red by way of yellow, green and blue.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1]; without any setting the picture comes back bit for bit.

    Raises:
        ChoiceError: a number beyond its range.
    """
    check_range("brightness", brightness, "[-1, 1]")
    check_range("contrast", contrast, "[0, 4]")
    check_range("gamma", gamma, "[0.1, 10]")
    check_range("saturation", saturation, "[0, 4]")
    check_range("hue", hue, "[-360, 360]")
    if (brightness, contrast, gamma, saturation, hue % 360) == (0, 1, 1, 1, 0):
        return image.copy()
    angle = np.radians(hue)
    turned = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    turned *= np.float32(saturation)

    def adjusted(rows: Image) -> Image:
        lab = to_oklab(rows)
        light = np.maximum(lab[..., 0], 0) ** np.float32(1 / gamma)
        lab[..., 0] = (light - _MIDDLE) * np.float32(contrast) + (_MIDDLE + np.float32(brightness))
        lab[..., 1:] = lab[..., 1:] @ turned
        return to_screen(lab)

    return in_bands(image, adjusted)
