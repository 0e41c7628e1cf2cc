"""The sheet before the first mark and the light on it afterwards: the same for both classes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.core.seeds import derive_seed, generator
from artforge.engine.data.procedural.canvas import LONGEST_SUPERSAMPLED_SIDE, LOWEST_DRAWING_SIDE, Canvas, Field
from artforge.engine.data.procedural.noise import fractal_noise, value_noise
from artforge.engine.data.procedural.palettes import choose_colours


def prepare_sheet(size: tuple[int, int], seed: int) -> Canvas:
    """A fresh sheet: colours, ground, paper tooth, and how much of it will be covered.

    Args:
        size: (height, width) of the finished picture in pixels.
        seed: all decisions follow from it and none depends on the size.
    """
    rng = generator(derive_seed(seed, "sheet"))
    factor = supersampling(size)
    shape = (size[0] * factor, size[1] * factor)
    scale = float(min(shape))
    extent = (shape[0] / scale, shape[1] / scale)
    colours = choose_colours(rng)
    tint = colours.ground + (colours.inks[-1] - colours.ground) * rng.uniform(0.0, 0.22)
    return Canvas(
        pixels=toned_ground(colours.ground, tint.astype(np.float32), rng.uniform(0, 2 * np.pi), shape),
        scale=scale,
        height=extent[0],
        width=extent[1],
        colours=colours,
        coverage=float(rng.uniform(0.18, 0.52)),
        margin=float(rng.choice([0.04, 0.07, 0.10])),
        tooth=paper_tooth(derive_seed(seed, "tooth"), float(rng.choice([55, 75, 105])), extent, shape),
    )


def supersampling(size: tuple[int, int]) -> int:
    """How many drawing pixels per picture pixel and axis; averaging them is the antialiasing."""
    if max(size) * 2 > LONGEST_SUPERSAMPLED_SIDE:
        return 1
    return max(2, -(-LOWEST_DRAWING_SIDE // min(size)))


def toned_ground(
    near: NDArray[np.float32], far: NDArray[np.float32], direction: float, shape: tuple[int, int]
) -> NDArray[np.uint8]:
    """A ground that drifts from one tone to another across the sheet, as a thinly toned paper does."""
    across = np.linspace(-0.5, 0.5, shape[1], dtype=np.float32)[None, :] * np.float32(np.cos(direction))
    down = np.linspace(-0.5, 0.5, shape[0], dtype=np.float32)[:, None] * np.float32(np.sin(direction))
    share = np.clip(across + down + 0.5, 0, 1)[..., None]
    return np.round(255 * (near + (far - near) * share)).astype(np.uint8)


def paper_tooth(seed: int, cells: float, extent: tuple[float, float], shape: tuple[int, int]) -> Field:
    """The height of the paper's surface, float32 (H, W), [0, 1], nearly uniform in distribution."""
    rough = fractal_noise(seed, cells, 5, extent, shape, gain=0.9)
    # The logistic curve stands in for the normal distribution's: heights come out spread evenly over [0, 1].
    return np.asarray(1 / (1 + np.exp(-1.7 / rough.std() * rough)), np.float32)


def finish(canvas: Canvas, size: tuple[int, int], seed: int) -> NDArray[np.float32]:
    """Average down to the picture's size and let light fall on the paper: relief, a soft light from one side, grain.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].
    """
    rng = generator(derive_seed(seed, "light"))
    extent = (canvas.height, canvas.width)
    picture = cv2.resize(canvas.pixels, (size[1], size[0]), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    tooth = cv2.resize(canvas.tooth, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    relief = np.float32(rng.uniform(0.015, 0.045)) * (tooth - 0.5)
    clouds = np.float32(rng.uniform(0.005, 0.02)) * value_noise(derive_seed(seed, "clouds"), 3, extent, size)
    light = soft_light(rng, size)
    grain = generator(derive_seed(seed, "grain")).standard_normal(size, dtype=np.float32)
    grain *= np.float32(rng.uniform(0.003, 0.007))
    picture *= (1 + relief + clouds + light)[..., None]
    picture += grain[..., None]
    return np.clip(picture, 0, 1)


def soft_light(rng: np.random.Generator, size: tuple[int, int]) -> Field:
    """A mild gradient from a side light and a faint fall-off toward the corners, about [-0.1, 0.05]."""
    y = np.linspace(-1, 1, size[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, size[1], dtype=np.float32)[None, :]
    direction, strength, corner = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.03), rng.uniform(0, 0.05)
    side = np.float32(strength * np.cos(direction)) * x + np.float32(strength * np.sin(direction)) * y
    return np.asarray(side - np.float32(corner) * (x * x + y * y) / 2, np.float32)
