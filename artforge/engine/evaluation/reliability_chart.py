"""The reliability diagram: how sure the network says it is, and how often it is right then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from artforge.engine.evaluation.calibration import reliability
from artforge.engine.evaluation.chart_style import (
    BLUE,
    GRID,
    ORANGE,
    QUIET,
    SMALL,
    TEXT,
    chart_style,
    draw_diagonal,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def reliability_chart(labels: NDArray[np.int64], probabilities: NDArray[np.float32], *, title: str) -> Figure:
    """The calibration curve over the line where it should lie, and below it how many pictures each point stands for.

    A point below the line means that the network was surer than it should be.

    Args:
        labels: int64 (n,).
        probabilities: float32 (n, classes), as the model gives them (at its temperature).
        title: above.

    Source: Guo et al. (2017), https://arxiv.org/abs/1706.04599
    """
    curve = reliability(labels, probabilities)
    filled = curve.counts > 0
    confidence, accuracy, counts = curve.confidence[filled], curve.accuracy[filled], curve.counts[filled]
    middles, width = (curve.edges[:-1] + curve.edges[1:]) / 2, 1 / len(curve.counts)
    with chart_style():
        figure, (above, below) = new_figure(
            (5.4, 6.4), title=title, rows=2, sharex=True, gridspec_kw={"height_ratios": [5, 1]}
        )
        draw_diagonal(above, "as sure as it is right")
        for sure, right in zip(confidence, accuracy, strict=True):
            above.plot([sure, sure], [sure, right], color=ORANGE, linewidth=1.1, alpha=0.6)
        above.plot(confidence, accuracy, color=BLUE, linewidth=1.0, alpha=0.5)
        # an area in proportion to the pictures, so that a stray one does not look like a thousand
        sizes = 14 + 130 * np.sqrt(counts / counts.max())
        above.scatter(confidence, accuracy, s=sizes, color=BLUE, linewidth=0, zorder=3, clip_on=False)
        above.text(0.03, 0.97, "expected calibration error", color=QUIET, fontsize=SMALL, va="top")
        above.text(0.03, 0.925, f"{curve.error:.3f}", color=BLUE, fontsize=TEXT + 2, va="top")
        above.set_ylabel("share that was right")
        above.set_ylim(0, 1.01)
        below.bar(middles, curve.counts, width=0.86 * width, color=BLUE, alpha=0.75)
        below.set_ylim(0, 1.08 * counts.max())
        below.set_yticks([0, int(counts.max())])
        below.set_ylabel("pictures")
        below.set_xlabel("probability of the predicted class")
        below.set_xlim(0, 1)
        below.grid(visible=False)
        below.axhline(0, color=GRID, linewidth=0.8)
    return figure
