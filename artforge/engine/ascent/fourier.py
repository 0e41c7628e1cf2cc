"""A picture written down as waves, every size of pattern as easy to reach as any other, in decorrelated colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError
from artforge.engine.ascent.colour import IMAGENET_COLOUR, Colour
from artforge.engine.ascent.spectral import (
    as_complex,
    as_pairs,
    frequencies,
    from_spectra,
    to_spectra,
    transpose_of_from_spectra,
)
from artforge.engine.ascent.squash import squash, squash_slope, unsquash

Array = NDArray[np.float32]

SATURATION = 4.0
"""What Lucid divides the picture by before it is squashed: a smaller number gives stronger colours."""


@dataclass(frozen=True)
class Fourier:
    """picture = sigmoid(M · irfft2(S · numbers) / 4), with S = sqrt(H·W) / max(f, 1/max(H, W))^decay.

    Attributes:
        decay: how much weaker fine waves are than coarse ones: 1 as in natural pictures, 0 is white noise.
        spread: standard deviation of the numbers it starts from.
        colour: M.

    Source: Olah et al., Feature Visualization (2017), https://doi.org/10.23915/distill.00007
    """

    decay: float = 1.0
    spread: float = 0.01
    colour: Colour = IMAGENET_COLOUR

    def __post_init__(self) -> None:
        if not (0 <= self.decay <= 4 and self.spread >= 0):
            raise ChoiceError(
                f"a Fourier start needs a decay in [0, 4] and a spread of at least 0, received {self.decay} and "
                f"{self.spread}"
            )

    def noise(self, num: int, size: tuple[int, int], rng: np.random.Generator) -> Array:
        """Parameters of `num` random pictures, all different: soft clouds around grey."""
        shape = (num, size[0], size[1] // 2 + 1, 3, 2)
        return rng.normal(0, self.spread, shape).astype(np.float32)

    def of_pictures(self, pictures: Array) -> Array:
        """Parameters that show these pictures."""
        size = (pictures.shape[1], pictures.shape[2])
        values = self.colour.decorrelate(unsquash(pictures))
        return as_pairs(to_spectra(values * np.float32(SATURATION)) / self._scale(size))

    def pictures(self, parameters: Array, size: tuple[int, int]) -> Array:
        """The pictures that parameters make."""
        return squash(self._colours(parameters, size))

    def pull_back(self, parameters: Array, gradients: Array) -> Array:
        """Gradient for the pictures -> gradient for the parameters."""
        size = (gradients.shape[1], gradients.shape[2])
        slopes = self.colour.pull_back(gradients * squash_slope(self._colours(parameters, size)))
        return as_pairs(transpose_of_from_spectra(slopes / np.float32(SATURATION)) * self._scale(size))

    def _colours(self, parameters: Array, size: tuple[int, int]) -> Array:
        values = from_spectra(as_complex(parameters) * self._scale(size), size) / np.float32(SATURATION)
        return self.colour.recorrelate(values)

    def _scale(self, size: tuple[int, int]) -> Array:
        height, width = size
        slowest = np.float32(1 / max(height, width))
        scale = np.sqrt(height * width) / np.maximum(frequencies(size), slowest) ** self.decay
        return np.asarray(scale, np.float32)[..., None]
