"""What is measured of every picture of a set in one pass: a small grey copy, and its colours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.kinds import Progress
from artforge.engine.data.pictures import Pictures

THUMBNAIL = 32
COLOUR_FEATURES = (
    "mean lightness",
    "mean red-green",
    "mean blue-yellow",
    "contrast of lightness",
    "contrast of red-green",
    "contrast of blue-yellow",
    "mean chroma",
    "contrast of chroma",
)
_BATCH = 256
_GREY_CHROMA = 2.0
"""Mean distance from grey, in CIELAB, up to which a picture is grey: JPEG colours a grey one by about 1."""
_LAB_MIDDLE = np.float32(128)


@dataclass(frozen=True)
class Measures:
    """Of every picture, in the order of its set.

    Attributes:
        thumbnails: uint8 (n, 32, 32), grey.
        colours: float32 (n, 8), by `COLOUR_FEATURES`: mean and standard deviation in CIELAB as OpenCV has it in 8 bits.
        is_grey: bool (n,), whether it shows no colour.
    """

    thumbnails: NDArray[np.uint8]
    colours: NDArray[np.float32]
    is_grey: NDArray[np.bool_]

    @property
    def tints(self) -> NDArray[np.float32]:
        """float32 (n, 2): the mean red-green and blue-yellow of each picture, 128 each where it is grey."""
        return self.colours[:, [COLOUR_FEATURES.index("mean red-green"), COLOUR_FEATURES.index("mean blue-yellow")]]


def measure_pictures(pictures: Pictures, progress: Progress | None = None) -> Measures:
    """Measure every picture, a batch at a time.

    Args:
        pictures: of one size, colour or grey.
        progress: called with (done, total).
    """
    num = len(pictures)
    thumbnails = np.empty((num, THUMBNAIL, THUMBNAIL), np.uint8)
    colours = np.empty((num, len(COLOUR_FEATURES)), np.float32)
    for start in range(0, num, _BATCH):
        indices = np.arange(start, min(start + _BATCH, num), dtype=np.int64)
        for index, picture in zip(indices.tolist(), pictures[indices], strict=True):
            shown = picture if picture.shape[-1] == 3 else np.repeat(picture, 3, axis=2)
            thumbnails[index] = _thumbnail(shown)
            colours[index] = _colours(shown)
        if progress is not None:
            progress(int(indices[-1]) + 1, num)
    return Measures(thumbnails, colours, colours[:, COLOUR_FEATURES.index("mean chroma")] <= _GREY_CHROMA)


def _thumbnail(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    way = cv2.INTER_AREA if len(grey) > THUMBNAIL else cv2.INTER_LINEAR
    return cv2.resize(grey, (THUMBNAIL, THUMBNAIL), interpolation=way).astype(np.uint8, copy=False)


def _colours(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)
    red_green, blue_yellow = (lab[..., axis].astype(np.float32) - _LAB_MIDDLE for axis in (1, 2))
    means, contrasts = cv2.meanStdDev(lab)
    chroma, chroma_contrast = cv2.meanStdDev(cv2.magnitude(red_green, blue_yellow))
    return np.concatenate([means, contrasts, chroma, chroma_contrast]).ravel().astype(np.float32)
