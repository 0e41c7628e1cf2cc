"""Where in a picture each part of its objective may change it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.pictures import resize
from artforge.engine.ascent.form import Numbers
from artforge.engine.backend import load_keras


def stacked_masks(numbers: Numbers, size: tuple[int, int]) -> NDArray[np.float32]:
    """The masks of all pictures at one size.

    Args:
        numbers: of the objectives, for n pictures.
        size: (height, width) of the pictures.

    Returns:
        float32 (masks, n, height, width, 1) in [0, 1]; ones where a picture may change everywhere.
    """
    ones = np.ones(size, np.float32)
    by_picture = [[ones if mask is None else _mask_at(mask, size) for mask in masks] for masks in numbers.masks]
    return np.ascontiguousarray(np.asarray(by_picture, np.float32).swapaxes(0, 1)[..., None])


def through_masks(pictures: Any, masks: Any) -> Any:
    """The pictures, once for each mask: equal to look at, but a gradient passes only where the mask lets it.

    Args:
        pictures: tensor (n, H, W, 3).
        masks: tensor (masks, n, H, W, 1), as `stacked_masks` gives them.

    Returns:
        tensor (masks · n, H, W, 3), all pictures of the first mask first.
    """
    ops = load_keras().ops
    still = ops.stop_gradient(pictures)
    return ops.concatenate([still + masks[number] * (pictures - still) for number in range(masks.shape[0])], axis=0)


def _mask_at(mask: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    return resize(np.repeat(mask[..., None], 3, axis=-1).astype(np.float32), size)[..., 0]
