"""Tiles on a ground: what channel grids, contact sheets and mats share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.colors import hex_of
from artforge.core.values import Color, Image


def color_to_rgb(color: Color) -> NDArray[np.float32]:
    """`#rrggbb` or a CSS name -> float32 (3,), sRGB, [0, 1].

    Raises:
        ChoiceError: it is no such colour; the nearest name is told.
    """
    digits = hex_of(color)
    return np.array([int(digits[at : at + 2], 16) for at in (1, 3, 5)], np.float32) / np.float32(255)


def blank(height: int, width: int, color: Color) -> Image:
    """A sheet of one colour."""
    return np.tile(color_to_rgb(color), (height, width, 1))


@dataclass(frozen=True)
class Tiling:
    """Equal tiles in rows, from left to right and from the top down; all lengths in pixels.

    Attributes:
        num_tiles: how many tiles there are; the last row may be short.
        columns: tiles in a row.
        tile_height, tile_width: size of one tile.
        gutter: (between rows, between columns).
        margin: (above, below, at each side).
    """

    num_tiles: int
    columns: int
    tile_height: int
    tile_width: int
    gutter: tuple[int, int]
    margin: tuple[int, int, int]

    @property
    def rows(self) -> int:
        """How many rows the tiles need."""
        return math.ceil(self.num_tiles / self.columns)

    @property
    def height(self) -> int:
        """Of the whole sheet."""
        return self.margin[0] + self.rows * (self.tile_height + self.gutter[0]) - self.gutter[0] + self.margin[1]

    @property
    def width(self) -> int:
        """Of the whole sheet."""
        return 2 * self.margin[2] + self.columns * (self.tile_width + self.gutter[1]) - self.gutter[1]

    def corners(self) -> Iterator[tuple[int, int]]:
        """(top, left) of each tile."""
        for index in range(self.num_tiles):
            row, column = divmod(index, self.columns)
            top = self.margin[0] + row * (self.tile_height + self.gutter[0])
            left = self.margin[2] + column * (self.tile_width + self.gutter[1])
            yield top, left


def even_tiling(num_tiles: int, size: tuple[int, int], columns: int | None, gutter: int) -> Tiling:
    """Tiles with the same free space between them and around them.

    Args:
        num_tiles: at least 1.
        size: (height, width) of one tile.
        columns: at most so many tiles in a row; None takes those of `landscape_columns`.
        gutter: the free space in pixels.
    """
    height, width = size
    return Tiling(
        num_tiles=num_tiles,
        columns=min(columns or landscape_columns(num_tiles, width / height), num_tiles),
        tile_height=height,
        tile_width=width,
        gutter=(gutter, gutter),
        margin=(gutter, gutter, gutter),
    )


def landscape_columns(num_tiles: int, tile_aspect: float = 1.0) -> int:
    """How many columns make a sheet near to square or landscape, with as few empty places as can be.

    Args:
        num_tiles: at least 1.
        tile_aspect: width / height of a tile.
    """

    def cost(columns: int) -> float:
        rows = math.ceil(num_tiles / columns)
        num_empty = rows * columns - num_tiles
        emptiness = 3 * num_empty / num_tiles + (0.4 if num_empty else 0.0)
        stretch = math.log(columns * tile_aspect / (rows * 1.25))  # 5:4 is the shape aimed at
        upright = 4 * max(0.0, -math.log(columns * tile_aspect / rows))
        return emptiness + abs(stretch) + upright

    return min(range(1, num_tiles + 1), key=cost)


def fit_within(image: NDArray[np.float32], box: int) -> tuple[int, int]:
    """(height, width) of the shape of `image` whose longer edge is `box`; neither is below 1."""
    height, width = image.shape[:2]
    scale = box / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def paint(page: Image, box: tuple[float, float, float, float], color: Color, strength: float = 1.0) -> None:
    """Fill a rectangle on `page`, in place; a pixel that it covers in part takes a part of the colour.

    So a line thinner than a pixel is faint and not lost, and a preview shows what the print will.

    Args:
        page: float32 (H, W, 3).
        box: (top, left, bottom, right) in pixels; what lies beyond the page is cut off.
        color: sRGB.
        strength: [0, 1], how much of the colour full cover gives.
    """
    top, left, bottom, right = box
    down, across = _cover(page.shape[0], top, bottom), _cover(page.shape[1], left, right)
    rows, columns = _extent(down), _extent(across)
    tint(page[rows, columns], color, down[rows, None] * across[None, columns] * np.float32(strength))


def tint(part: Image, color: Color, cover: NDArray[np.float32]) -> None:
    """Mix a colour into a part of a page, in place.

    Args:
        part: float32 (H, W, 3), a view.
        color: sRGB.
        cover: float32 (H, W), [0, 1]: 0 leaves a pixel as it is, 1 makes it the colour, both to the last bit.
    """
    share = cover[..., None]
    part *= 1 - share
    part += color_to_rgb(color) * share


def _cover(size: int, start: float, end: float) -> NDArray[np.float32]:
    """How much of each of `size` pixels in a row lies between two places."""
    pixels = np.arange(size)
    cover: NDArray[np.float32] = np.clip(np.minimum(end, pixels + 1) - np.maximum(start, pixels), 0, 1).astype(
        np.float32
    )
    return cover


def _extent(cover: NDArray[np.float32]) -> slice:
    """From the first pixel that is covered to the last."""
    covered = np.flatnonzero(cover)
    return slice(int(covered[0]), int(covered[-1]) + 1) if covered.size else slice(0, 0)
