"""The colours of one picture moved onto those of another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.core.bands import in_bands
from artforge.core.oklab import to_oklab, to_screen
from artforge.core.steps import step
from artforge.core.values import Image, Unit
from artforge.engine.attention.settings import check_range
from artforge.ops.samples import sample_pixels

_LEAST_SPREAD = 1e-5
"""Standard deviation that every direction of colour is taken to have: a grey picture has no colours to stretch."""
_MOST_STRETCH = 8.0
"""A colour that a picture has almost nothing of is not made out of its noise."""


@step("match_color", version=1)
def match_color(image: Image, like: Image, *, amount: Unit = 1.0, keep_lightness: bool = False) -> Image:
    """Give a picture the colours of another: their mean, their spread, and how they go together.

    The cloud of its colours in OKLab is moved, turned and stretched as little as can be until it lies like the other's.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        like: float32 (h, w, 3), of any size, the picture whose colours are taken.
        amount: [0, 1], how far to go; at 0 the picture comes back bit for bit.
        keep_lightness: take only the hues and how strong they are; light and shade stay the picture's own.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: an amount beyond [0, 1].

    Source: Pitié and Kokaram, The linear Monge-Kantorovitch linear colour mapping for example-based colour transfer
    (2007), https://doi.org/10.1049/cp:20070055
    """
    check_range("amount", amount, "[0, 1]")
    if amount == 0:
        return image.copy()
    have, want = (to_oklab(sample_pixels(each)).astype(np.float64) for each in (image, like))
    first = 1 if keep_lightness else 0
    matrix, offset = np.eye(3), np.zeros(3)
    matrix[first:, first:] = _limited(least_transport(_spread(have[:, first:]), _spread(want[:, first:])))
    middle = have.mean(axis=0)
    offset[first:] = want.mean(axis=0)[first:] - (matrix @ middle)[first:]
    matrix = (1 - amount) * np.eye(3) + amount * matrix
    offset *= amount
    moved, shift = matrix.T.astype(np.float32), offset.astype(np.float32)
    return in_bands(image, lambda rows: to_screen(to_oklab(rows) @ moved + shift))


def least_transport(have: NDArray[np.float64], want: NDArray[np.float64]) -> NDArray[np.float64]:
    """The symmetric matrix T with T have T = want, which moves a normal cloud onto another by the least way.

    Args:
        have, want: symmetric and positive (n, n), two covariances.
    """
    root, inverse = _power(have, 0.5), _power(have, -0.5)
    return np.asarray(inverse @ _power(root @ want @ root, 0.5) @ inverse)


def _spread(colors: NDArray[np.float64]) -> NDArray[np.float64]:
    offsets = colors - colors.mean(axis=0)
    return np.asarray(offsets.T @ offsets / len(offsets) + _LEAST_SPREAD**2 * np.eye(colors.shape[1]))


def _limited(transport: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same, stretching no direction by more than `_MOST_STRETCH`."""
    values, vectors = np.linalg.eigh(transport)
    return np.asarray((vectors * np.minimum(values, _MOST_STRETCH)) @ vectors.T)


def _power(symmetric: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(symmetric)
    return np.asarray((vectors * np.maximum(values, 1e-20) ** exponent) @ vectors.T)
