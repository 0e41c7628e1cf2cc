"""Large pictures whose rows are made when they are asked for: no print need ever be whole in floats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from artforge.core.pictures import resize
from artforge.core.print_sizes import Sheet
from artforge.core.values import Image

BAND_PIXELS = 1 << 20
"""Pixels of a band: 12 MB in floats."""
_CUBIC = -0.75  # the sharpness of OpenCV's cubic curves, which `resize` has too


@dataclass
class BandedImage:
    """A picture whose rows are made when they are asked for.

    Attributes:
        height, width: in pixels.
        draw: (top, bottom) -> these rows, float32 (bottom - top, width, 3), sRGB, [0, 1].
    """

    height: int
    width: int
    draw: Callable[[int, int], Image]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, 3), as an Image has it."""
        return self.height, self.width, 3

    def bands(self) -> Iterator[tuple[int, Image]]:
        """(top row, band) from the top down; together they are the picture."""
        rows = max(1, BAND_PIXELS // self.width)
        for top in range(0, self.height, rows):
            yield top, self.draw(top, min(top + rows, self.height))

    def whole(self) -> Image:
        """All of it at once."""
        return self.draw(0, self.height)

    def let_go(self) -> None:
        """Drop what the rows are made from, of a large print most of its memory; they can be drawn no more."""
        self.draw = _gone


def _gone(top: int, bottom: int) -> NoReturn:
    raise AssertionError(f"rows {top} to {bottom} are drawn of a picture that was let go")


def as_banded(image: Image | BandedImage) -> BandedImage:
    """An Image as a picture that has its rows already."""
    if isinstance(image, BandedImage):
        return image
    return BandedImage(image.shape[0], image.shape[1], lambda top, bottom: image[top:bottom])


def resized(image: Image, size: tuple[int, int]) -> BandedImage:
    """What `resize` gives, to within 1e-5, made band by band where the picture grows.

    Args:
        image: float32 (h, w, 3).
        size: (height, width).
    """
    height, width = size
    if height * width <= image.shape[0] * image.shape[1]:
        return as_banded(resize(image, size))
    return BandedImage(height, width, lambda top, bottom: _enlarged_rows(image, size, top, bottom))


def laid_on(image: Image, sheet: Sheet, ground: NDArray[np.float32]) -> BandedImage:
    """A picture on a sheet of paper.

    Args:
        image: float32 (h, w, 3).
        sheet: where it lies.
        ground: float32 (3,), the colour around it.
    """
    picture = resized(image, sheet.picture)
    columns = slice(max(0, sheet.left), max(0, sheet.left) + min(picture.width, sheet.width))
    seen = slice(max(0, -sheet.left), max(0, -sheet.left) + min(picture.width, sheet.width))

    def draw(top: int, bottom: int) -> Image:
        first, last = np.clip([top - sheet.top, bottom - sheet.top], 0, picture.height)
        if (last - first, picture.width) == (bottom - top, sheet.width):
            return picture.draw(int(first), int(last))
        band = np.tile(ground, (bottom - top, sheet.width, 1))
        if last > first:
            start = int(first) + sheet.top - top
            band[start : start + int(last - first), columns] = picture.draw(int(first), int(last))[:, seen]
        return band

    return BandedImage(sheet.height, sheet.width, draw)


def _enlarged_rows(image: Image, size: tuple[int, int], top: int, bottom: int) -> Image:
    """Rows of an enlarged picture by cubic curves, from the few rows that they need: the same in whatever bands."""
    rows, row_weights = _taps(image.shape[0], size[0], top, bottom)
    columns, column_weights = _taps(image.shape[1], size[1], 0, size[1])
    first = int(rows.min())
    source = image[first : int(rows.max()) + 1]
    across = np.zeros((len(source), size[1], 3), np.float32)
    band = np.zeros((bottom - top, size[1], 3), np.float32)
    for tap in range(4):
        across += source.take(columns[:, tap], axis=1) * column_weights[:, tap, None]
    for tap in range(4):
        band += across.take(rows[:, tap] - first, axis=0) * row_weights[:, tap, None, None]
    return np.clip(band, 0, 1, out=band)  # cubic curves overshoot


def _taps(length: int, new_length: int, start: int, stop: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """For places of an enlarged edge: the four of the old edge that count there, and for how much; both (n, 4)."""
    places = (np.arange(start, stop) + 0.5) * (length / new_length) - 0.5
    before = np.floor(places).astype(np.intp)
    indices = np.clip(before[:, None] + np.arange(-1, 3), 0, length - 1)
    return indices, _cubic_weights((places - before).astype(np.float32))


def _cubic_weights(share: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 (n, 4): what the neighbours at -1, 0, 1 and 2 count for, for places that far behind the one at 0.

    Source: Keys, Cubic convolution interpolation for digital image processing (1981), where
    the sharpness is -1/2 in the end.
    """
    distances = np.abs(share[:, None] - np.arange(-1, 3, dtype=np.float32))
    near = ((_CUBIC + 2) * distances - (_CUBIC + 3)) * distances**2 + 1
    far = ((_CUBIC * distances - 5 * _CUBIC) * distances + 8 * _CUBIC) * distances - 4 * _CUBIC
    return np.where(distances <= 1, near, far).astype(np.float32)
