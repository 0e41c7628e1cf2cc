"""How many pictures climb together: as many as memory allows."""

from __future__ import annotations

CLIMBING_MEMORY = 1.0e9
"""Bytes that pictures which climb together may take, besides the network."""
COPIES = 16
"""About how many times a picture is there while it climbs: its numbers, the optimiser's memory of them, gradients."""


def bytes_of(size: tuple[int, int]) -> int:
    """Of one picture of (height, width)."""
    return size[0] * size[1] * 3 * 4


def most_at_once(size: tuple[int, int]) -> int:
    """How many pictures of (height, width) climb together, at least one."""
    return max(1, int(CLIMBING_MEMORY // (COPIES * bytes_of(size))))


def groups_of(num: int, size: tuple[int, int], *, most: int | None = None) -> list[range]:
    """The positions of `num` pictures of (height, width), in groups that climb together, of `most` at most."""
    at_once = most_at_once(size) if most is None else min(most, most_at_once(size))
    return [range(start, min(start + at_once, num)) for start in range(0, num, at_once)]
