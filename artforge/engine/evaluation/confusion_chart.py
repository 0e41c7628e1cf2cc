"""The confusion matrix as a picture: what was taken for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from artforge.engine.evaluation.chart_style import GROUND, INK, QUIET, SMALL, TEXT, chart_style, new_figure, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PALE, _DEEP, _FAINT = "#f2f5f9", "#1b4f86", "#b4b4bc"
_LONGEST_NAME = 26
_MOST_NUMBERS = 30  # classes up to which a cell has room for its count
_MOST_SHARES = 8


def confusion_chart(confusion: NDArray[np.int64], class_names: Sequence[str], *, title: str) -> Figure:
    """The confusion matrix as a grid: rows are the true classes, columns what they were taken for.

    Each cell gives the count and, of up to eight classes, its share of the row, by which it is tinted.

    Args:
        confusion: (classes, classes).
        class_names: of the rows and the columns.
        title: above.
    """
    from matplotlib.colors import LinearSegmentedColormap

    count = len(class_names)
    names = [shorten(name, _LONGEST_NAME) for name in class_names]
    totals = confusion.sum(axis=1, keepdims=True)
    shares = np.divide(confusion, totals, out=np.zeros(confusion.shape), where=totals > 0)
    cell = max(0.3, min(1.25, 6.5 / count))
    margin = 1.3 + 0.085 * max(map(len, names))
    upright = count > 3 and max(map(len, names)) * 0.085 > cell
    with chart_style():
        size = max(5.4, count * cell + margin), max(3.2, count * cell + (margin if upright else 1.5))
        figure, [axes] = new_figure(size, title=title)
        axes.imshow(shares, cmap=LinearSegmentedColormap.from_list("shares", [_PALE, _DEEP]), vmin=0, vmax=1)
        axes.set_xticks(range(count), names, color=INK, fontsize=TEXT, rotation=90 if upright else 0)
        axes.set_yticks(range(count), names, color=INK, fontsize=TEXT)
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.set_xlabel("taken for", fontsize=SMALL, color=QUIET, labelpad=8)
        axes.set_ylabel("is really", fontsize=SMALL, color=QUIET, labelpad=8)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        for edge in np.arange(count - 1) + 0.5:  # white lines between the cells
            axes.axhline(edge, color=GROUND, linewidth=2)
            axes.axvline(edge, color=GROUND, linewidth=2)
        told = count <= _MOST_SHARES
        large = 15.0 if count <= 4 else min(11.0, 0.75 * 72 * cell / (0.64 * max(3, len(str(confusion.max())))))
        for row, column in np.ndindex(confusion.shape) if count <= _MOST_NUMBERS else ():
            number, share = int(confusion[row, column]), shares[row, column]
            ink = GROUND if share > 0.5 else INK if number else _FAINT
            _write(axes, f"{number}", (column, row), large, ink, up=0.45 * large if told else 0)
            if told:
                _write(axes, f"{share:.1%}", (column, row), SMALL, ink, up=-0.75 * large)
    return figure


def _write(axes: Axes, text: str, cell: tuple[int, int], size: float, ink: str, *, up: float) -> None:
    """A line of type in the middle of a cell, or so many points above it."""
    place: dict[str, Any] = {"xytext": (0, up), "textcoords": "offset points", "ha": "center", "va": "center"}
    axes.annotate(text, cell, **place, color=ink, fontsize=size)
