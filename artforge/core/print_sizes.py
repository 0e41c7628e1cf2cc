"""Sizes of prints: what `A3@300dpi` and `594x841mm@300dpi` are in pixels, and how a picture lies on such a sheet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from artforge.core.errors import did_you_mean
from artforge.core.papers import LARGEST_MM, MM_PER_INCH, PAPERS_MM, SMALLEST_MM, Page, paper_named

DEFAULT_DPI = 300.0
DPI_RANGE = (10.0, 2400.0)
LARGEST_EDGE = 32_768
"""Pixels that an edge of a work has at most."""
MOST_BLEED = 50.0
"""Millimetres."""

Fit = Literal["contain", "cover"]

_UNITS = {"mm": 1.0, "cm": 10.0, "in": MM_PER_INCH}
_NUMBER = r"(\d+(?:\.\d+)?)"
_UNIT = r"(mm|cm|in)"
_DPI = rf"(?:\s*@\s*{_NUMBER}\s*dpi)?"
_NAMED = re.compile(rf"([A-Za-z]\w*){_DPI}")
_EDGES = re.compile(rf"{_NUMBER}\s*[x×]\s*{_NUMBER}\s*{_UNIT}{_DPI}")
_ONE_EDGE = re.compile(rf"{_NUMBER}\s*{_UNIT}{_DPI}")
_LENGTH = re.compile(rf"{_NUMBER}\s*{_UNIT}")


@dataclass(frozen=True)
class Sheet:
    """Where a picture lies on a sheet, in pixels.

    Attributes:
        height, width: of the whole sheet with its bleed.
        picture: (height, width) that the picture is resized to; never stretched by more than the rounding to pixels.
        top, left: where the picture's corner lies; negative where it reaches beyond the sheet and is cut.
    """

    height: int
    width: int
    picture: tuple[int, int]
    top: int
    left: int


@dataclass(frozen=True)
class PrintSize:
    """How large a print is, and how the picture lies on it.

    Attributes:
        shorter, longer: edges of the trimmed sheet in millimetres; a `shorter` of None is that of the picture's shape.
        dpi: pixels in an inch.
        bleed: millimetres at each side that are printed and cut off.
        fit: `contain` shows the whole picture, as large as the trimmed sheet can hold, on a ground; `cover` fills the
            sheet and its bleed and cuts off what is too much, the same at both sides.
    """

    shorter: float | None
    longer: float
    dpi: float = DEFAULT_DPI
    bleed: float = 0.0
    fit: Fit = "contain"

    def sheet(self, height: int, width: int, scale: float = 1.0) -> Sheet:
        """Lay a picture of (height, width) on the paper, which stands upright or lies as the picture does.

        Args:
            height: of the picture, in pixels.
            width: of the picture, in pixels.
            scale: below 1 for a preview: that share of the pixels.
        """
        shorter = self.shorter or self.longer * min(height, width) / max(height, width)
        edges = (shorter, self.longer) if width > height else (self.longer, shorter)
        per_mm = self.dpi * scale / MM_PER_INCH
        whole_height, whole_width = (max(1, round((edge + 2 * self.bleed) * per_mm)) for edge in edges)
        inset = round(self.bleed * per_mm) if self.fit == "contain" else 0
        box = max(1, whole_height - 2 * inset), max(1, whole_width - 2 * inset)
        picture = _fitted((height, width), box, self.fit)
        return Sheet(
            whole_height,
            whole_width,
            picture,
            top=(whole_height - picture[0]) // 2,
            left=(whole_width - picture[1]) // 2,
        )

    def page(self, height: int, width: int) -> Page:
        """The page of a sheet of (height, width) pixels."""
        whole = self.longer + 2 * self.bleed
        shorter = self.shorter or whole * min(height, width) / max(height, width) - 2 * self.bleed
        return Page(*((self.longer, shorter) if width > height else (shorter, self.longer)), self.bleed)

    def pixels(self) -> tuple[int, int]:
        """(longer, shorter) edge of the whole sheet in pixels; of one whose picture decides, both the longer."""
        edges = (self.longer, self.longer if self.shorter is None else self.shorter)
        longer, shorter = (round((edge + 2 * self.bleed) * self.dpi / MM_PER_INCH) for edge in edges)
        return longer, shorter


def _fitted(size: tuple[int, int], box: tuple[int, int], fit: Fit) -> tuple[int, int]:
    """`size` scaled to touch the box from inside or outside; an edge within a pixel of the box's takes its length."""
    ratios = box[0] / size[0], box[1] / size[1]
    scale = min(ratios) if fit == "contain" else max(ratios)
    height, width = (
        edge if abs(length * scale - edge) < 1 else max(1, round(length * scale))
        for length, edge in zip(size, box, strict=True)
    )
    return height, width


def page_of_pixels(height: int, width: int, dpi: float) -> Page:
    """The page that a picture of (height, width) pixels fills."""
    return Page(width / dpi * MM_PER_INCH, height / dpi * MM_PER_INCH)


def parse_print_size(text: str) -> tuple[PrintSize, bool]:
    """Read `A3@300dpi`, `594x841mm@300dpi`, `12x16in` or `400mm`, the longer edge alone.

    Returns:
        The size, and whether the text says its dpi.

    Raises:
        ValueError: it is none; the nearest name is told.
    """
    named, edges, one = (form.fullmatch(text.strip()) for form in (_NAMED, _EDGES, _ONE_EDGE))
    if named is not None:
        paper = paper_named(named[1])
        if paper is None:
            raise ValueError(f"no paper is called {named[1]!r}{did_you_mean(named[1], list(PAPERS_MM))}")
        shorter: float | None
        shorter, longer = PAPERS_MM[paper]
        dpi = named[2]
    elif edges is not None:
        shorter, longer = sorted(float(edges[at]) * _UNITS[edges[3]] for at in (1, 2))
        dpi = edges[4]
    elif one is not None:
        shorter, longer, dpi = None, float(one[1]) * _UNITS[one[2]], one[3]
    elif "@" in text:
        raise ValueError(f"behind the @ stands a resolution such as {DEFAULT_DPI:g}dpi, before it a size of paper")
    else:
        raise ValueError("no size of paper")
    if not SMALLEST_MM <= (longer if shorter is None else shorter) <= longer <= LARGEST_MM:
        raise ValueError(f"a sheet's edges are {SMALLEST_MM:g} to {LARGEST_MM:g} mm long")
    return PrintSize(shorter, longer, float(dpi) if dpi else DEFAULT_DPI), dpi is not None


def parse_length(text: str) -> float:
    """Read a length such as `3mm`, `0.3cm` or `0.125in`.

    Raises:
        ValueError: it is none.
    """
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        raise ValueError("not a length in mm, cm or in")
    return float(found[1]) * _UNITS[found[2]]
