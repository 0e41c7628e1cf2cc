"""Setting type: lines of EB Garamond drawn on a page, the same at every size."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw

from artforge.core.pictures import to_float
from artforge.core.values import Color, Image
from artforge.core.work import current_work
from artforge.ops.layout import tint
from artforge.ops.line_breaks import shorten
from artforge.ops.type_faces import RIGHT_TO_LEFT, Run, SetLine, one_line, set_in_faces
from artforge.ops.type_metrics import EM, Type, advance, font_features, ink_extent, spelled

Align = Literal["left", "centre", "right"]
"""On which side of the given place a line stands."""

QUIET = 0.68
"""How dark captions are: they stand back behind the pictures and the title."""
LABEL_SPACE = 1.75
"""What a label under a picture takes, in ems."""

LEAST_EM = 5.0
"""Pixels an em: letters of smaller type run into each other."""

_LABEL_BASELINE = 1.35  # from the picture's lower edge, in ems
_SMOOTH_EM = 64  # smaller type is drawn at least so large and scaled down, so that no hinting shifts its letters
_OVERHANG = 0.6  # how far, in ems, ink may reach beyond a line's advance and below its baseline
_ASCENT = 1.2


def write(
    page: Image,
    text: str,
    style: Type,
    place: tuple[float, float],
    *,
    ink: Color,
    align: Align = "left",
    strength: float = 1.0,
) -> None:
    """Set a line on `page`, in place; what would stand beyond its edges is cut off.

    Characters that EB Garamond lacks are set in DejaVu Sans; those that neither has are left out. The person is told,
    and also of type that is too small to be read on the finished work.

    Args:
        page: float32 (H, W, 3).
        text: one line.
        style: how it is set.
        place: (baseline, x) in pixels. At x the ink itself begins, ends or has its middle, not the letters' own
            side bearings: so large and small type line up.
        ink: colour of the type.
        align: on which side of x it stands.
        strength: [0, 1], how dark.
    """
    line = one_line(text)
    setting = set_in_faces(line, style.face)
    _tell(line, setting)
    if not setting.runs or style.size <= 0:
        return
    _tell_of_smallness(style.size / current_work().scale)
    baseline, x = place
    first, last = ink_extent(setting.runs, style)
    left = x - {"left": first, "centre": (first + last) / 2, "right": last}[align]
    top, start = math.floor(baseline - _ASCENT * style.size), math.floor(left - _OVERHANG * style.size)
    coverage = _coverage(setting.runs, style, (baseline - top, left - start))
    rows, columns = _within(page.shape[0], top, coverage.shape[0]), _within(page.shape[1], start, coverage.shape[1])
    shown = coverage[rows.start - top : rows.stop - top, columns.start - start : columns.stop - start]
    tint(page[rows, columns], ink, shown * np.float32(strength))


def write_under(
    page: Image,
    text: str,
    style: Type,
    corner: tuple[float, float],
    room: float,
    *,
    ink: Color,
    strength: float = QUIET,
) -> None:
    """Set a label under a picture, in place, shortened to `room` pixels.

    Args:
        page: float32 (H, W, 3).
        text: one line.
        style: how it is set; it takes `LABEL_SPACE` ems.
        corner: (lower edge, left edge) of the picture, in pixels.
        room: in pixels.
        ink: colour of the type.
        strength: [0, 1], how dark.
    """
    bottom, left = corner
    place = (bottom + _LABEL_BASELINE * style.size, left)
    write(page, shorten(text, style, room), style, place, ink=ink, strength=strength)


def _tell(line: str, setting: SetLine) -> None:
    notice = current_work().noticed
    if setting.foreign:
        notice(f"{line!r}: EB Garamond has no {_listed(setting.foreign)}; set in DejaVu Sans")
    if setting.missing:
        notice(f"{line!r}: neither EB Garamond nor DejaVu Sans has {_listed(setting.missing)}; left out")
    if setting.unjoined:
        notice(f"{line!r}: this Pillow was built without Raqm; letters run from left to right and are not joined")


def _tell_of_smallness(em: float) -> None:
    if em < LEAST_EM:
        told = f"type of {math.floor(em * 10) / 10:g} pixels cannot be read, {LEAST_EM:g} are the least"
        current_work().noticed(f"{told}: set a larger type_size, or make the picture larger")


def _listed(letters: str) -> str:
    most = 12
    return " ".join(letters[:most]) + (f" and {len(letters) - most} more" if len(letters) > most else "")


def _coverage(runs: Sequence[Run], style: Type, origin: tuple[float, float]) -> NDArray[np.float32]:
    """How much of each pixel is ink, [0, 1], on a strip in which the line begins at `origin` (down, across)."""
    times = max(1, math.ceil(_SMOOTH_EM / style.size))
    drawn = replace(style, size=style.size * times)
    height = math.ceil(origin[0] + _OVERHANG * style.size)
    width = math.ceil(origin[1] + advance(runs, replace(style, size=EM)) * style.size / EM + _OVERHANG * style.size)
    strip = PillowImage.new("L", (width * times, height * times), 0)
    pen = ImageDraw.Draw(strip)
    baseline, x = origin[0] * times, origin[1] * times
    for run in runs:
        text, font = spelled(run, drawn)
        for offset, part in _parts(run, style):
            place = (x + offset * drawn.size / EM, baseline)
            pen.text(place, text[part], fill=255, font=font, anchor="ls", features=font_features(style))
        x += advance([run], replace(style, size=EM)) * drawn.size / EM
    coverage = np.asarray(strip)
    if times > 1:
        coverage = np.asarray(cv2.resize(coverage, (width, height), interpolation=cv2.INTER_AREA))
    return to_float(coverage)


def _parts(run: Run, style: Type) -> Iterator[tuple[float, slice]]:
    """What is drawn at once, and how far from the beginning it stands in units of the font: words, or tracked letters.

    Each is placed by itself, since a font that is opened at some size rounds its advances to whole pixels.
    """
    text, font = spelled(run, replace(style, size=EM))
    if any(unicodedata.bidirectional(letter) in RIGHT_TO_LEFT for letter in text):
        yield 0.0, slice(None)  # its last word stands first
        return
    for found in re.finditer(r"\S" if style.tracking else r"\S+", text):
        before = font.getlength(text[: found.end()], features=font_features(style))
        alone = font.getlength(found[0], features=font_features(style))
        yield before - alone + found.start() * style.tracking * EM, slice(*found.span())


def _within(size: int, start: int, length: int) -> slice:
    """The part of [start, start + length) that lies in [0, size)."""
    first = min(max(0, start), size)
    return slice(first, max(first, min(size, start + length)))
