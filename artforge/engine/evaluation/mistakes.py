"""The worst mistakes of a model, the surest first, and the sheet that shows them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from artforge.engine.evaluation.chart_style import (
    GRID,
    INK,
    MARGIN,
    ORANGE,
    QUIET,
    SMALL,
    TEXT,
    chart_style,
    shorten,
    write_heading,
)
from artforge.engine.evaluation.predictions import Predictions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_SHOWN = 30
_COLUMNS = 6
_TILE, _GUTTER, _CAPTION, _HEADING = 1.75, 0.2, 0.68, 0.55
"""Inches: the edge of a tile, the space beside it, that for its caption, and that above all."""
_LETTERS = 27  # of a caption that fit under a tile


def worst_mistakes(predictions: Predictions, *, most: int = MOST_SHOWN) -> NDArray[np.int64]:
    """Which pictures the model got wrong, those it was surest of first; of equals the first.

    Args:
        predictions: of a test.
        most: how many at most.

    Returns:
        int64 (k,), positions in `predictions`.
    """
    wrong = np.flatnonzero(~predictions.right)
    confidence = predictions.probabilities.max(axis=1)[wrong]
    return np.asarray(wrong[np.argsort(-confidence, kind="stable")][:most], np.int64)


def mistakes_sheet(
    pictures: NDArray[np.uint8], mistakes: Sequence[int] | NDArray[np.int64], predictions: Predictions, *, title: str
) -> Figure:
    """A contact sheet: each picture with what it is, what it was taken for and how surely, and its name.

    Args:
        pictures: uint8 (k, H, W, 3 or 1), as the model sees them, in the order of `mistakes`.
        mistakes: k positions in `predictions`; may be none, and the sheet says so.
        predictions: of the test.
        title: above.
    """
    from matplotlib.figure import Figure

    columns = min(_COLUMNS, max(4, len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    width = 2 * MARGIN + columns * (_TILE + _GUTTER) - _GUTTER
    height = _HEADING + max(rows * (_TILE + _CAPTION), 0.5)
    with chart_style():
        figure = Figure(figsize=(width, height))
        write_heading(figure, title)
        if not rows:
            text = "no mistakes: every picture was recognised"
            figure.text(MARGIN / width, 0.5 / height, text, color=QUIET, fontsize=TEXT)
        for place, (pixels, position) in enumerate(zip(pictures, mistakes, strict=True)):
            row, column = divmod(place, columns)
            left, bottom = MARGIN + column * (_TILE + _GUTTER), height - _HEADING - row * (_TILE + _CAPTION) - _TILE
            axes = figure.add_axes((left / width, bottom / height, _TILE / width, _TILE / height))
            _draw_tile(axes, pixels, predictions, int(position))
    return figure


def _draw_tile(axes: Axes, pixels: NDArray[np.uint8], predictions: Predictions, position: int) -> None:
    axes.set_axis_off()
    shown = np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels
    axes.imshow(shown, interpolation="lanczos" if max(shown.shape[:2]) >= 64 else "nearest")
    names = predictions.class_names
    truth, guess = names[predictions.labels[position]], names[predictions.predicted[position]]
    sure = float(predictions.probabilities[position].max())
    lines = [
        (f"is {truth}", INK),
        (f"{sure:.1%} {guess}", ORANGE),  # the number first: a long name may be cut
        (PurePosixPath(predictions.items[position]).name, QUIET),
    ]
    for row, (text, colour) in enumerate(lines):
        axes.annotate(
            shorten(text, _LETTERS),
            (0, 0),
            xycoords="axes fraction",
            xytext=(0, -4 - 10.5 * row),
            textcoords="offset points",
            va="top",
            color=colour,
            fontsize=SMALL,
        )
    axes.axhline(shown.shape[0] - 0.5, xmax=1, color=GRID, linewidth=2, clip_on=False)
    axes.axhline(shown.shape[0] - 0.5, xmax=sure, color=ORANGE, linewidth=2, clip_on=False)
