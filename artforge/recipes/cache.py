"""A content-addressed store on disk: a key names what is in it for ever, so rendering again is resuming.

No pickle is ever read. Every entry carries the SHA-256 of its content: one that was cut short or altered is dropped
and made again. Entries are written under a temporary name and renamed, so several renders share a store safely.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

from artforge.core.errors import UsageError
from artforge.core.files import atomic_path, sha256_of, write_bytes

FOLDER_VARIABLE = "ARTFORGE_CACHE"
LIMIT_VARIABLE = "ARTFORGE_CACHE_LIMIT_MB"
DEFAULT_LIMIT_MB = 4096

_DIGEST_BYTES = 32
_ARRAY, _FILE, _RECORD = ".array", ".file", ".record"


def cache_folder() -> Path:
    """Where the store lies: `ARTFORGE_CACHE`, else the user's cache folder."""
    return Path(os.environ.get(FOLDER_VARIABLE) or platformdirs.user_cache_dir("artforge")) / "works"


def cache_limit() -> int:
    """The store's size cap in bytes.

    Raises:
        UsageError: `ARTFORGE_CACHE_LIMIT_MB` is no number of megabytes.
    """
    text = os.environ.get(LIMIT_VARIABLE, str(DEFAULT_LIMIT_MB))
    try:
        return max(0, int(text)) * 1_000_000
    except ValueError as error:
        raise UsageError(f"{LIMIT_VARIABLE}={text!r} is not a whole number of megabytes") from error


@dataclass(frozen=True)
class Cache:
    """The store in `folder`.

    Attributes:
        folder: made when something is first written.
        limit: bytes that `trim` leaves at most.
    """

    folder: Path
    limit: int = DEFAULT_LIMIT_MB * 1_000_000

    def load_array(self, key: str) -> NDArray[np.float32] | None:
        """The array under `key`, or None where there is none (or no sound one)."""
        content = self._read_checked(self._path(key, _ARRAY))
        if content is None:
            return None
        return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))

    def store_array(self, key: str, array: NDArray[np.float32]) -> None:
        """Keep an array under `key`."""
        content = io.BytesIO()
        np.save(content, array, allow_pickle=False)
        self._write_checked(self._path(key, _ARRAY), content.getvalue())

    def has_file(self, key: str) -> bool:
        """Whether a file is kept under `key`; its soundness shows when it is restored."""
        return self._path(key, _FILE).is_file() and self._path(key, _RECORD).is_file()

    def store_file(self, key: str, file: Path, record: str) -> None:
        """Keep a finished file under `key`, with the text that belongs to it."""
        with atomic_path(self._path(key, _FILE)) as part:
            shutil.copyfile(file, part)
        digest = sha256_of(file)
        self._write_checked(self._path(key, _RECORD), f"{digest}\n{record}".encode())

    def restore_file(self, key: str, destination: Path) -> str | None:
        """Put the file under `key` at `destination`.

        Returns:
            The text that belongs to it, or None where there is no sound entry; then nothing is written.
        """
        kept = self._path(key, _FILE)
        record = self._read_checked(self._path(key, _RECORD))
        if record is None or not kept.is_file():
            return None
        digest, _, text = record.decode().partition("\n")
        if sha256_of(kept) != digest:
            kept.unlink(missing_ok=True)
            return None
        kept.touch()
        with atomic_path(destination) as part:
            shutil.copyfile(kept, part)
        return text

    def trim(self) -> None:
        """Drop the entries that were used longest ago, until the store is within its limit."""
        entries = []
        for path in self.folder.rglob("*"):
            try:
                status = path.stat()
            except FileNotFoundError:  # another render trims too
                continue
            if path.is_file():
                entries.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self.limit:
                break
            path.unlink(missing_ok=True)
            total -= size

    def _path(self, key: str, suffix: str) -> Path:
        return self.folder / key[:2] / (key + suffix)

    def _read_checked(self, path: Path) -> bytes | None:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        digest, payload = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(payload).digest() != digest:
            path.unlink(missing_ok=True)
            return None
        path.touch()  # the time of last use, by which `trim` chooses
        return payload

    def _write_checked(self, path: Path, payload: bytes) -> None:
        write_bytes(path, hashlib.sha256(payload).digest() + payload)
