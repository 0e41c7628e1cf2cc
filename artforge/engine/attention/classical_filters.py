"""The classical filters of image processing, as a network would apply them: Sobel x, Sobel y and the Laplacian."""

from __future__ import annotations

from numbers import Integral
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError, check_choice
from artforge.core.light import luma
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image
from artforge.engine.attention.inputs import check_picture

FilterName = Literal["sobel_x", "sobel_y", "laplacian"]
FILTER_NAMES: tuple[FilterName, ...] = get_args(FilterName)

_LARGEST = 31  # as far as OpenCV's derivatives go


def classical_kernel(name: FilterName, size: int = 3) -> NDArray[np.float32]:
    """A filter's kernel, to be laid on the picture as it is (correlation, as networks do, not flipped).

    `sobel_x` answers light that grows to the right, `sobel_y` light that grows downwards, `laplacian` what is darker
    than its surroundings. At size 3: [-1 0 1; -2 0 2; -1 0 1], its transpose, and [0 1 0; 1 -4 1; 0 1 0].

    Args:
        name: which filter.
        size: edge, an odd number from 3 to 31.

    Returns:
        float32 (size, size), zero in sum.

    Raises:
        ChoiceError: no such filter.
        ShapeError: no such size.
    """
    check_choice("filter", name, FILTER_NAMES)
    if not isinstance(size, Integral) or size % 2 == 0 or not 3 <= size <= _LARGEST:
        raise ShapeError(f"a classical kernel has an odd edge from 3 to {_LARGEST}, received {size!r}")
    if name == "laplacian":
        if size == 3:
            return np.asarray([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float32)
        along, across = cv2.getDerivKernels(2, 0, size)
        second = across @ along.T
        return np.asarray(second + second.T, np.float32)
    along, across = cv2.getDerivKernels(1, 0, size)
    kernel = np.asarray(across @ along.T, np.float32)
    return kernel if name == "sobel_x" else np.ascontiguousarray(kernel.T)


@step("classical_filter", version=1)
def classical_filter(image: Image, *, filter: FilterName) -> Heatmap:  # noqa: A002
    """What a classical edge filter finds in the light of a picture.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        filter: `sobel_x`, `sobel_y` or `laplacian`, 3x3.

    Returns:
        float32 (H, W), signed and unnormalised; beyond its border the picture is taken to go on as a mirror image.

    Raises:
        ChoiceError: no such filter.
        ShapeError: not a picture.

    Source: Sobel and Feldman, A 3x3 Isotropic Gradient Operator for Image Processing (1968).
    """
    check_picture(image)
    found = cv2.filter2D(luma(image), cv2.CV_32F, classical_kernel(filter), borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(found, np.float32)
