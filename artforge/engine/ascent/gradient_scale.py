"""How long a step is: a gradient's own size says little, so it is brought to a stated one."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

GradientScale = Literal["none", "l2", "rms", "mean_abs", "pixel"]
"""`l2`: length 1 as a whole; `rms`: root mean square 1; `mean_abs`: mean size 1; `pixel`: the three colours of every
pixel have length 1; `none`: as it is."""


def scale_gradients(gradients: NDArray[np.float32], how: GradientScale) -> NDArray[np.float32]:
    """Gradients at a stated scale, each picture's by itself; one that is zero stays zero.

    Chollet's notebooks use `rms` (2016), `l2` (second edition of the book) and, by a default of `keras.ops.normalize`,
    `pixel` (third edition); DeepDream uses `mean_abs`.

    Args:
        gradients: float32 (n, ...).
        how: which scale.
    """
    if how == "none":
        return gradients
    axes = (-1,) if how == "pixel" else tuple(range(1, gradients.ndim))
    if how == "mean_abs":
        size = np.mean(np.abs(gradients), axis=axes, keepdims=True, dtype=np.float64)
    else:
        count = 1 if how == "rms" else np.prod([gradients.shape[axis] for axis in axes])
        size = np.sqrt(np.mean(np.square(gradients), axis=axes, keepdims=True, dtype=np.float64) * count)
    # a gradient may be tiny as a whole, and is still a direction: only what is exactly nothing stays nothing
    return np.asarray(gradients / np.where(size > 0, size, 1), np.float32)
