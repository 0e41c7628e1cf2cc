"""Texts made to fit: shortened to one line, or broken into several about equally long."""

from __future__ import annotations

from artforge.ops.type_faces import one_line
from artforge.ops.type_metrics import Type, width_of

_ELLIPSIS = "…"


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
