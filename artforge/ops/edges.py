"""The edges of a picture, whichever way they run."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.errors import check_choice
from artforge.core.light import luma
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image
from artforge.engine.attention.classical_filters import classical_kernel
from artforge.engine.attention.settings import check_range

Operator = Literal["sobel", "scharr", "laplacian"]

_LEAST_SIGMA = 0.5


@step("edges", version=1)
def edges(
    image: Image, *, operator: Operator = "sobel", scale: Annotated[float, Field(gt=0, le=0.1)] = 0.004
) -> Heatmap:
    """How strong an edge is at each pixel, whichever way it runs.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        operator: `sobel` and `scharr` take the length of the slope of the light, Scharr's the same for edges of every
            direction; `laplacian` takes the size of its curvature, two thin lines at each edge. `classical_filter`
            gives one signed direction alone.
        scale: the picture is smoothed over this far first, as a share of its short edge: finer marks are no edges.

    Returns:
        float32 (H, W), 0 or more, unnormalised: slope times the scale, or curvature times its square, so that a
        preview answers as its print.

    Raises:
        ChoiceError: no such operator, or a scale that cannot be.

    Source: Scharr, Optimale Operatoren in der Digitalen Bildverarbeitung (2000), https://doi.org/10.11588/heidok.00000962,
    and Lindeberg, Feature Detection with Automatic Scale Selection (1998), https://doi.org/10.1023/A:1008045108935
    """
    check_choice("operator", operator, get_args(Operator))
    check_range("scale", scale, "(0, 0.1]")
    light = luma(image)
    sigma = max(scale * min(light.shape), _LEAST_SIGMA)
    light = np.asarray(cv2.GaussianBlur(light, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101), np.float32)
    if operator == "laplacian":
        return np.abs(_answer(light, classical_kernel("laplacian"))) * np.float32(sigma**2)
    across = _SCHARR if operator == "scharr" else classical_kernel("sobel_x")
    across = across / np.abs(across).sum()  # light that grows by 1 a pixel is answered by 1
    slope = np.hypot(_answer(light, across), _answer(light, np.ascontiguousarray(across.T)))
    return np.asarray(slope * np.float32(sigma), np.float32)


_SCHARR = np.asarray([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]], np.float32)


def _answer(light: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.filter2D(light, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)
