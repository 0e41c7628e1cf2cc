"""What a network is not shown: what is no picture, told with the way to make it one."""

from __future__ import annotations

import math

import numpy as np

from artforge.core.errors import ShapeError
from artforge.core.values import Image

_SLACK = 1e-4  # rounding of whoever made the picture


def check_shape(image: Image) -> None:
    """Raise ShapeError where it is no array (height, width, 3)."""
    if not isinstance(image, np.ndarray):
        raise ShapeError(f"a picture must be an array (height, width, 3), received {type(image).__name__}")
    if image.ndim != 3 or image.shape[-1] != 3 or 0 in image.shape:
        raise ShapeError(f"a picture must be (height, width, 3), received {image.shape}{_shape_way_out(image.shape)}")


def _shape_way_out(shape: tuple[int, ...]) -> str:
    if len(shape) == 2:
        return ": repeat the grey channel three times, np.stack([picture] * 3, axis=-1)"
    if len(shape) == 3 and shape[-1] == 1:
        return ": repeat the grey channel three times, np.repeat(picture, 3, axis=-1)"
    if len(shape) == 3 and shape[-1] == 4:
        return ": drop the fourth channel, picture[..., :3]"
    if len(shape) == 3 and shape[0] == 3:
        return ": put the channels last, np.moveaxis(picture, 0, -1)"
    return ": pass its pictures as a list" if len(shape) == 4 else ""


def check_values(image: Image) -> None:
    """Raise ShapeError where it does not hold finite floats in [0, 1]."""
    if image.dtype.kind != "f":
        way_out = ": divide by 255 first" if str(image.dtype) == "uint8" else ""
        raise ShapeError(f"a picture must be float32 in [0, 1], received {image.dtype}{way_out}")
    low, high = float(image.min()), float(image.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ShapeError(f"a picture must be finite, received [{low:g}, {high:g}]")
    if low < -_SLACK or high > 1 + _SLACK:
        way_out = "divide by 255 first" if low >= 0 and high > 2 else "cut it off with np.clip(picture, 0, 1)"
        # all digits that float32 has: rounded, 1.0001 reads as the 1 that is allowed
        raise ShapeError(f"a picture must stay in [0, 1], received [{low:.9g}, {high:.9g}]: {way_out}")
