"""How a picture is written down: which numbers the ascent changes, and what picture they make."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Parameterisation(Protocol):
    """Numbers that make pictures. Parameters are real float32, the picture axis first; pictures (n, H, W, 3)."""

    def noise(self, num: int, size: tuple[int, int], rng: np.random.Generator) -> Array:
        """Parameters of `num` random pictures, all different."""

    def of_pictures(self, pictures: Array) -> Array:
        """Parameters that show these pictures, in [0, 1]."""

    def pictures(self, parameters: Array, size: tuple[int, int]) -> Array:
        """The pictures that parameters make."""

    def pull_back(self, parameters: Array, gradients: Array) -> Array:
        """Gradient for the pictures -> gradient for the parameters: the exact chain rule."""
