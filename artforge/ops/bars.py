"""Strips of bars: how sure a network is of each class, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from artforge.core.values import Color, Image
from artforge.ops.layout import blank, paint
from artforge.ops.legend import name_type
from artforge.ops.line_breaks import shorten
from artforge.ops.type_metrics import Type, width_of
from artforge.ops.typography import QUIET, write

_ROW = 1.9  # all lengths in ems
_BAR = 0.34
_LINE = 0.04
_GAP = 1.1
_MIDDLE = 0.22  # of the small letters, above the baseline
_WIDEST_NAME = 0.4  # of the strip
_FAINT = 0.22


@dataclass(frozen=True)
class Bar:
    """One bar.

    Attributes:
        name: what stands before it.
        share: its length, [0, 1].
        before: the length that it had before, drawn above it; None where there is none.
    """

    name: str
    share: float
    before: float | None = None


def bars_strip(bars: Sequence[Bar], width: int, em: float, *, background: Color, ink: Color, accent: Color) -> Image:
    """Draw bars under each other: the name, the bar on a hairline, the share in percent.

    Args:
        bars: at least one; either all or none have a `before`.
        width: of the strip in pixels; names and figures end flush with it.
        em: size of the type in pixels.
        background, ink, accent: sRGB, as `#rrggbb` or a CSS name; bars are drawn in `accent`, those before in grey.

    Returns:
        float32 (H, width, 3), sRGB, [0, 1], H = 1.9 em a bar, and 1.5 em for the headings where there is a `before`.
    """
    style, figures = Type(em, "small"), Type(em, "small", lining=True)
    compared = any(bar.before is not None for bar in bars)
    heading = 1.5 * em if compared else 0.0
    strip = blank(max(1, round(heading + _ROW * em * len(bars))), width, background)
    column = width_of("> 99 %", figures) + _GAP * em
    names = min(max(width_of(bar.name, style) for bar in bars), _WIDEST_NAME * width)
    start, end = names + _GAP * em, width - (column if not compared else 2 * column)
    if compared:
        head = name_type(style)
        for text, right in (("before", width - column), ("after", float(width))):
            write(strip, text, head, (em, right), ink=ink, align="right", strength=QUIET)
    for number, bar in enumerate(bars):
        baseline = heading + (number + 0.5) * _ROW * em + _MIDDLE * em
        write(strip, shorten(bar.name, style, names), style, (baseline, 0), ink=ink)
        write(strip, percent(bar.share), figures, (baseline, width), ink=ink, align="right")
        if bar.before is not None:
            told = percent(bar.before)
            write(strip, told, figures, (baseline, width - column), ink=ink, align="right", strength=QUIET)
        if end > start:
            _draw_bar(strip, bar, (baseline - _MIDDLE * em, start, end), em, ink=ink, accent=accent)
    return strip


def percent(share: float) -> str:
    """`7 %`; what is not quite nothing or everything says so: `< 1 %`, `> 99 %`."""
    shown = round(100 * share)
    if shown == 0 and share > 0:
        return "< 1 %"
    if shown == 100 and share < 1:
        return "> 99 %"
    return f"{shown} %"


def _draw_bar(
    strip: Image, bar: Bar, place: tuple[float, float, float], em: float, *, ink: Color, accent: Color
) -> None:
    """A bar, its `before` above it, on a hairline from nothing to certainty at (height, from, to)."""
    middle, start, end = place
    paint(strip, (middle - _LINE * em / 2, start, middle + _LINE * em / 2, end), ink, _FAINT)
    length = end - start
    if bar.before is None:
        paint(strip, (middle - _BAR * em / 2, start, middle + _BAR * em / 2, start + bar.share * length), accent)
        return
    paint(strip, (middle - _BAR * em, start, middle, start + bar.before * length), ink, _FAINT)
    paint(strip, (middle, start, middle + _BAR * em, start + bar.share * length), accent)
