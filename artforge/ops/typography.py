"""Setting type: lines of EB Garamond measured, shortened, broken and drawn, the same at every size."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from artforge.core.pictures import to_float
from artforge.core.values import Color, Image
from artforge.core.work import current_work
from artforge.ops.layout import tint
from artforge.ops.type_faces import RIGHT_TO_LEFT, Face, Run, Setting, has_layout, one_line, open_font, set_in_faces

Align = Literal["left", "centre", "right"]
"""On which side of the given place a line stands."""

CAPITAL_HEIGHT = 0.65
"""Of the capitals, in ems."""
QUIET = 0.68
"""How dark captions are: they stand back behind the pictures and the title."""
LABEL_SPACE = 1.75
"""What a label under a picture takes, in ems."""

_LABEL_BASELINE = 1.35  # from the picture's lower edge, in ems
_ELLIPSIS = "…"
_EM = 1000  # the units of the fonts: at this size every advance is a whole number
_BEARING_STEP = 4  # letters are measured at a quarter of it
_SMOOTH_EM = 64  # smaller type is drawn at least so large and scaled down, so that no hinting shifts its letters
_OVERHANG = 0.6  # how far, in ems, ink may reach beyond a line's advance and below its baseline
_ASCENT = 1.2
_SMALL_CAPITALS = 0.78  # of capitals, where the font's own small capitals cannot be had


@dataclass(frozen=True)
class Type:
    """How a line is set.

    Attributes:
        size: in pixels an em.
        face: of EB Garamond.
        tracking: extra space between the letters, in ems.
        small_capitals: every letter as a small capital.
        lining: figures as tall as capitals, for tables; else old-style ones, for lines of text.
    """

    size: float
    face: Face = "roman"
    tracking: float = 0.0
    small_capitals: bool = False
    lining: bool = False

    @property
    def leading(self) -> float:
        """From baseline to baseline, in pixels."""
        return 1.28 * self.size


def width_of(text: str, style: Type) -> float:
    """How far a line reaches, in pixels; proportional to the size of the type."""
    return _advance(set_in_faces(one_line(text), style.face).runs, replace(style, size=_EM)) * style.size / _EM


def shorten(text: str, style: Type, room: float) -> str:
    """One printable line that fits into `room` pixels, with an ellipsis where something had to go."""
    line = one_line(text)
    if width_of(line, style) <= room:
        return line
    fitting, too_long = 0, len(line)
    while too_long - fitting > 1:
        middle = (fitting + too_long) // 2
        if width_of(line[:middle].rstrip() + _ELLIPSIS, style) <= room:
            fitting = middle
        else:
            too_long = middle
    return line[:fitting].rstrip(" ,;:.·") + _ELLIPSIS


def break_lines(text: str, style: Type, room: float, *, most: int = 3) -> list[str]:
    """A text as lines of at most `room` pixels, about equally long; what the text itself breaks stays broken.

    Args:
        text: may hold line breaks; empty lines count.
        style: how it will be set.
        room: in pixels.
        most: so many lines; the last ends in an ellipsis where there is more to say.
    """
    lines = [line for paragraph in text.strip().splitlines() for line in _broken(one_line(paragraph), style, room)]
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [shorten(line, style, room) for line in lines]


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

    Characters that EB Garamond lacks are set in DejaVu Sans; those that neither has are left out. The person is told.

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
    baseline, x = place
    first, last = _ink(setting.runs, style)
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


def _tell(line: str, setting: Setting) -> None:
    notice = current_work().noticed
    if setting.foreign:
        notice(f"{line!r}: EB Garamond has no {_listed(setting.foreign)}; set in DejaVu Sans")
    if setting.missing:
        notice(f"{line!r}: neither EB Garamond nor DejaVu Sans has {_listed(setting.missing)}; left out")
    if setting.unjoined:
        notice(f"{line!r}: this Pillow was built without Raqm; letters run from left to right and are not joined")


def _listed(letters: str) -> str:
    most = 12
    return " ".join(letters[:most]) + (f" and {len(letters) - most} more" if len(letters) > most else "")


def _broken(line: str, style: Type, room: float) -> list[str]:
    """A line broken at its blanks where it is too long: first into as few lines as can be, then evened out."""
    words = line.split(" ")
    filled = _filled(words, style, room)
    if len(filled) < 2:
        return filled
    low, high = room / 2, room
    while high - low > 0.01 * room:  # the narrowest measure that needs no further line
        middle = (low + high) / 2
        low, high = (low, middle) if len(_filled(words, style, middle)) <= len(filled) else (middle, high)
    return _filled(words, style, high)


def _filled(words: list[str], style: Type, room: float) -> list[str]:
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, style) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _fitted(run: Run, style: Type) -> tuple[str, ImageFont.FreeTypeFont]:
    """A run as it is spelled, and its font."""
    if style.small_capitals and not has_layout():
        return run.text.upper(), open_font(run.path, style.size * _SMALL_CAPITALS)
    return run.text, open_font(run.path, style.size)


def _features(style: Type) -> list[str] | None:
    """What is asked of the font, where Pillow can ask."""
    if not has_layout():
        return None
    figures = ["lnum"] if style.lining else ["onum", "cv11"]  # a 1 that is no small I
    capitals = ["smcp", "c2sc"] if style.small_capitals else []
    return [*figures, *capitals, *(["-liga", "-clig"] if style.tracking else [])]


def _advance(runs: Sequence[Run], style: Type) -> float:
    fitted = [_fitted(run, style) for run in runs]
    letters = sum(len(text) for text, _ in fitted)
    length = sum(font.getlength(text, features=_features(style)) for text, font in fitted)
    return length + letters * style.tracking * style.size


def _ink(runs: Sequence[Run], style: Type) -> tuple[float, float]:
    """Where the ink of a line begins and ends, in pixels from where it is set."""
    plain = replace(style, size=_EM, tracking=0.0)
    begins = _bearings(Run(runs[0].text[0], runs[0].path), plain)[0]
    after = _bearings(Run(runs[-1].text[-1], runs[-1].path), plain)[1]
    ends = _advance(runs, replace(style, size=_EM)) - after - style.tracking * _EM
    return begins * style.size / _EM, ends * style.size / _EM


@lru_cache(maxsize=1024)
def _bearings(letter: Run, style: Type) -> tuple[float, float]:
    """The free space before and behind a letter's ink within its advance, in units of the font."""
    if unicodedata.bidirectional(letter.text) in RIGHT_TO_LEFT:
        return 0.0, 0.0  # joined to others it has another form
    text, font = _fitted(letter, replace(style, size=_EM / _BEARING_STEP))
    mask, (left, _) = font.getmask2(text, mode="L", anchor="ls", features=_features(style))
    box = mask.getbbox()
    if box is None:
        return 0.0, 0.0
    advance = font.getlength(text, features=_features(style))
    return _BEARING_STEP * (left + box[0]), _BEARING_STEP * (advance - left - box[2])


