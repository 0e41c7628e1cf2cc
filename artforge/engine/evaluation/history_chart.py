"""A history as small panels, one for each measure: thin what each batch gave, strong its rolling average."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from artforge.engine.evaluation.chart_style import BLUE, ORANGE, chart_style, label_ends, new_figure
from artforge.engine.evaluation.history import History
from artforge.engine.evaluation.rolling import rolling_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 3


def history_chart(history: History, window: int) -> Figure:
    """Every measure in a panel of its own, its last rolling average beside it; what validation gave in orange.

    Args:
        history: of a run.
        window: of the rolling average, in batches.
    """
    names = [*history.measures, *(name for name in history.epochs if _plain(name) not in history.measures)]
    columns = min(_COLUMNS, len(names))
    rows = math.ceil(len(names) / columns)
    batches = "batch" if window == 1 else f"{window} batches"
    with chart_style():
        size = max(6.4, 3.9 * columns), 0.6 + 2.7 * rows
        title = f"{history.name}: rolling average of {batches}"
        figure, panels = new_figure(size, title=title, rows=rows, columns=columns)
        for axes, name in zip(panels, names, strict=False):
            _draw(axes, name, history, window)
        for axes in panels[len(names) :]:
            axes.set_axis_off()
    return figure


def _plain(name: str) -> str:
    return name.removeprefix("val_")


def _draw(axes: Axes, name: str, history: History, window: int) -> None:
    ends: list[tuple[str, float, str]] = []
    shown: list[NDArray[np.float64]] = []
    if name in history.measures:
        values = history.measures[name]
        rolled = rolling_mean(values, window)
        axes.plot(history.places, values, color=BLUE, linewidth=0.5, alpha=0.22)
        axes.plot(history.places, rolled, color=BLUE)
        shown += [rolled, np.nanquantile(values, [0.005, 0.995])]
        ends.append((f"{_last(rolled):.3f}", _last(rolled), BLUE))
    by_epoch = history.epochs.get(name if name in history.epochs else f"val_{name}")
    if by_epoch is not None and np.isfinite(by_epoch).any():
        axes.plot(np.arange(1, len(by_epoch) + 1), by_epoch, color=ORANGE, marker="o", markersize=3)
        shown.append(by_epoch)
        ends.append((f"{_last(by_epoch):.3f}", _last(by_epoch), ORANGE))
    axes.set_title(name.replace("_", " "))
    axes.set_xlabel(history.unit, loc="right")
    axes.xaxis.set_major_formatter("{x:,.0f}" if history.unit == "batch" else "{x:g}")
    axes.set_xlim(0, float(history.places[-1]) * 1.02)
    together = np.concatenate(shown)
    low, high = float(np.nanmin(together)), float(np.nanmax(together))
    room = 0.06 * (high - low) or 0.05
    axes.set_ylim(low - room, high + room)
    labels, heights, colours = zip(*ends, strict=True)
    label_ends(axes, labels, heights, colours)


def _last(values: NDArray[np.float64]) -> float:
    return float(values[np.isfinite(values)][-1])
