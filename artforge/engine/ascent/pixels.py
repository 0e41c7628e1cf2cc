"""A picture written down pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError
from artforge.engine.ascent.squash import squash, squash_slope, unsquash

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Pixels:
    """The numbers are the pixels.

    Attributes:
        bound: `none` lets them leave [0, 1], `sigmoid` squashes them into it.
        mean, spread: of the noise it starts from, in [0, 1]; with spread 0 it is plain grey.
        noise_kind: `uniform` in [mean - spread, mean + spread], or `normal` with that standard deviation.
    """

    bound: Literal["none", "sigmoid"] = "none"
    mean: float = 0.5
    spread: float = 0.05
    noise_kind: Literal["uniform", "normal"] = "uniform"

    def __post_init__(self) -> None:
        if not (0 < self.mean < 1 and 0 <= self.spread <= 1):
            raise ChoiceError(
                f"noise of pixels needs 0 < mean < 1 and 0 <= spread <= 1, received mean {self.mean} and "
                f"spread {self.spread}"
            )

    def noise(self, num: int, size: tuple[int, int], rng: np.random.Generator) -> Array:
        """Parameters of `num` random pictures, all different."""
        shape = (num, *size, 3)
        drawn = rng.uniform(-1, 1, shape) if self.noise_kind == "uniform" else rng.standard_normal(shape)
        return self.of_pictures((self.mean + self.spread * drawn).astype(np.float32))

    def of_pictures(self, pictures: Array) -> Array:
        """Parameters that show these pictures: within a millionth of black and white where squashed."""
        return pictures.copy() if self.bound == "none" else unsquash(pictures)

    def pictures(self, parameters: Array, size: tuple[int, int]) -> Array:  # noqa: ARG002 - they have it
        """The pictures that parameters make."""
        return parameters if self.bound == "none" else squash(parameters)

    def pull_back(self, parameters: Array, gradients: Array) -> Array:
        """Gradient for the pictures -> gradient for the parameters."""
        return gradients if self.bound == "none" else gradients * squash_slope(parameters)
