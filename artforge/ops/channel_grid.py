"""Activation grids: every channel of a layer as a tile of one print."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.errors import check_choice
from artforge.core.pictures import resize
from artforge.core.steps import step
from artforge.core.values import Color, FeatureMaps, Heatmap, Image, Kind, Palette
from artforge.engine.attention.settings import check_count
from artforge.ops.colorize import look_up
from artforge.ops.colormaps import palette_table
from artforge.ops.layout import blank, color_to_rgb, even_tiling, fit_within

Scale = Literal["each", "all"]
"""Whether each channel is shown on a scale of its own."""
Interpolation = Literal["smooth", "nearest"]
"""How a small map becomes a tile."""

_SPREAD = 64 / 255  # Chollet's 64 grey levels of 255 for one standard deviation
_HIGHEST_PERCENTILE = 99.5
_LEAST_CONTRAST = 1e-6  # standard deviation over highest activation
_SMOOTHNESS = 0.4  # blur in units of one activation


@step("channel_grid", version=1)
def channel_grid(
    maps: FeatureMaps,
    *,
    columns: Annotated[int, Field(ge=1)] | None = None,
    tile: Annotated[int, Kind.PIXELS, Field(ge=8, le=2048)] = 160,
    gutter: Annotated[int, Kind.PIXELS, Field(ge=0, le=512)] = 6,
    map: Palette = "crameri:lajolla",  # noqa: A002
    scale: Scale = "each",
    interpolation: Interpolation = "smooth",
    background: Color = "#16130f",
) -> Image:
    """Print the feature maps of a layer as a grid of tiles, channel 0 at the top left, row by row.

    With `scale: each` a tile shows 0.5 + (64 / 255) * (activation - mean) / std of its channel, cut off at [0, 1] and
    coloured: the mean takes the middle of the colormap, two standard deviations reach its ends. With `scale: all` the
    lowest activation of the layer takes the first colour and the 99.5th percentile the last, so that strong and weak
    channels can be told apart. A dead channel (all zero) is an empty framed tile with a short dash.

    Args:
        maps: float32 (h, w, channels), any scale.
        columns: tiles in a row; left out, the grid comes out square or landscape with few empty places.
        tile: longer edge of a tile in pixels; the shorter one follows the maps' own shape.
        gutter: free space between the tiles and around them, in pixels.
        map: a colormap of the `cmap` catalogue, or a list of colours.
        scale: `each` channel by itself, or one for `all` living channels.
        interpolation: `smooth` between the activations, or `nearest`: one activation, one square.
        background: sRGB, as `#rrggbb` or a CSS name.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: no such colormap, scale, interpolation, size or colour; the nearest are named.

    Source: Chollet, Deep Learning with Python, 2nd ed. (2021), "Visualizing intermediate activations".
    """
    check_choice("scale", scale, get_args(Scale))
    check_choice("interpolation", interpolation, get_args(Interpolation))
    check_count("columns", 1 if columns is None else columns)
    check_count("tile", tile)
    check_count("gutter", gutter, least=0)
    tile_height, tile_width = fit_within(maps, tile)
    tiling = even_tiling(maps.shape[-1], (tile_height, tile_width), columns, gutter)
    table = palette_table(map)
    alive: NDArray[np.bool_] = (maps != 0).any(axis=(0, 1))
    shown = standardize(maps) if scale == "each" else on_one_scale(maps, alive)
    grid = blank(tiling.height, tiling.width, background)
    for channel, (top, left) in enumerate(tiling.corners()):
        if alive[channel]:
            heat = enlarge(shown[..., channel], (tile_height, tile_width), interpolation)
            picture = look_up(heat, table)
        else:
            picture = empty_tile(tile_height, tile_width, background)
        grid[top : top + tile_height, left : left + tile_width] = picture
    return grid


def standardize(maps: FeatureMaps) -> FeatureMaps:
    """Each channel with its mean at 0.5 and one standard deviation at 64/255; not cut off.

    A channel without any difference comes out as 0.5 everywhere.
    """
    pixels = maps.astype(np.float64)
    deviation, std = pixels - pixels.mean(axis=(0, 1)), pixels.std(axis=(0, 1))
    differs = std > _LEAST_CONTRAST * np.abs(pixels).max(axis=(0, 1))  # below it all difference is rounding
    scale = np.where(differs, _SPREAD / np.where(differs, std, 1), 0)
    standardized: FeatureMaps = (0.5 + deviation * scale).astype(np.float32)
    return standardized


def on_one_scale(maps: FeatureMaps, alive: NDArray[np.bool_]) -> FeatureMaps:
    """All channels with the lowest activation of the living ones at 0 and their 99.5th percentile at 1; not cut off."""
    if not alive.any():
        return np.zeros_like(maps)
    living = maps[..., alive].astype(np.float64)
    low, high = living.min(), np.percentile(living, _HIGHEST_PERCENTILE)
    if high <= low:  # almost all activations are equal: the few others are all there is to see
        high = living.max() if living.max() > low else low + 1
    scaled: FeatureMaps = ((maps - low) / (high - low)).astype(np.float32)
    return scaled


def enlarge(heat: Heatmap, size: tuple[int, int], interpolation: Interpolation) -> Heatmap:
    """Resize one channel to (height, width), cut off at [0, 1]."""
    height, width = size
    if interpolation == "nearest":
        enlarged = np.asarray(cv2.resize(heat, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), np.float32)
    else:
        enlarged = resize(np.ascontiguousarray(heat), size)
        blur = _SMOOTHNESS * height / heat.shape[0]
        if blur > _SMOOTHNESS:  # cubic curves alone let the lattice of the activations show
            blurred = cv2.GaussianBlur(enlarged, (0, 0), blur, borderType=cv2.BORDER_REPLICATE)
            enlarged = np.asarray(blurred, np.float32)
    np.clip(enlarged, 0, 1, out=enlarged)
    return enlarged


def empty_tile(height: int, width: int, background: Color) -> Image:
    """A tile for a channel that never fires: the background, a faint frame and a short dash in the middle."""
    ground = color_to_rgb(background)
    ink = np.float32(1 if ground.mean() < 0.5 else 0)
    frame_color, dash_color = (ground + (ink - ground) * np.float32(share) for share in (0.10, 0.22))
    picture = blank(height, width, background)
    picture[[0, -1]] = frame_color
    picture[:, [0, -1]] = frame_color
    half = max(1, min(height, width) // 24)
    thickness = max(1, min(height, width) // 100)
    top, middle = (height - thickness) // 2, width // 2
    picture[top : top + thickness, middle - half : middle + half] = dash_color
    return picture
