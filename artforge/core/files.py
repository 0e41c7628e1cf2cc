"""Files at the edge: whole or not at all, and known by their content."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from artforge.core.errors import OutputError, UsageError

PART = ".part-"
"""How the name of a file begins that is not whole yet."""

_ABANDONED_SECONDS = 3600

_UMASK = os.umask(0o077)
os.umask(_UMASK)  # it can only be read by setting it, which is safe here, before there are threads


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, with its ending; renamed to `path` when the block ends well, else removed.

    Raises:
        OutputError: the folder cannot be made or written to, or an OSError came in the block or at the renaming.
    """
    make_folder(path.parent)
    try:
        descriptor, name = tempfile.mkstemp(prefix=PART, suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise OutputError(
            f"cannot write into {path.parent}: {error.strerror}. Choose another folder with --out."
        ) from error
    os.close(descriptor)
    part = Path(name)
    try:
        yield part
        part.chmod(0o666 & ~_UMASK)  # mkstemp gives 0600; a gallery must be readable by a web server
        part.replace(path)
    except BaseException as error:
        with suppress(OSError):  # what went wrong first is what must be told
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputError(
                f"{path}: cannot be written ({error.strerror or error}). "
                "Free the place or the disk, or choose another folder with --out."
            ) from error
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


def drop_abandoned(folder: Path) -> None:
    """Remove the files that a process which was killed left half written in `folder`."""
    for part in folder.glob(f"{PART}*"):
        with suppress(OSError):
            if is_abandoned(part):
                part.unlink()


def is_abandoned(part: Path) -> bool:
    """Whether nobody has written to a file for so long that whoever did must have been killed."""
    return time.time() - part.stat().st_mtime > _ABANDONED_SECONDS


def check_writable(folder: Path) -> None:
    """Raise before hours of work if a folder takes no files.

    Raises:
        OutputError: it takes none.
    """
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(f"cannot write into {folder}: {error.strerror}. Choose another folder with --out.") from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a folder to this process while the block lasts; the lock vanishes with the process, however that ends.

    On a file system that knows no locks, nothing is kept.

    Raises:
        UsageError: another process has it.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise UsageError(
            f"{folder}: another process is at work in it. Wait until that has ended, or choose another folder."
        ) from error
    except OSError:  # as on some network file systems
        pass
    try:
        yield
    finally:
        os.close(descriptor)


def sha256_of_all(paths: Iterable[Path]) -> str:
    """One SHA-256 for several files, by name and content, as 64 hex digits."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name}\0{sha256_of(path)}\n".encode())
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """The file's SHA-256 as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
