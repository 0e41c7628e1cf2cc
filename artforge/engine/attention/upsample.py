"""Bring a heatmap of a few cells to the size of a picture, smooth to the eye."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image
from artforge.engine.attention.inputs import described

_ROWS_AT_ONCE = 512


def upsample_heatmap(heatmap: Heatmap, size: tuple[int, int]) -> Heatmap:
    """Resize a heatmap with cubic B-splines: each cell becomes a round, bell-shaped spot.

    The result is a weighted mean of the cells near each pixel, weights never negative and 1 in sum. So it never
    overshoots (it stays within [heatmap.min(), heatmap.max()]), a flat heatmap stays flat, it is linear (resizing a
    sum of heatmaps is summing the resized ones), and its slope and curvature have no steps: no cell edges show,
    however large the picture. The price is softness: a lone cell keeps (2/3)^2 of its height. So a side that has its
    size already is left as it is: there is nothing between its cells to be smooth. Pixel centres are aligned: cell i
    of n is centred at (i + 0.5) / n of the width. Where the picture is smaller than the heatmap, the curve widens so
    that every cell still counts.

    Args:
        heatmap: float32 (h, w), signed.
        size: (height, width) wanted, pixels.

    Returns:
        float32 (height, width), signed.

    Raises:
        ShapeError: not a heatmap, or a size of zero.
    """
    if not isinstance(heatmap, np.ndarray):
        raise ShapeError(f"a heatmap must be a float32 array (h, w), received {described(heatmap)}")
    if heatmap.ndim != 2 or 0 in heatmap.shape or min(size) < 1:
        raise ShapeError(
            f"a heatmap (h, w) can be resized to (height, width) of at least 1, received {heatmap.shape} to {size}"
        )
    if heatmap.shape == tuple(size):  # what follows would multiply by two identity matrices as large as the picture
        return np.array(heatmap, np.float32)
    rows, columns = (_spline_weights(cells, pixels) for cells, pixels in zip(heatmap.shape, size, strict=True))
    narrow = rows @ heatmap.astype(np.float64)
    resized = np.empty(size, np.float32)
    for top in range(0, size[0], _ROWS_AT_ONCE):  # a print in double precision all at once would fill the memory
        resized[top : top + _ROWS_AT_ONCE] = narrow[top : top + _ROWS_AT_ONCE] @ columns.T
    return resized


@step("upsample", version=2)
def upsample(heatmap: Heatmap, like: Image) -> Heatmap:
    """Fit a heatmap to a picture's size, smoothly and without overshoot.

    Args:
        heatmap: float32 (h, w) of any size, signed.
        like: float32 (H, W, 3), the picture.

    Returns:
        float32 (H, W), signed, within the heatmap's own smallest and largest value; as it was where it fits already.

    Raises:
        ShapeError: not a heatmap.
    """
    return upsample_heatmap(heatmap, like.shape[:2])


def _spline_weights(num_cells: int, num_pixels: int) -> NDArray[np.float64]:
    """float64 (num_pixels, num_cells): how much each cell counts at each pixel; every row sums to 1."""
    if num_cells == num_pixels:
        return np.eye(num_cells)
    width = max(1.0, num_cells / num_pixels)
    centres = (np.arange(num_pixels) + 0.5) * num_cells / num_pixels - 0.5
    reach = int(np.ceil(2 * width)) + 1
    neighbours = np.arange(-reach, num_cells + reach)
    weights = _cubic_b_spline((centres[:, None] - neighbours) / width)
    folded = np.zeros((num_pixels, num_cells))
    np.add.at(folded.T, _mirrored(neighbours, num_cells), weights.T)
    return np.asarray(folded / folded.sum(axis=1, keepdims=True))


def _mirrored(indices: NDArray[np.int_], count: int) -> NDArray[np.int_]:
    """Cells beyond the edge repeat those before it, so the map meets the border without a slope."""
    wrapped = indices % (2 * count)
    return np.where(wrapped < count, wrapped, 2 * count - 1 - wrapped)


def _cubic_b_spline(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The bell of four cubic pieces, 2/3 high in its middle and zero from 2 on."""
    far = np.clip(2 - np.abs(distance), 0, None)
    near = np.clip(1 - np.abs(distance), 0, None)
    return np.asarray((far**3 - 4 * near**3) / 6)
