"""Measures of type: how far a line of EB Garamond reaches and where its ink begins, proportional to its size."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from PIL import ImageFont

from artforge.ops.type_faces import RIGHT_TO_LEFT, Face, Run, has_layout, one_line, open_font, set_in_faces

CAPITAL_HEIGHT = 0.65
"""Of the capitals, in ems."""
EM = 1000
"""The units of the fonts: at this size every advance is a whole number."""

_BEARING_STEP = 4  # letters are measured at a quarter of it
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
    return advance(set_in_faces(one_line(text), style.face).runs, replace(style, size=EM)) * style.size / EM


def spelled(run: Run, style: Type) -> tuple[str, ImageFont.FreeTypeFont]:
    """A run as it is spelled in this type, and the font that it is set in."""
    if style.small_capitals and not has_layout():
        return run.text.upper(), open_font(run.path, style.size * _SMALL_CAPITALS)
    return run.text, open_font(run.path, style.size)


def font_features(style: Type) -> list[str] | None:
    """What is asked of the font, where Pillow can ask."""
    if not has_layout():
        return None
    figures = ["lnum"] if style.lining else ["onum", "cv11"]  # a 1 that is no small I
    capitals = ["smcp", "c2sc"] if style.small_capitals else []
    return [*figures, *capitals, *(["-liga", "-clig"] if style.tracking else [])]


def advance(runs: Sequence[Run], style: Type) -> float:
    """From where a line is set to where the next one would go on, in pixels."""
    fitted = [spelled(run, style) for run in runs]
    letters = sum(len(text) for text, _ in fitted)
    length = sum(font.getlength(text, features=font_features(style)) for text, font in fitted)
    return length + letters * style.tracking * style.size


def ink_extent(runs: Sequence[Run], style: Type) -> tuple[float, float]:
    """Where the ink of a line begins and ends, in pixels from where it is set."""
    plain = replace(style, size=EM, tracking=0.0)
    begins = _bearings(Run(runs[0].text[0], runs[0].path), plain)[0]
    after = _bearings(Run(runs[-1].text[-1], runs[-1].path), plain)[1]
    ends = advance(runs, replace(style, size=EM)) - after - style.tracking * EM
    return begins * style.size / EM, ends * style.size / EM


@lru_cache(maxsize=1024)
def _bearings(letter: Run, style: Type) -> tuple[float, float]:
    """The free space before and behind a letter's ink within its advance, in units of the font."""
    if unicodedata.bidirectional(letter.text) in RIGHT_TO_LEFT:
        return 0.0, 0.0  # joined to others it has another form
    text, font = spelled(letter, replace(style, size=EM / _BEARING_STEP))
    mask, (left, _) = font.getmask2(text, mode="L", anchor="ls", features=font_features(style))
    box = mask.getbbox()
    if box is None:
        return 0.0, 0.0
    whole = font.getlength(text, features=font_features(style))
    return _BEARING_STEP * (left + box[0]), _BEARING_STEP * (whole - left - box[2])
