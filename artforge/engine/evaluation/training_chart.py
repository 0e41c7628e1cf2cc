"""How a training run went: the loss and the accuracy over the epochs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from artforge.engine.evaluation.chart_style import (
    BLUE,
    GREEN,
    INK,
    LINE,
    ORANGE,
    QUIET,
    SMALL,
    chart_style,
    label_ends,
    new_figure,
)
from artforge.engine.evaluation.rolling import batch_places, fitting_window, rolling_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = Sequence[dict[str, float]]
_MOST_DOTS = 12  # up to so many epochs each is a dot on its line


def training_chart(epochs: Rows, batches: Rows, *, title: str, best_epoch: int) -> Figure:
    """Loss on the left, accuracy on the right; thin what each batch gave, strong its rolling average.

    Args:
        epochs: rows of the history: loss, val_loss, val_accuracy and val_balanced_accuracy of each epoch.
        batches: rows with epoch, batch and loss of each optimizer step, and accuracy where it is measured; may be
            empty, then the means of the epochs are drawn.
        title: above both.
        best_epoch: the one that was kept, counted from 1; it is marked. 0 marks none.
    """
    with chart_style():
        figure, (left, right) = new_figure((10.5, 4.3), title=title, columns=2)
        _panel(left, "loss", [("training", "loss", BLUE), ("validation", "val_loss", ORANGE)], epochs, batches)
        _panel(
            right,
            "accuracy",
            [
                ("training", "accuracy", BLUE),
                ("validation", "val_accuracy", ORANGE),
                ("balanced", "val_balanced_accuracy", GREEN),
            ],
            epochs,
            batches,
        )
        for axes in (left, right):
            _mark_kept(axes, best_epoch, len(epochs))
    return figure


def _panel(axes: Axes, name: str, lines: Sequence[tuple[str, str, str]], epochs: Rows, batches: Rows) -> None:
    ends = np.arange(1.0, len(epochs) + 1)
    drawn: list[tuple[str, NDArray[np.float64], str]] = []
    raw = np.empty(0)
    for label, key, colour in lines:
        if batches and key in batches[0]:
            raw = np.asarray([row[key] for row in batches], np.float64)
            places = batch_places(
                *(np.asarray([row[key] for row in batches], np.float64) for key in ("epoch", "batch"))
            )
            values = rolling_mean(raw, fitting_window(len(raw)))
            axes.plot(places, raw, color=colour, linewidth=0.6, alpha=0.22)
        elif key in epochs[0]:
            places, values = ends, np.asarray([row[key] for row in epochs], np.float64)
        else:
            continue
        dots = "o" if len(values) <= _MOST_DOTS else ""
        axes.plot(places, values, color=colour, linewidth=LINE, marker=dots, markersize=3.6)
        drawn.append((label, values, colour))
    axes.set_title(name)
    axes.set_xlabel("epoch", loc="right")
    axes.set_xlim(0 if batches else min(1, len(ends) / 2), len(epochs) + (0.02 * len(epochs) if len(ends) > 1 else 0.1))
    axes.set_xticks(_round_numbers(len(epochs)))
    everything = np.concatenate([values for _, values, _ in drawn])
    axes.set_ylim(*(_loss_limits(everything, raw) if name == "loss" else _accuracy_limits(everything)))
    labels, curves, colours = zip(*drawn, strict=True)
    label_ends(axes, labels, [float(values[-1]) for values in curves], colours)


def _mark_kept(axes: Axes, best_epoch: int, num_epochs: int) -> None:
    if not 1 <= best_epoch <= num_epochs:
        return
    axes.axvline(best_epoch, color=INK, linewidth=0.8, linestyle=(0, (1, 3)))
    axes.set_title(f"kept: epoch {best_epoch}", loc="right", color=QUIET, fontsize=SMALL)


def _loss_limits(values: NDArray[np.float64], raw: NDArray[np.float64]) -> tuple[float, float]:
    """From 0 to a little above what matters: a single wild batch may leave the panel."""
    highest = float(np.nanmax(values))
    if len(raw):
        highest = max(highest, float(np.nanquantile(raw, 0.99)))
    return 0.0, 1.06 * highest or 1.0


def _accuracy_limits(values: NDArray[np.float64]) -> tuple[float, float]:
    lowest = min(0.9, math.floor(float(np.nanmin(values)) * 10) / 10)
    return lowest, 1 + 0.03 * (1 - lowest)


def _round_numbers(num_epochs: int) -> list[int]:
    """Epochs to write at the axis: at most eight, at equal distances."""
    if num_epochs == 1:
        return [1]
    steps = (digit * 10**power for power in range(9) for digit in (1, 2, 5))
    step = next(step for step in steps if num_epochs / step <= 8)
    return list(range(step, num_epochs + 1, step))
