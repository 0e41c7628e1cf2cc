"""Files at the edge: whole or not at all, and known by their content."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from artforge.core.errors import OutputError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, with its ending; renamed to `path` when the block ends well, else removed.

    Raises:
        OutputError: the folder cannot be made or written to.
    """
    make_folder(path.parent)
    try:
        descriptor, name = tempfile.mkstemp(prefix=".part-", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise OutputError(
            f"cannot write into {path.parent}: {error.strerror}. Choose another folder with --out."
        ) from error
    os.close(descriptor)
    part = Path(name)
    try:
        yield part
        part.chmod(0o666 & ~_umask())  # mkstemp gives 0600; a gallery must be readable by a web server
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file or none of it."""
    with atomic_path(path) as part:
        part.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write a whole UTF-8 file or none of it."""
    write_bytes(path, text.encode("utf-8"))


def make_folder(folder: Path) -> None:
    """Make `folder` and its parents.

    Raises:
        OutputError: it cannot be made, or something else stands there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}. Choose another one.") from error


def sha256_of(path: Path) -> str:
    """The file's SHA-256 as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
