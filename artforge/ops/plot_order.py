"""A drawing put in order for the pen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.drawings import Drawing, Layer, layer_of
from artforge.core.steps import step
from artforge.core.work import current_work
from artforge.engine.attention.settings import check_count, check_range
from artforge.ops.pen_tour import pen_tour

_HOME = np.zeros(2)
"""The page's upper left corner, where plotters begin."""


@step("plot_order", version=1)
def plot_order(
    drawing: Drawing,
    *,
    passes: Annotated[int, Field(ge=0, le=1000)] = 12,
    join: Annotated[float, Field(ge=0, le=100)] = 0.15,
) -> Drawing:
    """Put a drawing in an order in which the raised pen travels little: the picture stays, the plotter is done sooner.

    Every pen begins at the page's upper left corner, goes on to what is nearest, and a line may be drawn backwards;
    then pieces of the way are turned round wherever that saves travel. What is saved is told, and stands in an SVG.

    Args:
        drawing: lines and dots in mm.
        passes: over the whole way at most; 0 leaves it as the nearest neighbour has it.
        join: lines that end as near as this to the next one are drawn as one, without lifting the pen, in mm.

    Returns:
        the drawing with the same pens, lines and dots, in another order.

    Raises:
        ChoiceError: a setting out of its range.

    Source: see `pen_tour`: nearest neighbour and 2-opt (Croes 1958; Bentley 1992).
    """
    check_count("passes", passes, least=0, most=1000)
    check_range("join", join, "[0, 100]")
    layers = []
    for number, layer in enumerate(drawing.layers):
        current_work().advanced(number / len(drawing.layers), f"pen {number + 1} of {len(drawing.layers)}")
        layers.append(_in_order(layer, passes, join))
    before, now = (sum(each.travel() for each in group) / 1000 for group in (drawing.layers, layers))
    if before > 0:
        saved = f"the raised pen travels {now:,.2f} m instead of {before:,.2f} m, {1 - now / before:.0%} less"
        current_work().remarked(saved)
    return drawing.with_layers(layers)


def _in_order(layer: Layer, passes: int, join: float) -> Layer:
    lines = list(layer.lines())
    ends = np.array([[line[0], line[-1]] for line in lines], np.float64).reshape(-1, 2, 2)
    order, turned = pen_tour(ends, _HOME, passes)
    in_order = [lines[at][::-1] if back else lines[at] for at, back in zip(order, turned, strict=True)]
    drawn = list(_joined(in_order, join))
    here = drawn[-1][-1].astype(np.float64) if drawn else _HOME
    dots = layer.dots
    dot_order, _ = pen_tour(np.repeat(dots[:, None, :2].astype(np.float64), 2, axis=1), here, passes)
    before = layer.travel() if layer.travel_before is None else layer.travel_before
    return replace(layer_of(layer.pen, drawn, dots[dot_order]), travel_before=before)


def _joined(lines: list[NDArray[np.float32]], join: float) -> Iterator[NDArray[np.float32]]:
    """Lines with those made one that follow each other closely."""
    piece: list[NDArray[np.float32]] = []
    for line in lines:
        if piece and np.hypot(*(line[0] - piece[-1][-1])) > join:
            yield np.concatenate(piece)
            piece = []
        piece.append(line)
    if piece:
        yield np.concatenate(piece)
