"""What an ascent begins with: noise, or given pictures; and whether that can be, before anything is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError
from artforge.core.seeds import derive_seed, generator
from artforge.core.values import Image
from artforge.engine.ascent.parameterisation import Parameterisation
from artforge.engine.attention.inputs import check_picture

Array = NDArray[np.float32]

LEAST_EDGE = 4
MOST_PIXELS = 1 << 30
"""Of one picture: 32768x32768. Its numbers alone then take more than most machines have."""


def size_of(
    size: tuple[int, int] | None, start_images: Sequence[Image] | None, num: int, own: tuple[int, int]
) -> tuple[int, int]:
    """(height, width) of the pictures that climb.

    Args:
        size: asked for, or None.
        start_images: pictures to begin with, one or one for each objective, or None.
        num: how many objectives there are.
        own: the network's input size.

    Raises:
        ShapeError: no such size can be, or the start images do not fit it, each other or the objectives.
    """
    if size is not None and not (
        isinstance(size, Sequence | np.ndarray) and len(size) == 2 and all(isinstance(edge, Integral) for edge in size)
    ):
        raise ShapeError(f"a size is (height, width) in whole pixels, received {size!r}")
    if start_images is None:
        height, width = (int(edge) for edge in (own if size is None else size))
        if min(height, width) < LEAST_EDGE or height * width > MOST_PIXELS:
            raise ShapeError(
                f"a picture must be at least {LEAST_EDGE} pixels along each edge and have at most "
                f"{MOST_PIXELS / 1e6:.0f} million of them, received {height}x{width}"
            )
        return height, width
    shapes = {_checked(image).shape for image in start_images}
    if len(start_images) not in (1, num) or len(shapes) != 1:
        listed = ", ".join(f"{height}x{width}" for height, width, _ in sorted(shapes))
        raise ShapeError(
            f"{len(start_images)} start images ({listed}) for {num} objectives: expected one, or one for each, all of "
            "one size"
        )
    [(height, width, _)] = shapes
    if size is not None and tuple(size) != (height, width):
        raise ShapeError(
            f"the start image is {height}x{width}, and the size asked for {size[0]}x{size[1]}: leave it out"
        )
    return height, width


def pictures_of(start_images: Sequence[Image], num: int) -> Array:
    """The start images, one for each of `num` objectives: float32 (num, H, W, 3)."""
    return np.repeat(np.stack(list(start_images)).astype(np.float32), num // len(start_images), axis=0)


def noise_of(
    parameterisation: Parameterisation, num: int, size: tuple[int, int], seed: int, *, own_starts: bool
) -> Array:
    """Parameters of noise for `num` pictures: the same for all, or each its own."""
    rng = generator(derive_seed(seed, "start"))
    noise = parameterisation.noise(num if own_starts else 1, size, rng)
    return noise if own_starts else np.repeat(noise, num, axis=0)


def _checked(image: Image) -> Image:
    check_picture(image)
    if image.ndim != 3 or image.shape[-1] != 3 or min(image.shape[:2]) < LEAST_EDGE:
        raise ShapeError(
            f"a start image must be (height, width, 3) and at least {LEAST_EDGE} pixels along each edge, "
            f"received {image.shape}"
        )
    if not (image.min() >= 0 and image.max() <= 1):
        raise ShapeError(f"a start image must stay in [0, 1], received [{image.min():.9g}, {image.max():.9g}]")
    return image
