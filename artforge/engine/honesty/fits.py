"""A heatmap must lie on its picture pixel by pixel before the two are compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError
from artforge.core.values import Heatmap


def check_fits(heatmap: Heatmap, picture: NDArray[np.float32]) -> None:
    """Raise unless a heatmap (h, w) is of the size of a picture (h, w, channels).

    Raises:
        ShapeError: names both sizes.
    """
    if heatmap.shape != picture.shape[:2]:
        raise ShapeError(
            f"a heatmap {heatmap.shape} does not lie on a picture {picture.shape[:2]} pixel by pixel; bring it to "
            "that size with upsample_heatmap"
        )
