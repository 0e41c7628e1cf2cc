"""A mosaic whose stones are small where the network looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.bands import tall_bands
from artforge.core.curves import smoothstep
from artforge.core.light import Pixels
from artforge.core.steps import step
from artforge.core.values import Color, Heatmap, Image, Unit
from artforge.engine.attention.settings import check_count, check_range
from artforge.ops.heat_fields import check_heat
from artforge.ops.layout import color_to_rgb

_SPLITTING = 0.06
"""How long a stone takes to fall into four, in levels: a setting that moves makes none pop."""

_MOST_GUTTER = 0.2
"""Of a stone's edge: small stones would drown in a gutter that is right for large ones."""


@step("mosaic", version=1)
def mosaic(
    image: Image,
    heatmap: Heatmap,
    *,
    largest: Annotated[float, Field(gt=0, le=1)] = 0.25,
    num_levels: Annotated[int, Field(ge=1, le=9)] = 6,
    detail: Annotated[float, Field(ge=0, le=4)] = 1.0,
    gutter: Annotated[float, Field(ge=0, le=0.1)] = 0.003,
    roundness: Unit = 0.0,
    color: Color = "#16130f",
) -> Image:
    """Lay a picture in square stones that split into four, again and again, the hotter it is.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        heatmap: float32 (H, W), [0, 1].
        largest: edge of a stone that is not split, as a share of the picture's short edge.
        num_levels: how many sizes of stones there are, each half of the one before.
        detail: how soon stones split: at 1 the hottest place has the smallest stones, at 0 none is split.
        gutter: width between stones, as a share of the short edge; the same for all sizes, but never more than a fifth
            of a stone.
        roundness: of the stones: 0 square, 1 discs.
        color: of the ground between them, `#rrggbb` or a CSS name.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1]; each stone has the mean colour of the picture under it.

    Raises:
        ShapeError: the heatmap has another size.
        StepError: the heatmap leaves [0, 1].
        ChoiceError: a setting that cannot be.
    """
    check_range("largest", largest, "(0, 1]")
    check_count("num_levels", num_levels, most=9)
    check_range("detail", detail, "[0, 4]")
    check_range("gutter", gutter, "[0, 0.1]")
    check_range("roundness", roundness, "[0, 1]")
    ground = color_to_rgb(color)
    check_heat(heatmap, image)
    height, width = heatmap.shape
    short = min(height, width)
    grids = _grids(np.ascontiguousarray(image), np.ascontiguousarray(heatmap), largest * short, num_levels, detail)
    laid = np.empty(image.shape, np.float32)
    for rows in tall_bands(len(laid)):
        band = np.broadcast_to(ground, (rows.stop - rows.start, *laid.shape[1:])).astype(np.float32)
        for grid in grids:
            _lay(band, grid, rows, (height, width), gutter=gutter * short, roundness=roundness, ground=ground)
        laid[rows] = np.clip(band, 0, 1)  # rounding
    return laid


@dataclass(frozen=True)
class _Grid:
    """The stones of one size.

    Attributes:
        colors: float32 (rows, columns, 3).
        shown: float32 (rows, columns): 1 where the larger stone above is split, 0 where it is whole.
        seen: bool (rows, columns): whether it is shown and its own parts do not cover it all.
    """

    colors: Pixels
    shown: Pixels
    seen: NDArray[np.bool_]


def _grids(image: Image, heatmap: Heatmap, edge: float, num_levels: int, detail: float) -> list[_Grid]:
    """Stones of every size, the largest first; none is smaller than a pixel."""
    height, width = heatmap.shape
    rows, columns = (min(max(1, round(length / edge)), length) for length in (height, width))
    sizes = [(rows << level, columns << level) for level in range(num_levels)]
    sizes = [size for size in sizes if size[0] <= height and size[1] <= width]
    hottest = _means(heatmap, sizes[-1])
    heats = [hottest]
    for _ in sizes[1:]:  # a stone is as hot as the hottest of its parts, or small hot places would not be found
        fine = heats[0]
        heats.insert(0, fine.reshape(fine.shape[0] // 2, 2, fine.shape[1] // 2, 2).max(axis=(1, 3)))
    grids: list[_Grid] = []
    shown = np.ones(sizes[0], np.float32)
    for level, size in enumerate(sizes):
        depth = heats[level] * np.float32(detail * (num_levels - 1 + _SPLITTING))
        split = smoothstep((depth - np.float32(level)) / np.float32(_SPLITTING))
        covered = (split == 1) & (level < len(sizes) - 1)
        grids.append(_Grid(_means(image, size), shown, (shown > 0) & ~covered))
        shown = split.repeat(2, axis=0).repeat(2, axis=1)
    return grids


def _means(array: Pixels, size: tuple[int, int]) -> Pixels:
    return np.asarray(cv2.resize(array, size[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _lay(
    band: Pixels, grid: _Grid, rows: slice, size: tuple[int, int], *, gutter: float, roundness: float, ground: Pixels
) -> None:
    """Lay the stones of one size over a band of rows, where they are seen."""
    num_rows, num_columns = grid.shown.shape
    row = _stones_at(np.arange(rows.start, rows.stop), size[0], num_rows)
    column = _stones_at(np.arange(size[1]), size[1], num_columns)
    columns = np.flatnonzero(np.asarray(grid.seen[row[0] : row[-1] + 1].any(axis=0))[column])
    if not len(columns):
        return
    column = column[columns]
    edges = size[0] / num_rows, size[1] / num_columns
    gutter = min(gutter, _MOST_GUTTER * min(edges))
    down = _inwards(np.arange(rows.start, rows.stop), row, edges[0])
    across = _inwards(columns, column, edges[1])
    cover = _beside_gutter(down, gutter)[:, None] * _beside_gutter(across, gutter)
    if roundness:
        radius = np.float32(roundness * (min(edges) - gutter) / 2)
        y, x = (np.maximum(radius + np.float32(gutter / 2) - inwards, 0) for inwards in (down, across))
        cover = np.minimum(cover, np.clip(radius + np.float32(0.5) - np.hypot(y[:, None], x), 0, 1))
    cover = cover[..., None]
    opacity = grid.shown[row][:, column][..., None]
    stones = ground + (grid.colors[row][:, column] - ground) * cover
    under = band[:, columns]
    band[:, columns] = under + opacity * (stones - under)


def _stones_at(places: NDArray[np.int_], length: int, count: int) -> NDArray[np.int64]:
    """Along one axis: the number of the stone that holds each pixel."""
    return np.minimum(((places + 0.5) * count / length).astype(np.int64), count - 1)


def _inwards(places: NDArray[np.int_], stone: NDArray[np.int64], edge: float) -> Pixels:
    """How far inside its stone's square each pixel lies along one axis, from the nearer side."""
    return np.asarray(edge / 2 - np.abs(places + 0.5 - (stone + 0.5) * edge), np.float32)


def _beside_gutter(inwards: Pixels, gutter: float) -> Pixels:
    """The share of each pixel, one wide, that the gutter along the side of the square leaves free."""
    half = np.float32(gutter / 2)
    inside = np.minimum(inwards + np.float32(0.5), half) - np.maximum(inwards - np.float32(0.5), -half)
    return np.asarray(1 - np.clip(inside, 0, 1), np.float32)
