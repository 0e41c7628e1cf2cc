"""EB Garamond, and which face a character is set in where it has none."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Literal

from PIL import ImageFont, features

Face = Literal["roman", "italic", "small"]
"""`small` is cut for 8 points: sturdier and wider, for captions; the others are for titles."""

_FOLDER = Path(__file__).parent / "fonts"
_FILES: dict[Face, Path] = {
    "roman": _FOLDER / "EBGaramond12-Regular.otf",
    "italic": _FOLDER / "EBGaramond12-Italic.otf",
    "small": _FOLDER / "EBGaramond08-Regular.otf",
}
PLAIN = frozenset(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x100)])) | frozenset("–—‘’“”…") - {"\xad"}
"""What every face has: most texts, for which no font need be searched."""
RIGHT_TO_LEFT = frozenset({"R", "AL"})
"""The directions, by Unicode, of letters that run from right to left."""
_UNSEEN = frozenset({"Cf", "Mn", "Me"})
"""Categories whose characters show nothing by themselves: joiners, variation selectors, accents without a letter."""


@dataclass(frozen=True)
class Run:
    """Characters that are set in one font file."""

    text: str
    path: Path


@dataclass(frozen=True)
class SetLine:
    """A line shared out among the fonts that have its characters.

    Attributes:
        runs: from left to right.
        foreign: the characters that EB Garamond lacks and DejaVu Sans has, each once.
        missing: the characters that neither has, which are left out, each once.
        unjoined: whether letters that run from right to left cannot be set as they should be.
    """

    runs: tuple[Run, ...]
    foreign: str = ""
    missing: str = ""
    unjoined: bool = False


def has_layout() -> bool:
    """Whether Pillow was built with what sets old-style figures, small capitals and right-to-left scripts (Raqm)."""
    return bool(features.check("raqm"))


@lru_cache(maxsize=128)
def open_font(path: Path, size: float) -> ImageFont.FreeTypeFont:
    """A font file at a size in pixels an em."""
    return ImageFont.truetype(str(path), size)


def one_line(text: str) -> str:
    """The text with single blanks for whatever cannot be printed."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(letter if _is_shown(letter) else " " for letter in composed).split())


@lru_cache(maxsize=4096)
def set_in_faces(text: str, face: Face) -> SetLine:
    """Share a line out among the fonts that have its characters.

    Args:
        text: one line, as `one_line` gives it.
        face: of EB Garamond.
    """
    own = _FILES[face]
    if PLAIN.issuperset(text):
        return SetLine((Run(text, own),) if text else ())
    fallback = fallback_path()
    runs_back = any(unicodedata.bidirectional(letter) in RIGHT_TO_LEFT for letter in text)
    placed = _placed(text, (fallback,) if runs_back else (own, fallback))
    missing = [letter for letter, path in placed if path is None and not _joins(letter)]
    if any(path is None for _, path in placed):
        left = one_line("".join(letter for letter, path in placed if path is not None))
        return replace(set_in_faces(left, face), missing="".join(dict.fromkeys(missing)))
    runs = [
        Run("".join(letter for letter, _ in group), path)
        for path, group in groupby(placed, key=lambda pair: pair[1])
        if path is not None
    ]
    foreign = [letter for letter in text if not _joins(letter) and ord(letter) not in _characters(own)]
    return SetLine(tuple(runs), "".join(dict.fromkeys(foreign)), unjoined=runs_back and not has_layout())


@lru_cache(maxsize=1)
def fallback_path() -> Path:
    """DejaVu Sans, which comes with Matplotlib and has most alphabets."""
    import matplotlib  # noqa: PLC0415 - only for a text that EB Garamond cannot set

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def _placed(text: str, order: Sequence[Path]) -> list[tuple[str, Path | None]]:
    """Each character and the first font that has it; blanks and accents stay with what stands before them."""
    placed: list[tuple[str, Path | None]] = []
    for letter in text:
        before = placed[-1][1] if placed else None
        if letter.isspace():
            found: Path | None = before or order[0]
        elif _joins(letter):
            found = before if before and ord(letter) in _characters(before) else None
        else:
            found = next((path for path in order if ord(letter) in _characters(path)), None)
        placed.append((letter, found))
    return placed


def _joins(letter: str) -> bool:
    return unicodedata.category(letter) in _UNSEEN


@lru_cache(maxsize=8)
def _characters(path: Path) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font  # noqa: PLC0415 - as above

    return frozenset(FT2Font(str(path)).get_charmap())


def _is_shown(letter: str) -> bool:
    return letter.isprintable() or unicodedata.category(letter) == "Cf"
