"""The formats by name: what each is for, its ending and how finely a lossy one is packed where nothing is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

StillFormat = Literal["png", "jpeg", "webp", "avif", "tiff"]
FilmFormat = Literal["mp4", "gif", "webm", "apng", "animated_webp"]


@dataclass(frozen=True)
class FormatInfo:
    """One format.

    Attributes:
        suffix: the ending of its files, with the dot.
        film: whether it holds frames.
        quality: from 1 to 100, how finely it is packed unless the artist says otherwise; None where nothing is lost,
            or where the loss is not measured so.
    """

    suffix: str
    film: bool = False
    quality: int | None = None


FORMATS: dict[StillFormat | FilmFormat, FormatInfo] = {
    "png": FormatInfo(".png"),
    "jpeg": FormatInfo(".jpg", quality=92),
    "webp": FormatInfo(".webp", quality=90),
    "avif": FormatInfo(".avif", quality=80),
    "tiff": FormatInfo(".tif"),
    "mp4": FormatInfo(".mp4", film=True),
    "gif": FormatInfo(".gif", film=True),
    "webm": FormatInfo(".webm", film=True),
    "apng": FormatInfo(".apng", film=True),
    "animated_webp": FormatInfo(".webp", film=True, quality=80),
}

STILL_FORMATS = frozenset(name for name, info in FORMATS.items() if not info.film)
FILM_FORMATS = frozenset(name for name, info in FORMATS.items() if info.film)
LOSSY_FORMATS = frozenset(name for name, info in FORMATS.items() if info.quality is not None)
"""Those that take a quality."""
