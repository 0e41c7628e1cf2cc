"""A folder that takes the place of another one whole, or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from artforge.core.errors import OutputError
from artforge.core.files import make_folder


@contextmanager
def replacement_of(place: Path) -> Iterator[Path]:
    """An empty folder beside `place` that takes its place when the block ends well, and is removed when it does not."""
    make_folder(place.parent)
    fresh = place.with_name(f".{place.name}.building-{secrets.token_hex(4)}")
    try:
        fresh.mkdir()
    except OSError as error:
        raise OutputError(
            f"cannot write into {place.parent}: {error.strerror}. Name another folder with --to."
        ) from error
    try:
        yield fresh
        _swap(fresh, place)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise OutputError(
            f"cannot build the gallery at {place}: {error.strerror or error}. The old one is untouched."
        ) from error
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _swap(fresh: Path, place: Path) -> None:
    """Rename `fresh` to `place`; what stood there is put back where that fails, and removed where it succeeds."""
    if not place.exists():
        fresh.rename(place)
        return
    old = place.with_name(f".{place.name}.old-{os.getpid()}")
    place.rename(old)
    try:
        fresh.rename(place)
    except BaseException:
        old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)
