"""Several pictures in one."""

from __future__ import annotations

import numpy as np

from artforge.core.steps import step
from artforge.core.values import Image, Images


@step("average", version=1)
def average(images: Images) -> Image:
    """Lay pictures over each other as exposures of one plate: the mean of every pixel, in sRGB.

    Args:
        images: float32 (n, H, W, 3), sRGB, [0, 1].

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].
    """
    exposed: Image = np.clip(images.mean(axis=0, dtype=np.float64), 0, 1).astype(np.float32)
    return exposed
