"""Sheets of paper by name, and sizes in millimetres as an artist writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from artforge.core.errors import ChoiceError, did_you_mean

PAPERS_MM: dict[str, tuple[float, float]] = {
    "A0": (841, 1189),
    "A1": (594, 841),
    "A2": (420, 594),
    "A3": (297, 420),
    "A4": (210, 297),
    "A5": (148, 210),
    "A6": (105, 148),
    "B0": (1000, 1414),
    "B1": (707, 1000),
    "B2": (500, 707),
    "B3": (353, 500),
    "B4": (250, 353),
    "B5": (176, 250),
    "letter": (215.9, 279.4),
    "legal": (215.9, 355.6),
    "tabloid": (279.4, 431.8),
}
"""(width, height) of upright sheets in mm (ISO 216; ANSI/ASME Y14.1)."""

MM_PER_INCH = 25.4
LARGEST_MM = 5000.0
SMALLEST_MM = 5.0
_MILLIMETRES = re.compile(r"(\d+(?:\.\d+)?)\s*x\s*(\d+(?:\.\d+)?)\s*mm")
_BY_FOLDED = {name.casefold(): name for name in PAPERS_MM}


@dataclass(frozen=True)
class Page:
    """A sheet of paper: the trimmed size and, beyond it at each side, the bleed that is cut off; millimetres."""

    width: float
    height: float
    bleed: float = 0.0


def paper_named(text: str) -> str | None:
    """The name in `PAPERS_MM` that `text` writes in any case, or None."""
    return _BY_FOLDED.get(text.casefold())


def paper_size(text: object) -> tuple[float, float]:
    """(width, height) in mm of a sheet.

    Args:
        text: a name of `PAPERS_MM` in any case, upright; or `WIDTHxHEIGHTmm`, such as `300x200mm`.

    Raises:
        ChoiceError: it is neither, or an edge lies outside `SMALLEST_MM` to `LARGEST_MM`; the nearest name is told.
    """
    if isinstance(text, str):
        named = paper_named(text)
        if named is not None:
            return PAPERS_MM[named]
        found = _MILLIMETRES.fullmatch(text.strip())
        if found is not None:
            width, height = float(found[1]), float(found[2])
            if min(width, height) < SMALLEST_MM or max(width, height) > LARGEST_MM:
                raise ChoiceError(f"a sheet's edges are {SMALLEST_MM:g} to {LARGEST_MM:g} mm long, received {text!r}")
            return width, height
    hint = did_you_mean(text, list(PAPERS_MM)) if isinstance(text, str) else ""
    raise ChoiceError(f"a sheet is written like A4 or 300x200mm, received {text!r}{hint}")


def canonical_paper(text: str) -> str:
    """A sheet in its one form (`a4` -> `A4`), for pydantic.

    Raises:
        ValueError: it is no sheet.
    """
    try:
        width, height = paper_size(text)
    except ChoiceError as error:
        raise ValueError(str(error)) from error
    return paper_named(text) or f"{width:g}x{height:g}mm"
