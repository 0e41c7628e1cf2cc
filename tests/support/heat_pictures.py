"""A warm hill and a soft picture, for steps that work by heat."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from artforge.core.pictures import resize


def hill(height: int = 160, width: int = 200, x: float = 0.5, y: float = 0.5, *, spread: float = 0.25) -> np.ndarray:
    """float32 (height, width): 1 at (x, y), shares of the edges, and falling off as a Gaussian over `spread` widths."""
    down, across = np.mgrid[0:height, 0:width]
    distance = np.hypot((across + 0.5) / width - x, ((down + 0.5) / height - y) * height / width)
    return np.exp(-((distance / spread) ** 2)).astype(np.float32)


def soft_picture(height: int = 160, width: int = 200, seed: int = 0) -> np.ndarray:
    """float32 (height, width, 3), [0, 1]: twenty rows of 25 patches that run into each other."""
    coarse = np.random.default_rng(seed).random((20, 25, 3), dtype=np.float32)
    return np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)


def assert_preview_predicts_the_print(step: Callable[..., np.ndarray], within: float) -> None:
    """The work at a quarter of the size is the print seen from afar, as far as it goes; and the step does something."""
    image, heat = soft_picture(640, 800), hill(640, 800)
    small, small_heat = resize(image, (160, 200)), cv2.resize(heat, (200, 160), interpolation=cv2.INTER_AREA)
    printed = resize(step(image, heat), (160, 200))
    off = np.abs(printed - step(small, small_heat)).mean()
    assert off < within
    assert np.abs(printed - small).mean() > 4 * off
