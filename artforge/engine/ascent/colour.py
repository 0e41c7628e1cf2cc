"""Red, green and blue of natural pictures go together: taken apart, light and hue can move by themselves.

Source: Olah et al., Feature Visualization (2017), https://doi.org/10.23915/distill.00007
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True)
class Colour:
    """How three independent numbers become red, green and blue.

    Attributes:
        matrix: rows are R, G, B.
        mean: the colour that three zeros make. All colours here are as before the sigmoid.
    """

    matrix: Matrix
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @cached_property
    def _there(self) -> NDArray[np.float32]:
        return np.asarray(self.matrix, np.float32)

    @cached_property
    def _back(self) -> NDArray[np.float32]:
        return np.linalg.inv(np.asarray(self.matrix, np.float64)).astype(np.float32)

    def recorrelate(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Independent numbers (..., 3) -> colours."""
        return values @ self._there.T + np.asarray(self.mean, np.float32)

    def decorrelate(self, colours: NDArray[np.float32]) -> NDArray[np.float32]:
        """Colours (..., 3) -> independent numbers."""
        return (colours - np.asarray(self.mean, np.float32)) @ self._back.T

    def pull_back(self, gradients: NDArray[np.float32]) -> NDArray[np.float32]:
        """Gradient for colours (..., 3) -> gradient for the independent numbers."""
        return gradients @ self._there


def _normalised(square_root: list[list[float]]) -> Matrix:
    """The longest column brought to length 1."""
    columns = np.asarray(square_root)
    return _as_matrix(columns / np.linalg.norm(columns, axis=0).max())


def _as_matrix(numbers: NDArray[np.float64]) -> Matrix:
    return tuple(tuple(float(number) for number in row) for row in numbers)  # type: ignore[return-value]


IMAGENET_COLOUR = Colour(_normalised([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]]))
"""Of ImageNet; the columns are light, red against blue, and magenta against green (Olah et al., 2017,
https://doi.org/10.23915/distill.00007)."""


def colour_of_pixels(colours: NDArray[np.float32]) -> Colour:
    """The colour of given pixels: their mean, and the principal axes of their covariance, each as long as its spread.

    Independent numbers of standard deviation 1 then make such pixels again. Axes along which they hardly differ, as in
    pictures of greys, get a hundredth of the longest.

    Args:
        colours: float32 (n, 3), as before the sigmoid.
    """
    mean = colours.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(np.cov(colours.astype(np.float64), rowvar=False))
    lengths = np.sqrt(np.maximum(values[::-1], 0))
    axes = vectors[:, ::-1]
    axes = axes * np.where(axes.sum(axis=0) < 0, -1, 1)  # the sign of an axis is arbitrary: lighter is up
    matrix = axes * np.maximum(lengths, max(lengths[0] / 100, 1e-3))
    red, green, blue = map(float, mean)
    return Colour(_as_matrix(matrix), (red, green, blue))
