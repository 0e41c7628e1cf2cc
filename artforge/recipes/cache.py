"""A content-addressed store on disk: a key names what is in it for ever, so rendering again is resuming.

No pickle is ever read. Every entry carries the SHA-256 of its content: one that was cut short or altered is dropped
and made again. Entries are written under a temporary name and renamed, so several renders share a store safely.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from artforge.core.cache_folder import size_limit, user_cache
from artforge.core.drawings import Value, unpack_drawing
from artforge.core.errors import OutputError
from artforge.core.files import PART, atomic_path, is_abandoned, sha256_of
from artforge.recipes.entries import mark_used, opened_entry, write_entry

LIMIT_VARIABLE = "ARTFORGE_CACHE_LIMIT_MB"
DEFAULT_LIMIT_MB = 4096
_MEGABYTE = 10**6

_ARRAY_MAGIC = b"\x93NUMPY"
_ARRAY, _FILE, _RECORD, _STATE = ".array", ".file", ".record", ".state"
_KINDS = {
    _ARRAY: "results of steps",
    _FILE: "finished files",
    _RECORD: "records of files",
    _STATE: "states of steps that were stopped",
}


def cache_folder() -> Path:
    """Where the store lies: `ARTFORGE_CACHE`, else the user's cache folder."""
    return user_cache() / "works"


def cache_limit() -> int:
    """The store's size cap in bytes.

    Raises:
        UsageError: `ARTFORGE_CACHE_LIMIT_MB` is no number of megabytes.
    """
    return size_limit(LIMIT_VARIABLE, DEFAULT_LIMIT_MB, _MEGABYTE, "megabytes")


@dataclass(frozen=True)
class Contents:
    """What a store holds.

    Attributes:
        folder: where it lies.
        limit: bytes that it may have.
        num_bytes: that it has.
        kinds: (number of entries, bytes) by kind.
        oldest_seconds: since the entry that was used longest ago; None where it is empty.
    """

    folder: Path
    limit: int
    num_bytes: int
    kinds: dict[str, tuple[int, int]]
    oldest_seconds: float | None


class _DamagedEntryError(Exception):
    """A kept file is not what its record says."""


