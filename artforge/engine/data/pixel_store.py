"""Decoded pictures kept on disk as one plain array, so that the next run maps it instead of decoding again.

An entry is two files: `KEY.npy`, uint8 (n, size, size, 3), and `KEY.json`, what came of each listed file. The array is
written first and under a temporary name, so an entry that has its record is whole; checksums of a sample of pictures
tell one that was damaged later.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.cache_folder import size_limit, user_cache
from artforge.core.files import atomic_path, make_folder, write_text
from artforge.engine.data.decoding import Decoded

LIMIT_VARIABLE = "ARTFORGE_PICTURES_LIMIT_GB"
DEFAULT_LIMIT_GB = 64
KEPT_FREE = 2 * 10**9
"""Bytes of the disk that are never taken."""
_SAMPLE = 64


@dataclass(frozen=True)
class Record:
    """What came of each listed file, in their order.

    Attributes:
        sha256: 64 hex digits; empty where the file cannot be read.
        reasons: why it cannot be read; empty where it can.
        sample: CRC-32 of some of the pictures of the array, evenly spaced.
    """

    sha256: list[str]
    reasons: list[str]
    sample: list[int]


@dataclass(frozen=True)
class Entry:
    """An entry of the store that is whole: the readable pictures, mapped, and the record of all files."""

    images: NDArray[np.uint8]
    record: Record


def store_folder() -> Path:
    """Where the store lies, in the user's cache."""
    return user_cache() / "pictures"


def store_limit() -> int:
    """The store's size cap in bytes.

    Raises:
        UsageError: `ARTFORGE_PICTURES_LIMIT_GB` is no number of gigabytes.
    """
    return size_limit(LIMIT_VARIABLE, DEFAULT_LIMIT_GB, 10**9, "gigabytes")


def has_room(num_bytes: int) -> bool:
    """Whether an array of this size may be kept: within the cap, and the disk has it free beside `KEPT_FREE`.

    What older entries take counts as free, as far as they would be dropped for it.
    """
    limit = store_limit()
    if num_bytes > limit:
        return False
    folder = store_folder()
    try:
        free = shutil.disk_usage(_nearest_existing(folder)).free
    except OSError:
        return False
    given_up = sum(size for _, size, _ in _entries_to_drop(limit - num_bytes))
    return num_bytes + KEPT_FREE <= free + given_up


def load_record(key: str, num_listed: int) -> Record | None:
    """What came of each of `num_listed` files, whether or not an array is kept with it; None where it is not known."""
    try:
        fields: dict[str, Any] = json.loads(_record_file(key).read_text(encoding="utf-8"))
        record = Record(**fields)
        whole = len(record.sha256) == len(record.reasons) == num_listed
    except (OSError, ValueError, TypeError):
        return None
    with suppress(OSError):  # a cache that may only be read is of use as well
        os.utime(_record_file(key))  # it was used just now
    return record if whole else None


def load_entry(key: str, shape: tuple[int, int, int, int]) -> Entry | None:
    """The entry under `key`, or None where there is none that is whole.

    Args:
        key: names the files and how they were decoded.
        shape: (listed files, height, width, channels).
    """
    record = load_record(key, shape[0])
    if record is None:
        return None
    try:
        images = _map(_array_file(key))
        num = sum(not reason for reason in record.reasons)
        whole = images.dtype == np.uint8 and images.shape == (num, *shape[1:]) and _sample(images) == record.sample
    except (OSError, ValueError, EOFError):
        return None
    return Entry(images, record) if whole else None


def store_record(key: str, record: Record) -> None:
    """Keep what came of each file.

    Raises:
        OutputError: the disk is full, or the folder cannot be written to.
    """
    write_text(_record_file(key), json.dumps(asdict(record)))


def store_entry(key: str, decoded: Iterable[Decoded], shape: tuple[int, int, int, int]) -> Entry:
    """Write an entry while its pictures are being decoded: none but the one at hand is held in memory.

    Args:
        key: names the files and how they were decoded.
        decoded: what came of each listed file.
        shape: (listed files, height, width, channels).

    Raises:
        OutputError: the disk is full, or the folder cannot be written to.
    """
    make_folder(store_folder())
    _drop_oldest(store_limit() - math.prod(shape))
    with suppress(OSError):  # without its record a damaged or half replaced array is no entry
        _record_file(key).unlink(missing_ok=True)
    digests, reasons, num = [], [], 0
    with atomic_path(_array_file(key)) as part:
        with part.open("wb") as file:
            _write_header(file, shape)
            for one in decoded:
                digests.append(one.sha256)
                reasons.append(one.reason)
                if one.pixels is not None:
                    file.write(np.ascontiguousarray(one.pixels).data)
                    num += 1
            file.seek(0)
            _write_header(file, (num, *shape[1:]))
        record = Record(digests, reasons, _sample(_map(part)))
    store_record(key, record)
    return Entry(_map(_array_file(key)), record)


def _map(path: Path) -> NDArray[np.uint8]:
    """An empty array cannot be mapped, so it is read."""
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        shape, _, _ = np.lib.format.read_array_header_1_0(file)
    images: NDArray[np.uint8] = np.load(path, mmap_mode="r" if math.prod(shape) else None, allow_pickle=False)
    return images


def _write_header(file: Any, shape: tuple[int, ...]) -> None:
    """A header of the same length for every number of pictures up to the first one written."""
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


def _drop_oldest(limit: int) -> None:
    for _, _, record_file in _entries_to_drop(limit):
        with suppress(OSError):
            record_file.unlink(missing_ok=True)
            record_file.with_suffix(".npy").unlink(missing_ok=True)  # who has it mapped keeps it


def _entries_to_drop(limit: int) -> list[tuple[float, int, Path]]:
    """(time of last use, bytes, record file) of those to drop for the store to take at most `limit`, oldest first."""
    entries = []
    for record_file in store_folder().glob("*.json"):
        with suppress(OSError):
            record, array = record_file.stat(), record_file.with_suffix(".npy")
            size = record.st_size + (array.stat().st_size if array.is_file() else 0)
            entries.append((record.st_mtime, size, record_file))
    total = sum(size for _, size, _ in entries)
    dropped = []
    for entry in sorted(entries):
        if total <= limit:
            break
        dropped.append(entry)
        total -= entry[1]
    return dropped


def _sample(images: NDArray[np.uint8]) -> list[int]:
    chosen = np.unique(np.linspace(0, max(len(images) - 1, 0), min(_SAMPLE, len(images))).astype(np.int64))
    return [zlib.crc32(np.ascontiguousarray(images[index]).data) for index in chosen]


def _array_file(key: str) -> Path:
    return store_folder() / f"{key}.npy"


def _record_file(key: str) -> Path:
    return store_folder() / f"{key}.json"


def _nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
