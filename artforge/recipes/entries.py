"""Entries of the store on disk: each carries the SHA-256 of its content, and one that is damaged is dropped."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader, BufferedWriter
from pathlib import Path

import numpy as np

from artforge.core.drawings import Drawing, Value, pack_drawing
from artforge.core.files import atomic_path

_DIGEST_BYTES = 32


@contextmanager
def opened_entry(path: Path) -> Iterator[BufferedReader | None]:
    """An entry, open behind its digest; None where there is none or no sound one, which is dropped."""
    try:
        file = path.open("rb")
    except OSError:
        yield None
        return
    with file:
        digest = file.read(_DIGEST_BYTES)
        if hashlib.file_digest(file, "sha256").digest() != digest:
            path.unlink(missing_ok=True)
            yield None
            return
        mark_used(path)
        file.seek(_DIGEST_BYTES)
        yield file


def write_entry(path: Path, value: Value | bytes) -> None:
    """Write an entry, whole or not at all: an array as NumPy writes it, a drawing packed.

    Raises:
        OutputError: the folder cannot be written to.
    """
    with atomic_path(path) as part, part.open("wb") as file:
        file.write(bytes(_DIGEST_BYTES))
        hashed = _Hashed(file)
        if isinstance(value, np.ndarray):
            np.lib.format.write_array(hashed, value, allow_pickle=False)
        else:
            hashed.write(pack_drawing(value) if isinstance(value, Drawing) else value)
        file.seek(0)
        file.write(hashed.digest.digest())


def mark_used(path: Path) -> None:
    """Note the time of last use, by which the store chooses what goes; an entry that is gone by now stays gone."""
    with suppress(OSError):
        os.utime(path)


class _Hashed:
    """What is written goes on to a file and into a digest: an array is never copied whole."""

    def __init__(self, file: BufferedWriter) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, content: bytes) -> int:
        """Pass it on."""
        self.digest.update(content)
        return self._file.write(content)
