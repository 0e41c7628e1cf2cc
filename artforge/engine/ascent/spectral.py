"""Pictures and their spectra: the real Fourier transform over height and width, and its exact transpose."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Spectra = NDArray[np.complex64]
Values = TypeVar("Values", NDArray[np.float32], NDArray[np.float64])

_AXES = (1, 2)


def to_spectra(pictures: Array) -> Spectra:
    """(n, H, W, c) -> (n, H, W//2 + 1, c); the inverse of `from_spectra`."""
    return np.asarray(np.fft.rfft2(pictures, axes=_AXES), np.complex64)


def from_spectra(spectra: Spectra, size: tuple[int, int]) -> Array:
    """(n, H, W//2 + 1, c) -> (n, H, W, c)."""
    return np.asarray(np.fft.irfft2(spectra, s=size, axes=_AXES), np.float32)


def transpose_of_from_spectra(gradients: Array) -> Spectra:
    """Gradient for the pictures -> gradient for the real (real part) and imaginary numbers of the spectra.

    A number that stands for two waves has the slope of both.
    """
    height, width = gradients.shape[1:3]
    slopes = to_spectra(gradients)
    slopes /= np.float32(height * width)
    slopes *= waves_in_columns(width)[:, None]
    return slopes


def waves_in_columns(width: int) -> NDArray[np.float32]:
    """(W//2 + 1,): how many waves a number in each column of a spectrum stands for.

    Two, a wave and its mirror; but the first column, and of an even width the last, are their own mirrors.
    """
    counts = np.ones(width // 2 + 1, np.float32)
    counts[1 : (width + 1) // 2] = 2
    return counts


def faded_to_mean(values: Values) -> Values:
    """(H, W, c): fading to the mean at the edges (Hann).

    Left and right of a picture do not meet, and their jump would be taken for waves.
    """
    height, width = values.shape[:2]
    down, across = (np.hanning(size + 2)[1:-1].astype(values.dtype) for size in (height, width))
    share = np.outer(down, across)[..., None]
    return np.asarray((values - (values * share).sum(axis=(0, 1)) / share.sum()) * share, values.dtype)


def frequencies(size: tuple[int, int]) -> NDArray[np.float32]:
    """(H, W//2 + 1): cycles per pixel of each number of a spectrum."""
    height, width = size
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    return np.sqrt(down**2 + across**2).astype(np.float32)


def as_pairs(spectra: Spectra) -> Array:
    """Complex (...) -> real (..., 2)."""
    return np.ascontiguousarray(spectra).view(np.float32).reshape(*spectra.shape, 2)


def as_complex(pairs: Array) -> Spectra:
    """Real (..., 2) -> complex (...)."""
    return np.ascontiguousarray(pairs).view(np.complex64)[..., 0]
