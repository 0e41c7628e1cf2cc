"""What is shown beside a work: as much of its series as a page can carry, and what is varied in it."""

from __future__ import annotations

from collections.abc import Sequence

from artforge.gallery.pieces import Piece

STRIP = 24
"""The most thumbnails in one strip of a work's page: it must stay light where a series is long."""


def around(pieces: Sequence[Piece], place: int) -> Sequence[Piece]:
    """At most `STRIP` works around one place."""
    start = max(0, min(place - STRIP // 2, len(pieces) - STRIP))
    return pieces[start : start + STRIP]


def first_of(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """At most half a strip of works, the first ones."""
    return pieces[: STRIP // 2]


def varying_setting(series: Sequence[Piece]) -> str:
    """The one setting that differs within a series; empty where there is none or more than one."""
    values: dict[str, set[str]] = {}
    for piece in series:
        for name, value in piece.record.variant.items():
            values.setdefault(name, set()).add(repr(value))
    moving = [name for name, seen in values.items() if len(seen) > 1]
    return moving[0] if len(moving) == 1 else ""