@dataclass(frozen=True)
class Cache:
    """The store in `folder`.

    Attributes:
        folder: made when something is first written.
        limit: bytes that `trim` leaves at most.
        faults: why entries could not be kept; a render goes on without its store.
    """

    folder: Path
    limit: int = DEFAULT_LIMIT_MB * _MEGABYTE
    faults: set[str] = field(default_factory=set)

    def load_value(self, key: str) -> Value | None:
        """The array or drawing under `key`, or None where there is none (or no sound one)."""
        with opened_entry(self._path(key, _ARRAY)) as file:
            if file is None:
                return None
            if file.peek(len(_ARRAY_MAGIC)).startswith(_ARRAY_MAGIC):
                return np.asarray(np.lib.format.read_array(file, allow_pickle=False))  # a print is never held twice
            return unpack_drawing(file.read())

    def has_value(self, key: str) -> bool:
        """Whether an array or drawing is kept under `key`; its soundness shows when it is loaded."""
        return self._path(key, _ARRAY).is_file()

    def store_value(self, key: str, value: Value) -> None:
        """Keep an array or a drawing under `key`, if the store can be written to."""
        with self._noting_faults():
            write_entry(self._path(key, _ARRAY), value)

    def state_file(self, key: str) -> Path:
        """Where what is being made for `key` may keep its state meanwhile; whoever makes it takes it away again."""
        return self._path(key, _STATE)

    def has_file(self, key: str) -> bool:
        """Whether a file is kept under `key`; its soundness shows when it is restored."""
        return self._path(key, _FILE).is_file() and self._path(key, _RECORD).is_file()

    def has_sound_file(self, key: str) -> bool:
        """Whether a file is kept under `key` as it was stored; one that is damaged is dropped."""
        recorded = self._recorded(key)
        kept = self._path(key, _FILE)
        try:
            is_sound = recorded is not None and sha256_of(kept) == recorded[0]
        except OSError:
            return False
        if not is_sound:
            kept.unlink(missing_ok=True)
        return is_sound

    def store_file(self, key: str, file: Path, record: str) -> None:
        """Keep a finished file under `key`, with the text that belongs to it, if the store can be written to."""
        with self._noting_faults():
            with atomic_path(self._path(key, _FILE)) as part:
                shutil.copyfile(file, part)
            digest = sha256_of(file)
            write_entry(self._path(key, _RECORD), f"{digest}\n{record}".encode())

    def restore_file(self, key: str, destination: Path) -> str | None:
        """Put the file under `key` at `destination`.

        Returns:
            The text that belongs to it, or None where there is no sound entry; then nothing is written.
        """
        recorded = self._recorded(key)
        if recorded is None:
            return None
        digest, text = recorded
        kept = self._path(key, _FILE)
        try:
            source = kept.open("rb")  # from here on another render may trim the entry: what is open stays readable
        except OSError:
            return None
        try:
            with source, atomic_path(destination) as part:
                with part.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
                if sha256_of(part) != digest:
                    raise _DamagedEntryError
        except _DamagedEntryError:
            kept.unlink(missing_ok=True)
            return None
        mark_used(kept)
        return text

    def trim(self) -> None:
        """Drop the entries that were used longest ago, until the store is within its limit."""
        self.clean(to_size=self.limit)

    def clean(self, *, older_than: float | None = None, to_size: int | None = None) -> tuple[int, int]:
        """Drop entries: all of them, or those that neither condition spares.

        Args:
            older_than: seconds; entries used since then stay.
            to_size: bytes; those used longest ago go until no more than this is left.

        Returns:
            (how many files were dropped, their bytes).
        """
        everything = older_than is None and to_size is None
        before = time.time() - older_than if older_than is not None else -math.inf
        entries = sorted(self._entries())
        total = sum(size for _, size, _ in entries)
        dropped = 0
        left = total
        for used, size, path in entries:
            if everything or used < before or (to_size is not None and left > to_size):
                path.unlink(missing_ok=True)
                dropped += 1
                left -= size
        return dropped, total - left

    def contents(self) -> Contents:
        """What the store holds now."""
        entries = self._entries()
        kinds = {}
        for suffix, kind in _KINDS.items():
            sizes = [size for _, size, path in entries if path.suffix == suffix]
            kinds[kind] = (len(sizes), sum(sizes))
        oldest = min((used for used, _, _ in entries), default=None)
        age = None if oldest is None else max(0.0, time.time() - oldest)
        return Contents(self.folder, self.limit, sum(size for _, size, _ in entries), kinds, age)

    def _entries(self) -> list[tuple[float, int, Path]]:
        """(time of last use, bytes, path) of every file in the store, and of what a killed render left half written."""
        entries = []
        for path in self.folder.glob("??/*"):
            try:
                status = path.stat()
                unfinished = path.name.startswith(PART) and not is_abandoned(path)
            except FileNotFoundError:  # another render trims too
                continue
            if path.is_file() and not unfinished:
                entries.append((status.st_mtime, status.st_size, path))
        return entries

    def _recorded(self, key: str) -> tuple[str, str] | None:
        """The SHA-256 that the file under `key` had, and the text that belongs to it."""
        with opened_entry(self._path(key, _RECORD)) as file:
            if file is None:
                return None
            digest, _, text = file.read().decode().partition("\n")
            return digest, text

    @contextmanager
    def _noting_faults(self) -> Iterator[None]:
        try:
            yield
        except (OSError, OutputError) as error:
            self.faults.add(f"nothing can be kept in the cache {self.folder}: {error}")

    def _path(self, key: str, suffix: str) -> Path:
        return self.folder / key[:2] / (key + suffix)
