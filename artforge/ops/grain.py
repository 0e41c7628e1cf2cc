"""The grain of film."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from artforge.core.bands import row_bands
from artforge.core.light import luma
from artforge.core.seeds import derive_seed, draw_seed
from artforge.core.steps import step
from artforge.core.values import Image, Unit
from artforge.engine.attention.settings import check_count, check_range
from artforge.ops.noise import noise

_STRONGEST = 0.25
"""Standard deviation of the sRGB numbers of a middle grey at amount 1."""
_CELLS_PER_GRAIN = 2.0
_LAYERS = {"silver": slice(0, 3), "red": slice(0, 1), "green": slice(1, 2), "blue": slice(2, 3)}
"""The layers of a film, and the channels that the grain of each lies in."""


@step("grain", version=1)
def grain(
    image: Image,
    *,
    amount: Unit = 0.1,
    size: Annotated[float, Field(ge=0.0005, le=0.02)] = 0.0016,
    color: Unit = 0.2,
    frame: Annotated[int, Field(ge=0)] = 0,
    rng: np.random.Generator,
) -> Image:
    """Lay the grain of film over a picture: strongest in the middle tones, none in pure black and white.

    Grains have a size of their own and do not hang on the number of pixels: a preview shows those of the print as
    they look from afar, softer because the eye takes many together.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        amount: [0, 1], how strong: at 1 the numbers of a middle grey scatter by 0.25.
        size: [0.0005, 0.02], diameter of a grain as a share of the short edge.
        color: [0, 1]: 0 is the grain of black and white film, 1 gives red, green and blue each their own.
        frame: every number has another grain: with `=frame` each frame of a film has its own.
        rng: decides; the same state gives the same grain at every size.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: a number beyond its range.

    Source: that grain goes with the square root of u(1 - u) of a tone u follows from the model of Newson, Delon and
    Galerne, A Stochastic Film Grain Model for Resolution-Independent Rendering (2017),
    https://doi.org/10.1111/cgf.13159
    """
    check_range("amount", amount, "[0, 1]")
    check_range("size", size, "[0.0005, 0.02]")
    check_range("color", color, "[0, 1]")
    check_count("frame", frame, least=0)
    seed = draw_seed(rng)
    if amount == 0:
        return image.copy()
    grained = image.copy()
    for layer, channels in _LAYERS.items():
        share = 1 - color if layer == "silver" else color
        if share == 0:
            continue
        grains = noise(derive_seed(seed, frame, layer), size / _CELLS_PER_GRAIN, image.shape[:2], blur=0.7)
        strength = np.float32(2 * _STRONGEST * amount * share**0.5)
        for rows in row_bands(image):
            tone = np.clip(luma(image[rows]), 0, 1)
            grained[rows, :, channels] += (strength * np.sqrt(tone * (1 - tone)) * grains[rows])[..., None]
    return np.clip(grained, 0, 1, out=grained)
