"""Pixels put in order along lines, where it is hot."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.bands import tall_bands
from artforge.core.errors import check_choice
from artforge.core.light import luma
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, Unit
from artforge.engine.attention.settings import check_range
from artforge.ops.heat_fields import check_heat

Direction = Literal["right", "left", "down", "up"]
Order = Literal["lightness", "hue", "saturation", "heat"]
Part = Literal["hot", "cold"]

_STRIPS = 4096
_STRIP = 0.004
"""Width of lines that begin and end alike, as a share of the short edge."""


@step("pixel_sort", version=1)
def pixel_sort(
    image: Image,
    heatmap: Heatmap,
    *,
    rng: np.random.Generator,
    direction: Direction = "down",
    by: Order = "lightness",
    where: Part = "hot",
    threshold: Unit = 0.35,
    longest: Annotated[float, Field(gt=0, le=4)] = 0.6,
    ragged: Unit = 0.3,
) -> Image:
    """Sort the pixels along each line through the heat, so that what the network sees runs like wet paint.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        heatmap: float32 (H, W), [0, 1].
        rng: where lines begin and break.
        direction: the way along which pixels rise from low to high.
        by: what they are sorted by: `lightness`, `hue`, `saturation` or `heat`.
        where: sort what is hotter than the threshold, or what is colder.
        threshold: heat at which sorting begins.
        longest: longest sorted line, as a share of the picture's short edge.
        ragged: how far lines differ in where they begin, in heat.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1]: every line of the picture holds the same pixels as before.

    Raises:
        ShapeError: the heatmap has another size.
        StepError: the heatmap leaves [0, 1].
        ChoiceError: a setting that cannot be.

    Source: Asendorf, Mountain Tour (2010), photographs whose pixels are sorted between thresholds of brightness
    """
    check_choice("direction", direction, get_args(Direction))
    check_choice("by", by, get_args(Order))
    check_choice("where", where, get_args(Part))
    check_range("threshold", threshold, "[0, 1]")
    check_range("longest", longest, "(0, 4]")
    check_range("ragged", ragged, "[0, 1]")
    check_heat(heatmap, image)
    starts, breaks = rng.random((2, _STRIPS), dtype=np.float32)
    short = min(heatmap.shape)
    lines, heat = _as_rows(image, direction), _as_rows(heatmap, direction)
    done = np.empty(image.shape, np.float32)
    target = _as_rows(done, direction)
    for rows in tall_bands(len(lines)):
        strip = (np.arange(rows.start, rows.stop) / (_STRIP * short)).astype(np.int64) % _STRIPS
        limit = threshold + ragged * (starts[strip, None] - 0.5)
        sorted_here = (heat[rows] > limit) if where == "hot" else (heat[rows] < limit)
        segment = (np.arange(lines.shape[1]) / (longest * short) + breaks[strip, None]).astype(np.int64)
        keys = _runs(sorted_here, segment) + _rank(lines[rows], heat[rows], by).astype(np.float64) * 0.5
        order = keys.argsort(axis=1, kind="stable")
        target[rows] = np.take_along_axis(lines[rows], order[..., None], axis=1)
    return done


def _as_rows(array: NDArray[np.float32], direction: Direction) -> NDArray[np.float32]:
    """A view in which the direction runs to the right."""
    rows = array.swapaxes(0, 1) if direction in ("down", "up") else array
    return rows[:, ::-1] if direction in ("left", "up") else rows


def _runs(sorted_here: NDArray[np.bool_], segment: NDArray[np.int64]) -> NDArray[np.float64]:
    """A number for every pixel that rises along the line and is the same within what is sorted together."""
    begins = np.ones(sorted_here.shape, bool)
    begins[:, 1:] = ~(sorted_here[:, 1:] & sorted_here[:, :-1]) | (segment[:, 1:] != segment[:, :-1])
    return begins.cumsum(axis=1).astype(np.float64)


def _rank(pixels: NDArray[np.float32], heat: NDArray[np.float32], by: Order) -> NDArray[np.float32]:
    """What pixels are sorted by, in [0, 1]."""
    if by == "heat":
        return heat
    if by == "lightness":
        return luma(pixels)
    hue, saturation = np.moveaxis(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2HSV), -1, 0)[:2]
    return np.asarray(hue / 360 if by == "hue" else saturation, np.float32)
