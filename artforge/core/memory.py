"""How much memory there is, and whether a print fits into it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from artforge.core.errors import OutputError
from artforge.core.formats.known import FORMATS, FilmFormat, StillFormat

_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_WORKING_BYTES = 500_000_000
"""Of Python with its libraries, and of what the steps themselves hold."""
_PACKING_BYTES_PER_PIXEL = 7.0
"""Of the file, while the picture behind it is still there: as soon as all of it has been turned into levels, it is let
go."""
_GIGABYTE = 1e9


def total_memory() -> int | None:
    """Bytes of memory that this process can have at most, as the machine or its container allows; None if unknown."""
    limits = []
    with suppress(OSError, ValueError, AttributeError):
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for file in _CGROUP_LIMITS:
        with suppress(OSError, ValueError):
            limits.append(int(file.read_text()))
    return min((limit for limit in limits if limit > 0), default=None)


def writing_memory(still_format: StillFormat | FilmFormat, size: tuple[int, int]) -> int:
    """Bytes that a still of (height, width) pixels takes while it is written, alone."""
    return round(size[0] * size[1] * FORMATS[still_format].bytes_per_pixel)


def needed_memory(still_format: StillFormat | FilmFormat, size: tuple[int, int], held: int = 0) -> int:
    """Bytes that a still takes to write, besides what its steps take.

    Args:
        still_format: a name of `FORMATS`.
        size: (height, width) in pixels.
        held: bytes of the picture that it is made from, as far as that is known.
    """
    writing = writing_memory(still_format, size)
    packing = min(writing, round(size[0] * size[1] * _PACKING_BYTES_PER_PIXEL))
    return _WORKING_BYTES + max(writing, held + packing)


def check_memory(what: str, still_format: StillFormat | FilmFormat, size: tuple[int, int], held: int = 0) -> None:
    """Raise before anything is drawn where a still does not fit into memory.

    Args:
        what: the still's name, for the message.
        still_format: a name of `FORMATS`.
        size: (height, width) in pixels.
        held: see `needed_memory`.

    Raises:
        OutputError: it needs more than there is; both are told.
    """
    needed, total = needed_memory(still_format, size, held), total_memory()
    if total is not None and needed > total:
        raise OutputError(
            f"output {what!r}: {size[1]}x{size[0]} pixels as {still_format} need about {needed / _GIGABYTE:.1f} GB of "
            f"memory, and this machine has {total / _GIGABYTE:.1f} GB. Take a lower dpi or a smaller size."
        )
