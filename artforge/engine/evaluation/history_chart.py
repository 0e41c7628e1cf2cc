"""A history as small panels, one for each measure: thin what each batch gave, strong its rolling average."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from artforge.engine.evaluation.chart_style import COLOURS, chart_style, label_ends, new_figure
from artforge.engine.evaluation.history import History
from artforge.engine.evaluation.names import COUNTS, in_figures, measure_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 3


def history_chart(history: History) -> Figure:
    """Every measure in a panel of its own, and in it a line for each phase, named where it ends with its last average.

    Args:
        history: of a run.
    """
    names = history.measures
    columns = min(_COLUMNS, len(names))
    rows = math.ceil(len(names) / columns)
    window = next(iter(history.phases.values())).window
    batches = "no averages" if window == 1 else f"rolling average of {window} batches"
    with chart_style():
        size = max(6.4, 4.1 * columns), 0.6 + 2.7 * rows
        figure, panels = new_figure(size, title=f"{history.name}: {batches}", rows=rows, columns=columns)
        for axes, name in zip(panels, names, strict=False):
            _draw(axes, name, history)
        for axes in panels[len(names) :]:
            axes.set_axis_off()
    return figure


def _draw(axes: Axes, measure: str, history: History) -> None:
    from matplotlib.ticker import MaxNLocator

    ends: list[tuple[str, float, str]] = []
    shown: list[NDArray[np.float64]] = []
    for (phase, batches), colour in zip(history.phases.items(), COLOURS, strict=False):
        if measure not in batches.measures:
            continue
        values, rolled = batches.measures[measure], batches.rolled(measure)
        marker = "o" if len(values) == 1 else ""
        axes.plot(batches.places, values, color=colour, linewidth=0.5, alpha=0.22)
        axes.plot(batches.places, rolled, color=colour, marker=marker, markersize=4)
        shown += [rolled, np.nanquantile(values, [0.01, 0.99])]
        last = float(rolled[np.isfinite(rolled)][-1])
        told = in_figures(measure, last, 3)
        ends.append((f"{phase} {told}" if len(history.phases) > 1 else told, last, colour))
    together = np.concatenate(shown)
    low, high = float(np.nanmin(together)), float(np.nanmax(together))
    room = 0.06 * (high - low) or 0.05
    axes.set_title(measure_name(measure))
    axes.set_xlabel(history.unit, loc="right")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    if measure in COUNTS:
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlim(0, 1.02 * max(float(batches.places.max()) for batches in history.phases.values()))
    axes.set_ylim(low - room, high + room)
    labels, heights, colours = zip(*ends, strict=True)
    label_ends(axes, labels, heights, colours)
