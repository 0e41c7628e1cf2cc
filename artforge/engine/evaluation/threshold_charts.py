"""The views that need no threshold: the ROC curve and the precision-recall curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from artforge.engine.evaluation.chart_style import (
    BLUE,
    COLOURS,
    GRID,
    LINE,
    QUIET,
    SMALL,
    TEXT,
    chart_style,
    draw_diagonal,
    new_figure,
    shorten,
)
from artforge.engine.evaluation.metrics import pr_auc, roc_auc

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Points = tuple[NDArray[np.float64], NDArray[np.float64]]
_MOST_NAMED = len(COLOURS)
_NUM_WORST = 3
_LONGEST_NAME = 22
_ROW = 0.045
"""From one name to the next, as a share of the panel."""


@dataclass(frozen=True)
class _Curve:
    name: str
    points: Points
    area: float


def roc_points(positive: NDArray[np.bool_], scores: NDArray[np.float32]) -> Points:
    """(false positive rate, true positive rate) at every threshold: float64 (k,) each, rising from 0 to 1.

    Args:
        positive: bool (n,), both kinds among them.
        scores: float32 (n,), how sure each is of being positive.
    """
    from sklearn.metrics import roc_curve

    false_rates, true_rates, _ = roc_curve(positive, scores)
    return np.asarray(false_rates), np.asarray(true_rates)


def pr_points(positive: NDArray[np.bool_], scores: NDArray[np.float32]) -> Points:
    """(recall, precision) at every threshold: float64 (k,) each; recall rises from 0, where precision is taken as 1.

    Args:
        positive: bool (n,), at least one of them.
        scores: float32 (n,), how sure each is of being positive.
    """
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(positive, scores)
    return np.asarray(recall[::-1]), np.asarray(precision[::-1])


def roc_chart(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32], class_names: Sequence[str], *, title: str
) -> Figure:
    """The ROC curve of the second of two classes, or of each of several against the rest.

    Of more than ten classes the three worst are named and the others stand back. A class without pictures, or a test
    of one class only, has no curve.

    Args:
        labels: int64 (n,).
        probabilities: float32 (n, classes).
        class_names: in the order of the labels.
        title: above.
    """
    with chart_style():
        figure, [axes] = new_figure((5.4, 5.2), title=title)
        draw_diagonal(axes, "by chance")
        curves = _curves(labels, probabilities, class_names, roc_points, roc_auc)
        _draw(axes, curves, "default", name_at=(0.97, 0.05), area="area")
        axes.set_xlabel("false positive rate")
        axes.set_ylabel("true positive rate")
    return figure


def pr_chart(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32], class_names: Sequence[str], *, title: str
) -> Figure:
    """The precision-recall curve of the second of two classes, or of each of several against the rest.

    Args:
        labels, probabilities, class_names, title: as of `roc_chart`.
    """
    with chart_style():
        figure, [axes] = new_figure((5.4, 5.2), title=title)
        curves = _curves(labels, probabilities, class_names, pr_points, pr_auc)
        if len(class_names) == 2 and curves:
            share = float(np.mean(labels == 1))
            axes.axhline(share, color=QUIET, linewidth=0.8, linestyle=(0, (1, 3)))
            axes.text(0.99, share + 0.015, "by chance", color=QUIET, fontsize=SMALL, ha="right", va="bottom")
        lies_low = bool(curves) and np.mean([curve.area for curve in _named(curves)]) < 0.5
        name_at = (0.97, 0.9 - _ROW * len(_named(curves))) if lies_low else (0.03, 0.05)
        _draw(axes, curves, "steps-pre", name_at=name_at, area="average precision")
        axes.set_xlabel("recall")
        axes.set_ylabel("precision")
    return figure


def _curves(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    class_names: Sequence[str],
    points: Callable[[NDArray[np.bool_], NDArray[np.float32]], Points],
    area: Callable[[NDArray[np.bool_], NDArray[np.float32]], float | None],
) -> list[_Curve]:
    """Those that exist, the worst last."""
    curves = []
    for index in [1] if len(class_names) == 2 else range(len(class_names)):
        positive, scores = labels == index, probabilities[:, index]
        under = area(positive, scores)
        if under is not None and not positive.all():
            curves.append(_Curve(class_names[index], points(positive, scores), under))
    return sorted(curves, key=lambda curve: -curve.area)


def _named(curves: list[_Curve]) -> list[_Curve]:
    return curves if len(curves) <= _MOST_NAMED else curves[-_NUM_WORST:]


def _draw(axes: Axes, curves: list[_Curve], step: str, *, name_at: tuple[float, float], area: str) -> None:
    named = _named(curves)
    for curve in curves[: len(curves) - len(named)]:
        axes.plot(*curve.points, color=GRID, linewidth=0.8, drawstyle=step)
    colours = [BLUE] if len(curves) == 1 else COLOURS[: len(named)]
    lines = []
    for curve, colour in zip(named, colours, strict=True):
        thickness = LINE if len(named) <= 3 else 1.2
        axes.plot(*curve.points, color=colour, linewidth=thickness, drawstyle=step, clip_on=False)
        lines.append((f"{shorten(curve.name, _LONGEST_NAME)}  {curve.area:.3f}", colour))
    heading = area if len(named) == len(curves) else f"{area}, the worst {len(named)} of {len(curves)}"
    x, y = name_at
    side = "right" if x > 0.5 else "left"
    for row, (text, colour) in enumerate(reversed(lines)):
        axes.text(x, y + _ROW * row, text, color=colour, fontsize=TEXT, ha=side, va="bottom", zorder=5)
    if curves:
        axes.text(x, y + _ROW * len(lines) + 0.008, heading, color=QUIET, fontsize=SMALL, ha=side, va="bottom")
    else:
        axes.text(0.5, 0.7, "one class only: there is no curve", color=QUIET, ha="center", va="center")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.01)
    axes.set_aspect("equal")
