"""The spaces that colours are mixed in, and the way there from sRGB and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import numpy as np

from artforge.core.light import Pixels, to_light, to_srgb
from artforge.core.oklab import cones_to_lab, to_cones, to_screen

Space = Literal["srgb", "linear", "oklab"]
"""`srgb` numbers as they are stored, `linear` light, or `oklab`: what the eye's three kinds of cones make of it."""

SPACES: tuple[Space, ...] = get_args(Space)


class Reached(NamedTuple):
    """How a space is reached from sRGB in [0, 1] and left again; black is 0 in it and white 1, in all three numbers."""

    enter: Callable[[Pixels], Pixels]
    leave: Callable[[Pixels], Pixels]


REACHED: dict[Space, Reached] = {
    "srgb": Reached(lambda pixels: pixels, lambda pixels: np.clip(pixels, 0, 1)),
    "linear": Reached(to_light, to_srgb),
    # mixtures of cones and of OKLab are the same, and blend modes need numbers in [0, 1]
    "oklab": Reached(to_cones, lambda cones: to_screen(cones_to_lab(cones))),
}
