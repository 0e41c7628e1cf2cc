"""The formats by name: what each is for, its ending and how finely a lossy one is packed where nothing is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

StillFormat = Literal["png", "jpeg", "webp", "avif", "tiff", "svg"]
FilmFormat = Literal["mp4", "gif", "webm", "apng", "animated_webp"]


@dataclass(frozen=True)
class FormatInfo:
    """One format.

    Attributes:
        suffix: the ending of its files, with the dot.
        film: whether it holds frames.
        quality: from 1 to 100, how finely it is packed unless the artist says otherwise; None where nothing is lost,
            or where the loss is not measured so.
        lines: whether it keeps the lines of a drawing, and its size in mm.
        pixels: whether it holds a picture.
    """

    suffix: str
    film: bool = False
    quality: int | None = None
    lines: bool = False
    pixels: bool = True


FORMATS: dict[StillFormat | FilmFormat, FormatInfo] = {
    "png": FormatInfo(".png"),
    "jpeg": FormatInfo(".jpg", quality=92),
    "webp": FormatInfo(".webp", quality=90),
    "avif": FormatInfo(".avif", quality=80),
    "tiff": FormatInfo(".tif"),
    "svg": FormatInfo(".svg", lines=True, pixels=False),
    "mp4": FormatInfo(".mp4", film=True),
    "gif": FormatInfo(".gif", film=True),
    "webm": FormatInfo(".webm", film=True),
    "apng": FormatInfo(".apng", film=True),
    "animated_webp": FormatInfo(".webp", film=True, quality=80),
}

STILL_FORMATS = frozenset(name for name, info in FORMATS.items() if not info.film)
FILM_FORMATS = frozenset(name for name, info in FORMATS.items() if info.film)
LINE_FORMATS = frozenset(name for name, info in FORMATS.items() if info.lines)
"""Those in which a drawing stays one; in every other format it is a picture."""
LOSSY_FORMATS = frozenset(name for name, info in FORMATS.items() if info.quality is not None)
"""Those that take a quality."""
