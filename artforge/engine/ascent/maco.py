"""A picture of which only the phases move: every wave keeps the strength that it has in natural pictures."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from artforge.engine.ascent.spectral import Spectra, from_spectra, to_spectra, transpose_of_from_spectra
from artforge.engine.ascent.spectrum import Spectrum, natural_spectrum
from artforge.engine.ascent.squash import squash, squash_slope, unsquash

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Maco:
    """picture = sigmoid(M · irfft2(magnitude · exp(i · phases))).

    Attributes:
        spectrum: the magnitudes, and the colours M.

    Source: Fel et al., Unlocking Feature Visualization for Deeper Networks with MAgnitude Constrained Optimization
    (2023), https://arxiv.org/abs/2306.06805. There the phases are standardised before use; here they are free.
    """

    spectrum: Spectrum = field(default_factory=natural_spectrum)

    def noise(self, num: int, size: tuple[int, int], rng: np.random.Generator) -> Array:
        """Phases of `num` random pictures, all different."""
        return rng.uniform(-np.pi, np.pi, (num, size[0], size[1] // 2 + 1, 3)).astype(np.float32)

    def of_pictures(self, pictures: Array) -> Array:
        """The phases of these pictures: their lines and shapes stay, their contrast and grain become the spectrum's."""
        return np.angle(to_spectra(self.spectrum.colour.decorrelate(unsquash(pictures)))).astype(np.float32)

    def pictures(self, parameters: Array, size: tuple[int, int]) -> Array:
        """The pictures that phases make."""
        return squash(self._colours(self._spectra(parameters, size), size))

    def pull_back(self, parameters: Array, gradients: Array) -> Array:
        """Gradient for the pictures -> gradient for the phases."""
        size = (gradients.shape[1], gradients.shape[2])
        spectra = self._spectra(parameters, size)
        slopes = self.spectrum.colour.pull_back(gradients * squash_slope(self._colours(spectra, size)))
        waves = transpose_of_from_spectra(slopes)
        return spectra.real * waves.imag - spectra.imag * waves.real

    def _spectra(self, parameters: Array, size: tuple[int, int]) -> Spectra:
        return np.asarray(self.spectrum.at(size) * np.exp(1j * parameters), np.complex64)

    def _colours(self, spectra: Spectra, size: tuple[int, int]) -> Array:
        return self.spectrum.colour.recorrelate(from_spectra(spectra, size))
