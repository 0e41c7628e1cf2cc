"""A picture drawn out along the slopes of its heat, as by a brush."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, Turn, Unit
from artforge.engine.attention.settings import check_range
from artforge.ops.displace import Smooth
from artforge.ops.heat_fields import bands, check_heat, look_at, places, slope_field

_PIXELS_A_STEP = 1.5
_MOST_STEPS = 48
"""In each direction; a print takes longer steps, over strokes that are as much thicker."""
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
    short = min(heatmap.shape)
    # a mean over n bristles is 1 / sqrt(n) as strong as one
    strength = bristles * max(1.0, length / thickness) ** 0.5
    picture = np.ascontiguousarray(image)
    drawn = np.empty_like(picture)
    for rows in bands(len(picture)):
        color, bristle = _strokes(picture, field, lattice, rows, reach=length * short / 2, cell=thickness * short)
        if bristles:
            color *= np.exp2(bristle * np.float32(strength))[..., None]
        drawn[rows] = np.clip(color, 0, 1)
    return drawn


def _strokes(
    picture: Image,
    field: NDArray[np.float32],
    lattice: NDArray[np.float32],
    rows: slice,
    *,
    reach: float,
    cell: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean colour, and mean of the bristles less strong where strokes are short, along the stroke through each pixel.

    Args:
        reach: half of a stroke, pixels.
        cell: one bristle, pixels.
    """
    height, width = picture.shape[:2]
    num_steps = int(np.clip(np.ceil(reach / _PIXELS_A_STEP), 1, _MOST_STEPS))
    weights = np.cos(np.linspace(0, np.pi / 2, num_steps + 1, endpoint=False)).astype(np.float32) ** 2
    total = np.float32(weights[0] + 2 * weights[1:].sum())
    start = places(rows, width)
    color = picture[rows] * weights[0]
    bristle = _bristle(lattice, *start, cell) * weights[0]
    for way in (-1.0, 1.0):
        across, down = start
        for weight in weights[1:]:
            arrow = look_at(field, across, down, (height, width)) * np.float32(way * reach / num_steps)
            across, down = across + arrow[..., 0], down + arrow[..., 1]
            color += weight * cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
            bristle += weight * _bristle(lattice, across, down, cell)
    arrow = look_at(field, *start, (height, width))
    return color / total, bristle / total * (arrow[..., 0] ** 2 + arrow[..., 1] ** 2)


def _bristle(
    lattice: NDArray[np.float32], across: NDArray[np.float32], down: NDArray[np.float32], cell: float
) -> NDArray[np.float32]:
    scale = np.float32(1 / cell)
    found = cv2.remap(lattice, across * scale, down * scale, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
    return np.asarray(found, np.float32)
