"""The formats by name: what each is for, its ending and how finely a lossy one is packed where nothing is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from artforge.core.errors import choice_message

StillFormat = Literal["png", "png16", "jpeg", "webp", "avif", "tiff", "tiff16", "pdf", "svg"]
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
        bits: of each colour of a pixel.
        mark: stands before the ending in a file's name, where two formats share the ending.
        longest_edge: the most pixels that an edge can have; None where memory ends first.
        bytes_per_pixel: that are held at once while a still is written, as measured (`benchmarks/prints.py`).
    """

    suffix: str
    film: bool = False
    quality: int | None = None
    lines: bool = False
    pixels: bool = True
    bits: int = 8
    mark: str = ""
    longest_edge: int | None = None
    bytes_per_pixel: float = 0.0


FORMATS: dict[StillFormat | FilmFormat, FormatInfo] = {
    "png": FormatInfo(".png", bytes_per_pixel=4.2),
    "png16": FormatInfo(".png", bits=16, mark="-16bit", bytes_per_pixel=0.5),
    "jpeg": FormatInfo(".jpg", quality=92, longest_edge=65_500, bytes_per_pixel=10),
    "webp": FormatInfo(".webp", quality=90, longest_edge=16_383, bytes_per_pixel=12),
    "avif": FormatInfo(".avif", quality=80, longest_edge=16_384, bytes_per_pixel=39),
    "tiff": FormatInfo(".tif", bytes_per_pixel=4.2),
    "tiff16": FormatInfo(".tif", bits=16, mark="-16bit", bytes_per_pixel=6.5),
    "pdf": FormatInfo(".pdf", lines=True, bytes_per_pixel=5),
    "svg": FormatInfo(".svg", lines=True, pixels=False),
    "mp4": FormatInfo(".mp4", film=True, longest_edge=16_384),
    "gif": FormatInfo(".gif", film=True, longest_edge=65_535),
    "webm": FormatInfo(".webm", film=True, longest_edge=65_535),
    "apng": FormatInfo(".apng", film=True),
    "animated_webp": FormatInfo(".webp", film=True, quality=80, longest_edge=16_383),
}

STILL_FORMATS = frozenset(name for name, info in FORMATS.items() if not info.film)
FILM_FORMATS = frozenset(name for name, info in FORMATS.items() if info.film)
LINE_FORMATS = frozenset(name for name, info in FORMATS.items() if info.lines)
"""Those in which a drawing stays one; in every other format it is a picture."""
LOSSY_FORMATS = frozenset(name for name, info in FORMATS.items() if info.quality is not None)
"""Those that take a quality."""
DEEP_FORMATS = frozenset(name for name, info in FORMATS.items() if info.bits == 16)
"""Those of 16 bits a colour."""

_ENDINGS = {"jpg": "jpeg", "tif": "tiff", "tif16": "tiff16"}
_DEEP_NAME = re.compile(r"([a-z0-9_]+?)[-_ ]?16[-_ ]?(?:bits?)?")


def format_fault(name: str, allowed: Sequence[str]) -> str | None:
    """What is wrong with the name of a format, or None; tells what is meant, or holds what is wanted instead.

    Args:
        name: as an artist writes it.
        allowed: the names that are taken.
    """
    if name in allowed:
        return None
    deep = _DEEP_NAME.fullmatch(name.lower())
    base = deep and _ENDINGS.get(deep[1], deep[1])
    if base in allowed and f"{base}16" not in allowed:
        return f"format {name!r}: {base} holds 8 bits a colour; 16 bits go into {' or '.join(sorted(DEEP_FORMATS))}"
    meant = f"{base}16" if f"{base}16" in allowed else _ENDINGS.get(name.lower())
    told = choice_message("format", name, allowed)
    return f"{told.partition(' - did you mean')[0]} - did you mean {meant!r}?" if meant else told


def edge_fault(file_format: StillFormat | FilmFormat, longest: int) -> str | None:
    """What is wrong with an edge for a format, or None; tells which ones hold it.

    Args:
        file_format: a name of `FORMATS`.
        longest: the longer edge in pixels.
    """
    info = FORMATS[file_format]
    if info.longest_edge is None or longest <= info.longest_edge:
        return None
    others = "webm, gif or apng" if info.film else "tiff, png or pdf"
    told = f"{file_format} holds at most {info.longest_edge} pixels along an edge, received {longest}"
    return f"{told}: take {others}, or a smaller size"
