"""Several runs in one picture: a point for each score, and a line for how far it may be off."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from artforge.engine.evaluation.chart_style import (
    BLUE,
    GRID,
    INK,
    ORANGE,
    QUIET,
    SMALL,
    TEXT,
    chart_style,
    new_figure,
    shorten,
)
from artforge.engine.evaluation.compare import Row
from artforge.engine.evaluation.names import measure_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANELS = (("balanced_accuracy", 3.0), ("roc_auc", 2.2), ("ece", 2.2), ("seconds", 1.6))
_LONGEST_NAME = 34
_LONGEST_FAILURE = 130
_ROUND_TIMES = {
    **{seconds: f"{seconds} s" for seconds in (1, 2, 5, 10, 20, 30)},
    **{60 * minutes: f"{minutes} min" for minutes in (1, 2, 5, 10, 20, 30)},
    **{3600 * hours: f"{hours} h" for hours in (1, 2, 5, 10, 20, 50, 100)},
}
_MOST_TIMES = 3


def comparison_chart(rows: Sequence[Row], *, title: str, failed: Mapping[str, str] | None = None) -> Figure:
    """Balanced accuracy, AUC, calibration error and time, a line for each network, the best on top.

    Args:
        rows: as `compare_runs` gives them.
        title: above.
        failed: why each network that should be here is not, by its name; they are named below.
    """
    names = [shorten(f"{row.name} ({row.test_set})" if _differ(rows) else row.name, _LONGEST_NAME) for row in rows]
    with chart_style():
        told = [*_failures(failed or {}), _told(rows)]
        size = 8.6 + 0.08 * max(map(len, names)), 1.2 + 0.36 * len(rows) + 0.15 * len(told)
        figure, panels = new_figure(
            size,
            title=title,
            columns=len(_PANELS),
            sharey=True,
            gridspec_kw={"width_ratios": [one for _, one in _PANELS]},
        )
        for axes, (key, _) in zip(panels, _PANELS, strict=True):
            _draw_seconds(axes, rows) if key == "seconds" else _draw_scores(axes, rows, key)
            axes.grid(visible=False, axis="y")
            axes.spines["bottom"].set_visible(False)
            for place in range(len(rows)):
                axes.axhline(place, color=GRID, linewidth=0.8, zorder=0)
        panels[0].set_yticks(range(len(rows)), names, color=INK, fontsize=TEXT)
        panels[0].set_ylim(len(rows) - 0.5, -0.6)
        figure.supxlabel("\n".join(told), x=0.99, ha="right", fontsize=SMALL, color=QUIET)
    return figure


def _draw_scores(axes: Axes, rows: Sequence[Row], measure: str) -> None:
    best = _best(rows, measure)
    shown: list[float] = []
    for place, row in enumerate(rows):
        score = row.scores[measure]
        if not math.isfinite(score.mean):
            continue
        colour = ORANGE if place in best else BLUE
        if score.interval:
            axes.plot(
                [score.interval.low, score.interval.high], [place, place], color=colour, linewidth=1.4, alpha=0.45
            )
            shown += [score.interval.low, score.interval.high]
        axes.plot([score.mean], [place], "o", color=colour, markersize=5.5, clip_on=False)
        shown.append(score.mean)
        _write(axes, f"{score.mean:.3f}", score.mean, place, colour)
    axes.set_title(measure_name(measure))
    axes.locator_params(axis="x", nbins=4)
    if shown:
        low, high = min(shown), max(shown)
        room = 0.08 * (high - low) or 0.02
        axes.set_xlim(max(0, low - room), min(1, high + room) if measure == "ece" else min(1.005, high + room))


def _draw_seconds(axes: Axes, rows: Sequence[Row]) -> None:
    from matplotlib.ticker import NullLocator

    axes.set_title("training time")
    known = [(place, row.seconds) for place, row in enumerate(rows) if math.isfinite(row.seconds) and row.seconds > 0]
    axes.set_xscale("log")
    for place, seconds in known:
        axes.plot([seconds], [place], "o", color=BLUE, markersize=5.5)
        _write(axes, duration(seconds), seconds, place, BLUE)
    times = [seconds for _, seconds in known] or [1.0]
    low, high = 0.6 * min(times), 1.7 * max(times)
    axes.set_xlim(low, high)
    ticks = [seconds for seconds in _ROUND_TIMES if low < seconds < high]
    ticks = ticks[:: math.ceil(len(ticks) / _MOST_TIMES)] if ticks else []
    axes.set_xticks(ticks, [_ROUND_TIMES[seconds] for seconds in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def duration(seconds: float) -> str:
    """`45 s`, `12 min` or `3.2 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _write(axes: Axes, text: str, x: float, place: int, colour: str) -> None:
    axes.annotate(
        text,
        (x, place),
        xytext=(0, 5),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=SMALL,
        color=colour,
    )


def _best(rows: Sequence[Row], measure: str) -> set[int]:
    """The rows with the best score, as it is written: there may be several."""
    means = np.asarray([row.scores[measure].mean for row in rows]).round(3)
    if not np.isfinite(means).any():
        return set()
    best = np.nanmin(means) if measure == "ece" else np.nanmax(means)
    return set(np.flatnonzero(means == best).tolist())


def _failures(failed: Mapping[str, str]) -> list[str]:
    return [shorten(f"{name} failed: {reason}", _LONGEST_FAILURE) for name, reason in failed.items()]


def _differ(rows: Sequence[Row]) -> bool:
    return len({row.test_set for row in rows}) > 1


def _told(rows: Sequence[Row]) -> str:
    seeds = max(len(row.seeds) for row in rows)
    means = f"means of {seeds} seeds; " if seeds > 1 else ""
    warning = "; letters mark different test sets" if _differ(rows) else ""
    return f"{means}lines: 95% by whole groups of pictures; the best in orange{warning}"
