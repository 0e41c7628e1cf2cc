"""A picture drawn out along the slopes of its heat, as by a brush."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import cv2
import numpy as np
from pydantic import Field

from artforge.core.bands import tall_bands
from artforge.core.light import Pixels
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, Turn, Unit
from artforge.engine.attention.settings import check_range
from artforge.ops.heat_fields import Smooth, check_heat, look_at, places, slope_field

_REACH = 3
"""A stroke is a mean of means: of places at one seventh of its length, 3 to each side, each of them a mean of 7 places
along that seventh. So 49 places count and 14 are looked up."""
_BRISTLES = 256
"""Edge of the square of bristles that is repeated all over the picture."""


@step("flow_field", version=1)
def flow_field(
    image: Image,
    heatmap: Heatmap,
    *,
    rng: np.random.Generator,
    length: Annotated[float, Field(ge=0, le=1)] = 0.12,
    turn: Turn = 0.25,
    smooth: Smooth = 0.03,
    bristles: Unit = 0.4,
    thickness: Annotated[float, Field(gt=0, le=0.1)] = 0.006,
) -> Image:
    """Draw the colours of a picture out along the slopes of the heat, as a brush that follows what the network sees.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        heatmap: float32 (H, W), [0, 1].
        rng: places the bristles.
        length: of a stroke on a steep slope, as a share of the picture's short edge; where the heat is flat, strokes
            shrink to nothing.
        turn: 0.25 follows the lines of equal heat, 0 runs up the slope and down; between them strokes spiral.
        smooth: the heat is smoothed over this far first, as a share of the short edge.
        bristles: how strongly single bristles show, lighter and darker.
        thickness: of one bristle, as a share of the short edge.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ShapeError: the heatmap has another size.
        StepError: the heatmap leaves [0, 1].
        ChoiceError: a setting that cannot be.

    Source: Cabral and Leedom, Imaging Vector Fields Using Line Integral Convolution (1993),
    https://doi.org/10.1145/166117.166151, over the picture's colours and over noise
    """
    check_range("length", length, "[0, 1]")
    check_range("turn", turn, "[0, 1]")
    check_range("smooth", smooth, "[0, 0.5]")
    check_range("bristles", bristles, "[0, 1]")
    check_range("thickness", thickness, "(0, 0.1]")
    check_heat(heatmap, image)
    if length == 0:
        return image.copy()
    field = slope_field(heatmap, smooth=smooth, turn=turn)
    lattice = (rng.random((_BRISTLES, _BRISTLES), dtype=np.float32) - np.float32(0.5)) * np.float32(2)
    height, width = heatmap.shape
    short = min(height, width)
    picture = np.ascontiguousarray(image)

    def painted(across: Pixels, down: Pixels) -> Pixels:
        bristle = _bristle(lattice, across, down, thickness * short)
        return np.concatenate([_look_up(picture, across, down), bristle[..., None]], axis=-1)

    # a mean over n bristles is 1 / sqrt(n) as strong as one
    strength = bristles * max(1.0, length / thickness) ** 0.5
    return _brushed(painted, field, (height, width), length=length * short, strength=strength)


def _brushed(
    painted: Callable[[Pixels, Pixels], Pixels], field: Pixels, size: tuple[int, int], *, length: float, strength: float
) -> Image:
    """The picture in strokes.

    Args:
        painted: column and row -> float32 (rows, width, 4), what the brush finds there: a colour and a bristle.
        field: float32 (h, w, 2), as `slope_field` gives it.
        size: (height, width) of the picture.
        length: of a stroke where the field is strongest, pixels.
        strength: of the bristles.
    """
    height, width = size
    num_places = 2 * _REACH + 1
    parts = np.empty((height, width, 4), np.float32)
    for rows in tall_bands(height):
        parts[rows] = _along(painted, field, rows, size, stride=length / num_places**2)

    def part(across: Pixels, down: Pixels) -> Pixels:
        return _look_up(parts, across, down)

    drawn = np.empty((height, width, 3), np.float32)
    for rows in tall_bands(height):
        stroke = _along(part, field, rows, size, stride=length / num_places, fading=True)
        arrow = look_at(field, *places(rows, width), size)
        # where strokes are short, few bristles are averaged: there they would be loud
        bristle = stroke[..., 3] * (arrow[..., 0] ** 2 + arrow[..., 1] ** 2)
        drawn[rows] = np.clip(stroke[..., :3] * np.exp2(np.float32(strength) * bristle)[..., None], 0, 1)
    return drawn


def _along(
    sample: Callable[[Pixels, Pixels], Pixels],
    field: Pixels,
    rows: slice,
    size: tuple[int, int],
    *,
    stride: float,
    fading: bool = False,
) -> Pixels:
    """The mean of samples along the line of the field through each pixel of a band.

    Args:
        sample: column and row -> float32 (rows, width, n).
        size: (height, width) of the picture.
        stride: from one sample to the next where the field is strongest, pixels.
        fading: samples count less towards the ends.
    """
    weights = np.cos(np.arange(_REACH + 1) * (np.pi / 2 / (_REACH + 1))) ** 2 if fading else np.ones(_REACH + 1)
    weights = (weights / (weights[0] + 2 * weights[1:].sum())).astype(np.float32)
    start = places(rows, size[1])
    mean: Pixels = sample(*start) * weights[0]
    for way in (-1.0, 1.0):
        across, down = start
        for weight in weights[1:]:
            across, down = _onwards(field, across, down, size, way * stride)
            mean += weight * sample(across, down)
    return mean


def _onwards(
    field: Pixels, across: Pixels, down: Pixels, size: tuple[int, int], stride: float
) -> tuple[Pixels, Pixels]:
    """One step along the field, by the arrow half-way: on a circle the arrow at the start alone would lead outwards."""
    half = look_at(field, across, down, size) * np.float32(stride / 2)
    arrow = look_at(field, across + half[..., 0], down + half[..., 1], size) * np.float32(stride)
    return across + arrow[..., 0], down + arrow[..., 1]


def _look_up(picture: Pixels, across: Pixels, down: Pixels) -> Pixels:
    return np.asarray(cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)


def _bristle(lattice: Pixels, across: Pixels, down: Pixels, cell: float) -> Pixels:
    scale = np.float32(1 / cell)
    found = cv2.remap(lattice, across * scale, down * scale, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
    return np.asarray(found, np.float32)
