"""What a picture may go through before training sees it: changes that leave its class alone but take shortcuts away."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.core.values import Image

RESCALE_RANGE = (0.5, 2.0)
RESAMPLED = 0.25
"""Share of the pictures that are rescaled. It blurs, and a network that never saw a picture as sharp as the test's
fails on them (measured: validation loss 0.96 beside a training loss of 0.50)."""


@dataclass(frozen=True)
class Augmentation:
    """Which changes are drawn for each training picture.

    Attributes:
        rescale: resize by a random factor in [0.5, 2] and back, so that sharpness is no cue.
        flip: lay the picture down in one of its eight ways (mirrored or not, by quarter turns).
        window: edge in pixels of the square that is cut out at the picture's own scale; 0 takes the whole picture.
        jitter: strength of random brightness, contrast, saturation and white balance in [0, 1]; 0 leaves colours alone.
        jpeg: share of the pictures that pass through JPEG compression, in [0, 1].
    """

    rescale: bool = True
    flip: bool = True
    window: int = 64
    jitter: float = 0.1
    jpeg: float = 0.2


def augment(pixels: NDArray[np.uint8], augmentation: Augmentation, rng: np.random.Generator) -> Image:
    """One training picture, changed by chance; the size stays.

    Args:
        pixels: uint8 (H, W, 3), or (H, W, 1) for greys.
        augmentation: what may happen.
        rng: decides; the same state gives the same picture.

    Returns:
        float32 (H, W, 3 or 1) in [0, 1].
    """
    if pixels.shape[-1] == 1:
        return augment(np.repeat(pixels, 3, axis=-1), augmentation, rng)[..., :1]
    if augmentation.flip:
        pixels = random_flip(pixels, rng)
    if augmentation.rescale and rng.random() < RESAMPLED:
        pixels = random_rescale(pixels, rng)
    if augmentation.window:
        pixels = random_window(pixels, augmentation.window, rng)
    if rng.random() < augmentation.jpeg:
        pixels = through_jpeg(pixels, quality=int(rng.integers(40, 96)))
    image = pixels.astype(np.float32, order="C")  # a turned picture is a view of other strides
    image /= 255
    return jitter_colours(image, augmentation.jitter, rng) if augmentation.jitter > 0 else image


def random_flip(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Mirror one picture in two, and turn it by quarters (a picture that is not square: by halves)."""
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    square = pixels.shape[0] == pixels.shape[1]
    return np.rot90(pixels, rng.choice((0, 1, 2, 3) if square else (0, 2)))


def random_rescale(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Resize by a factor drawn from [0.5, 2] and back to the size it had, both ways bilinear.

    Source: the `augment` cell of A. El Kholy, Model Attention in CNNs for Image Classification of AI-Generated and
    Human-Made Artwork (2024), https://github.com/adamelkholyy/ai-artwork-attention
    """
    return rescale_and_back(pixels, rng.uniform(*RESCALE_RANGE))


def rescale_and_back(pixels: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Resize uint8 (H, W, 3) by `factor` and back to (H, W)."""
    height, width = pixels.shape[:2]
    between = (max(1, round(width * factor)), max(1, round(height * factor)))
    rescaled = cv2.resize(np.ascontiguousarray(pixels), between, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(rescaled, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def random_window(pixels: NDArray[np.uint8], edge: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Cut a square window of `edge` pixels anywhere in the picture, at its own scale; all of it where it is smaller."""
    height, width = pixels.shape[:2]
    rows, columns = min(edge, height), min(edge, width)
    top, left = int(rng.integers(0, height - rows + 1)), int(rng.integers(0, width - columns + 1))
    return pixels[top : top + rows, left : left + columns]


def through_jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """What JPEG compression of this quality (1 to 100) leaves of a uint8 (H, W, 3) picture."""
    blue_first = np.ascontiguousarray(pixels[..., ::-1])
    _, encoded = cv2.imencode(".jpg", blue_first, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB), dtype=np.uint8)


def jitter_colours(image: Image, strength: float, rng: np.random.Generator) -> Image:
    """Move brightness, contrast, saturation and the gain of each channel by at most `strength`, a share in [0, 1].

    All four together are one matrix and one offset for every colour, so the picture is gone through once.
    """
    brightness = rng.uniform(-0.5, 0.5) * strength
    contrast, saturation = 1 + rng.uniform(-1, 1, 2) * strength
    gains = 1 + rng.uniform(-0.5, 0.5, 3) * strength
    coloured = gains[:, None] * (saturation * np.eye(3) + (1 - saturation) / 3)
    middle = (coloured @ cv2.mean(image)[:3]).mean()
    offset = np.full((3, 1), (1 - contrast) * middle + brightness)
    moved = cv2.transform(image, np.hstack([contrast * coloured, offset]))
    return np.asarray(np.clip(moved, 0, 1, out=moved), np.float32)
