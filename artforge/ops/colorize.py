"""Heat to colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.core.bands import row_bands
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, Palette
from artforge.ops.colormaps import notice_uneven, palette_table
from artforge.ops.heat_fields import check_heat


@step("colorize", version=1)
def colorize(heatmap: Heatmap, *, map: Palette = "crameri:lajolla", reverse: bool = False) -> Image:  # noqa: A002
    """Colour a normalised heatmap: 0 takes the first colour of the colormap, 1 the last.

    Args:
        heatmap: float32 (H, W), [0, 1].
        map: a colormap of the `cmap` catalogue, such as `crameri:lajolla` or `magma`, or a list of colours.
        reverse: run the colormap backwards.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1]. Of a colormap that misleads, such as `jet`, whoever runs the step is told.

    Raises:
        StepError: the heatmap leaves [0, 1].
        ChoiceError: no such colormap; the nearest are named.
    """
    check_heat(heatmap)
    table = palette_table(map)
    notice_uneven(map)
    return look_up(heatmap, table[::-1] if reverse else table)


def look_up(heatmap: Heatmap, table: NDArray[np.float32]) -> Image:
    """The nearest entry of `table` for every value in [0, 1]."""
    last = np.float32(len(table) - 1)
    colored = np.empty((*heatmap.shape, 3), np.float32)
    for rows in row_bands(heatmap):
        places = np.rint(heatmap[rows] * last).astype(np.intp)
        np.take(table, places, axis=0, out=colored[rows], mode="clip")  # any other mode copies it once more
    return colored
