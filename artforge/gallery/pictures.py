"""What is made of a picture for the pages: thumbnails in a few sizes and formats, and its tone."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from artforge.core.films import film_info, read_frame
from artforge.core.pictures import read_pixels, to_bytes
from artforge.gallery.svg import read_drawing
from artforge.gallery.tone import tone_of

THUMB_BOXES = ((320, 560), (640, 1120))
"""(height, width) in pixels that the thumbnails of the wall fit into: a row of it, on plain and on fine screens."""

VIEW_BOX = (1280, 1920)
"""What stands on a work's page fits into this, where the file itself is too heavy for it."""

THUMB_FORMATS = ("webp", "jpg")
"""Every thumbnail is made in these, the lightest first; the last one is read everywhere."""

MAKER = 1
"""Bumped when thumbnails look different, so that those of an older build are made anew."""

_INK_EDGE = 1920

_JPEG = {"quality": 80}

_WEBP = {"quality": 78, "method": 1}  # AVIF of this size takes ten times as long; as fast, it rings in plain mats

_ink_lock = threading.Lock()  # Matplotlib draws one figure at a time


@dataclass(frozen=True)
class Picture:
    """What was made of one picture: its thumbnails and its tone.

    Attributes:
        width, height: of the picture itself, pixels.
        sizes: (width, height) of its thumbnails, small to large.
        ground: the colour that covers most of it, `#rrggbb`.
        color: the name of the colour that marks it.
    """

    stem: str
    width: int
    height: int
    sizes: tuple[tuple[int, int], ...]
    ground: str
    color: str

    def address(self, width: int, file_format: str) -> str:
        """Of one thumbnail inside the site."""
        return f"{self.stem}-{width}.{file_format}"

    @property
    def addresses(self) -> list[str]:
        """Of all its thumbnails."""
        return [self.address(width, each) for width, _ in self.sizes for each in THUMB_FORMATS]


def decode(path: Path, *, is_film: bool) -> NDArray[np.uint8]:
    """uint8 (H, W, 3): a picture, a film's middle frame, a drawing in ink.

    A loop that starts from nothing has come furthest half way.
    """
    if is_film:
        num_frames = film_info(path).num_frames
        read_frame(path, num_frames - 1)  # a film that was cut short still opens: only its end tells
        return to_bytes(read_frame(path, num_frames // 2))
    return _inked(path) if path.suffix.lower() == ".svg" else read_pixels(path)


def _inked(path: Path) -> NDArray[np.uint8]:
    from artforge.core.inking import ink  # noqa: PLC0415 - only drawings need it

    drawing = read_drawing(path)
    with _ink_lock:
        return to_bytes(ink(drawing, _INK_EDGE))


def make_picture(pixels: NDArray[np.uint8], boxes: Iterable[tuple[int, int]], stem: str, site: Path) -> Picture:
    """Thumbnails from large to small, each from the one before: a third of the time of starting from the whole."""
    size = pixels.shape[0], pixels.shape[1]
    sizes = {width: (width, height) for height, width in (fit_box(size, box) for box in boxes)}
    shrunk = pixels
    for width, height in sorted(sizes.values(), reverse=True):
        if (height, width) != shrunk.shape[:2]:
            shrunk = np.asarray(cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        thumb = PillowImage.fromarray(shrunk)
        thumb.save(site / f"{stem}-{width}.webp", format="WEBP", **_WEBP)
        thumb.save(site / f"{stem}-{width}.jpg", format="JPEG", **_JPEG)
    tone = tone_of(shrunk)
    return Picture(stem, size[1], size[0], tuple(sorted(sizes.values())), tone.ground, tone.name)


def picture_of(known: Any) -> Picture | None:
    try:
        return Picture(**(known | {"sizes": tuple((int(width), int(height)) for width, height in known["sizes"])}))
    except (TypeError, KeyError, ValueError):
        return None


def fit_box(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """`size` shrunk to fit into `box`, both (height, width) in pixels; never enlarged, never below one pixel."""
    height, width = size
    scale = min(1.0, box[0] / height, box[1] / width)
    return max(1, round(height * scale)), max(1, round(width * scale))
