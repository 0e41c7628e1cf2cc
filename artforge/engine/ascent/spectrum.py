"""How strong each wave is in a body of pictures, and how their colours go together: an artist's grain and palette."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import DatasetError, PictureError, ShapeError
from artforge.core.picture_folders import sample_of_folder, tell_unread
from artforge.core.pictures import centre_square, read_picture, resize
from artforge.core.values import Image, Kind, array_fault
from artforge.engine.ascent.colour import IMAGENET_COLOUR, Colour, colour_of_pixels
from artforge.engine.ascent.spectral import faded_to_mean, frequencies, to_spectra, waves_in_columns
from artforge.engine.ascent.squash import unsquash

MEASURED_SIZE = 256
"""Pictures are measured at this many pixels along an edge."""
MOST_PICTURES = 500
"""More pictures no longer change a mean spectrum; of a larger folder so many are taken, evenly spread."""
_SOFTEST, _HARDEST = 0.02, 0.98
_FLAT = 1e-3


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Mean strength of every wave in decorrelated colours, and the colours.

    Attributes:
        magnitude: float32 (h, h//2 + 1, 3); only its shape counts, each channel is brought to standard deviation 1.
        colour: how the three numbers become red, green and blue.
    """

    magnitude: NDArray[np.float32]
    colour: Colour

    @lru_cache(maxsize=4)  # noqa: B019 - spectra are few, and every step of an ascent asks again
    def at(self, size: tuple[int, int]) -> NDArray[np.float32]:
        """The magnitudes for pictures of another size: float32 (H, W//2 + 1, 3), of standard deviation 1.

        Waves are matched by cycles per pixel, so a larger picture has the same grain. Between and below the waves that
        were measured, magnitude · frequency is interpolated: in natural pictures that is almost constant.
        """
        measured = self.magnitude.shape[0]
        flat = self.magnitude * np.maximum(frequencies((measured, measured)), 1 / measured)[..., None]
        flat[0, 0] = (flat[1, 0] + flat[-1, 0] + flat[0, 1]) / 3  # the mean colour is no wave
        height, width = size
        down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
        middle = measured // 2
        rows = np.broadcast_to(down * measured + middle, (height, across.shape[1])).astype(np.float32)
        columns = np.broadcast_to(across * measured, rows.shape).astype(np.float32)
        centred = np.ascontiguousarray(np.fft.fftshift(flat, axes=0), np.float32)
        found = cv2.remap(centred, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        waves = frequencies(size)
        waves[0, 0] = np.inf
        magnitude = found / waves[..., None]
        return np.asarray(magnitude / _spread(magnitude, size), np.float32)


def _spread(magnitude: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float64]:
    """(channels,): the standard deviation of pictures with these magnitudes, by Parseval's theorem."""
    height, width = size
    energy = (magnitude.astype(np.float64) ** 2 * waves_in_columns(width)[:, None]).sum(axis=(0, 1))
    return np.asarray(np.sqrt(np.maximum(energy, 1e-30)) / (height * width))


CONTRAST = 2.0
"""Of the pictures that the natural spectrum makes: standard deviation of their light before the sigmoid."""


@cache
def natural_spectrum() -> Spectrum:
    """Strength 1 / frequency in the colours of ImageNet: what photographs of the world share."""
    waves = frequencies((MEASURED_SIZE, MEASURED_SIZE))
    waves[0, 0] = 1
    matrix = np.asarray(IMAGENET_COLOUR.matrix) * CONTRAST
    colour = Colour(tuple(tuple(map(float, row)) for row in matrix))  # type: ignore[arg-type]
    return Spectrum(np.repeat((1 / waves)[..., None], 3, axis=-1).astype(np.float32), colour)


def spectrum_of_pictures(pictures: Sequence[Image]) -> Spectrum:
    """The spectrum and the colours of given pictures.

    Args:
        pictures: in [0, 1], of any sizes: the middle square of each is brought to one size first.

    Raises:
        DatasetError: no pictures, or none with anything on it.
        ShapeError: one that is no picture.
    """
    if not pictures:
        raise DatasetError("no pictures to measure a spectrum of: expected at least one")
    for one in pictures:
        fault = array_fault(one, Kind.IMAGE)
        if fault is not None:
            raise ShapeError(f"a picture to measure a spectrum of: {fault}")
    if all(np.ptp(one) < _FLAT for one in pictures):
        raise DatasetError("every picture is of one colour: there are no waves to measure a spectrum of")
    edge = (MEASURED_SIZE, MEASURED_SIZE)
    values = [unsquash(np.clip(resize(centre_square(one), edge), _SOFTEST, _HARDEST)) for one in pictures]
    colour = colour_of_pixels(np.concatenate([one[::4, ::4].reshape(-1, 3) for one in values]))
    total = np.zeros((MEASURED_SIZE, MEASURED_SIZE // 2 + 1, 3), np.float64)
    for one in values:
        total += np.abs(to_spectra(faded_to_mean(colour.decorrelate(one))[None])[0])
    return Spectrum((total / len(values)).astype(np.float32), colour)


def spectrum_of_folder(folder: Path) -> Spectrum:
    """The spectrum and the colours of all pictures in a folder and the folders in it.

    Args:
        folder: where to look; of more than `MOST_PICTURES` pictures so many are taken, evenly spread by name.

    Raises:
        DatasetError: no such folder, or no picture in it that can be read.
    """
    chosen = sample_of_folder(folder, "a spectrum", MOST_PICTURES)
    pictures, faults = [], []
    for path in chosen:
        try:
            pictures.append(_small(read_picture(path, shortest_edge=MEASURED_SIZE)))
        except PictureError as error:
            faults.append(str(error))
    tell_unread(folder, faults, len(chosen))
    return spectrum_of_pictures(pictures)


def _small(image: Image) -> Image:
    """What is measured of a picture, so that a folder of large ones fits into memory."""
    return resize(centre_square(image), (MEASURED_SIZE, MEASURED_SIZE))