def _coverage(runs: Sequence[Run], style: Type, origin: tuple[float, float]) -> NDArray[np.float32]:
    """How much of each pixel is ink, [0, 1], on a strip in which the line begins at `origin` (down, across)."""
    times = max(1, math.ceil(_SMOOTH_EM / style.size))
    drawn = replace(style, size=style.size * times)
    height = math.ceil(origin[0] + _OVERHANG * style.size)
    width = math.ceil(origin[1] + _advance(runs, replace(style, size=_EM)) * style.size / _EM + _OVERHANG * style.size)
    strip = PillowImage.new("L", (width * times, height * times), 0)
    pen = ImageDraw.Draw(strip)
    baseline, x = origin[0] * times, origin[1] * times
    for run in runs:
        text, font = _fitted(run, drawn)
        for offset, part in _parts(run, style):
            place = (x + offset * drawn.size / _EM, baseline)
            pen.text(place, text[part], fill=255, font=font, anchor="ls", features=_features(style))
        x += _advance([run], replace(style, size=_EM)) * drawn.size / _EM
    coverage = np.asarray(strip)
    if times > 1:
        coverage = np.asarray(cv2.resize(coverage, (width, height), interpolation=cv2.INTER_AREA))
    return to_float(coverage)


def _parts(run: Run, style: Type) -> Iterator[tuple[float, slice]]:
    """What is drawn at once, and how far from the beginning it stands in units of the font: words, or tracked letters.

    Each is placed by itself, since a font that is opened at some size rounds its advances to whole pixels.
    """
    text, font = _fitted(run, replace(style, size=_EM))
    if any(unicodedata.bidirectional(letter) in RIGHT_TO_LEFT for letter in text):
        yield 0.0, slice(None)  # its last word stands first
        return
    for found in re.finditer(r"\S" if style.tracking else r"\S+", text):
        before = font.getlength(text[: found.end()], features=_features(style))
        alone = font.getlength(found[0], features=_features(style))
        yield before - alone + found.start() * style.tracking * _EM, slice(*found.span())


def _within(size: int, start: int, length: int) -> slice:
    """The part of [start, start + length) that lies in [0, size)."""
    first = min(max(0, start), size)
    return slice(first, max(first, min(size, start + length)))
