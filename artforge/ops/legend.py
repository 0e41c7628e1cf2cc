"""Legends: names and values in a few quiet lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from artforge.core.values import Color, Image
from artforge.ops.line_breaks import shorten
from artforge.ops.type_metrics import Type, width_of
from artforge.ops.typography import QUIET, write

Legend = Sequence[tuple[str, str]]
"""(name, value) of what is to be told, in reading order."""

_TRACKING = 0.06
_AFTER_NAME = 0.42  # in ems
_BETWEEN = 1.7


@dataclass(frozen=True)
class Entry:
    """A name and its value, as they are shown, and how far from the left they begin and the value begins."""

    name: str
    value: str
    left: float
    value_left: float


def name_type(style: Type) -> Type:
    """The type of a legend's names beside that of its values: small capitals, a little apart."""
    return replace(style, small_capitals=True, tracking=_TRACKING)


def legend_lines(legend: Legend, style: Type, room: float) -> list[list[Entry]]:
    """The legend in lines of at most `room` pixels; a value that is longer than a line is shortened."""
    lines: list[list[Entry]] = []
    left = 0.0
    for name, value in legend:
        shown_name = shorten(name.replace("_", " "), name_type(style), room / 2)
        value_left = width_of(shown_name, name_type(style)) + _AFTER_NAME * style.size
        shown_value = shorten(value, style, room - value_left)
        length = value_left + width_of(shown_value, style)
        if not lines or left + length > room:
            lines.append([])
            left = 0.0
        lines[-1].append(Entry(shown_name, shown_value, left, left + value_left))
        left += length + _BETWEEN * style.size
    return lines


def write_legend(page: Image, lines: list[list[Entry]], style: Type, place: tuple[float, float], *, ink: Color) -> None:
    """Set a legend on `page`, in place, its first baseline and left edge at `place`."""
    baseline, left = place
    for number, entries in enumerate(lines):
        height = baseline + number * style.leading
        for entry in entries:
            write(page, entry.name, name_type(style), (height, left + entry.left), ink=ink, strength=QUIET)
            write(page, entry.value, style, (height, left + entry.value_left), ink=ink, strength=QUIET)
