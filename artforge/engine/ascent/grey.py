"""A picture without colours, for a network that sees none: whatever makes it, only its light counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.light import LUMA, luma
from artforge.engine.ascent.parameterisation import Parameterisation

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Grey:
    """The light of what another parameterisation makes: three equal channels.

    Attributes:
        coloured: the other one.
    """

    coloured: Parameterisation

    def noise(self, num: int, size: tuple[int, int], rng: np.random.Generator) -> Array:
        """Parameters of `num` random pictures, as rough as the other's: one of its channels in place of all."""
        pictures = self.coloured.pictures(self.coloured.noise(num, size, rng), size)
        return self.coloured.of_pictures(np.repeat(pictures[..., 1:2], 3, axis=-1))

    def of_pictures(self, pictures: Array) -> Array:
        """Parameters that show the light of these pictures."""
        return self.coloured.of_pictures(_light(pictures))

    def pictures(self, parameters: Array, size: tuple[int, int]) -> Array:
        """The pictures that parameters make."""
        return _light(self.coloured.pictures(parameters, size))

    def pull_back(self, parameters: Array, gradients: Array) -> Array:
        """Gradient for the pictures -> gradient for the parameters."""
        return self.coloured.pull_back(parameters, gradients.sum(axis=-1, keepdims=True) * LUMA)


def _light(pictures: Array) -> Array:
    return np.repeat(luma(pictures)[..., None], 3, axis=-1)
