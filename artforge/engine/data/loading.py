"""Many picture files become Pictures: decoded in parallel, kept in memory, on disk or not at all."""

from __future__ import annotations

import hashlib
import math
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import DatasetError, OutputError
from artforge.engine.data import pixel_store
from artforge.engine.data.decoding import VERSION, Decoded, decode_file
from artforge.engine.data.kinds import ReadOptions
from artforge.engine.data.pictures import Pictures

MEMORY_BYTES = 2 * 2**30
"""The largest set that `auto` keeps in memory."""
_ODD_NAMES = "surrogateescape"  # names of files that are not UTF-8
_AHEAD = 8
"""Files per thread that are being decoded or wait to be taken: what bounds memory."""


@dataclass(frozen=True)
class Loaded:
    """What came of the files.

    Attributes:
        images: the readable ones, in the order of the files.
        sha256: of every file; empty where it cannot be read.
        reasons: why a file cannot be read; empty where it can.
    """

    images: Pictures
    sha256: Sequence[str]
    reasons: Sequence[str]


def load_files(root: Path, paths: Sequence[str], options: ReadOptions) -> Loaded:
    """Read every file once, or map what an earlier run has kept of them.

    Args:
        root: what the paths are relative to.
        paths: of the files, with forward slashes.
        options: the size, where to keep them, and whom to tell.

    Raises:
        OutputError: they are to be kept on disk, and it does not take them.
    """
    shape = (len(paths), options.image_size, options.image_size, 3)
    if options.cache == "memory" or (options.cache == "auto" and math.prod(shape) <= MEMORY_BYTES):
        return _load_into_memory(_decode_all(root, paths, options), shape)
    key = _key(root, paths, options.image_size)
    if options.cache != "none":
        entry = pixel_store.load_entry(key, shape) or _store(key, root, paths, options, shape)
        if entry is not None:
            return Loaded(entry.images, entry.record.sha256, entry.record.reasons)
    return _load_on_demand(key, root, paths, options)


def _store(
    key: str, root: Path, paths: Sequence[str], options: ReadOptions, shape: tuple[int, int, int, int]
) -> pixel_store.Entry | None:
    """Decode everything onto the disk; None where `auto` finds that it does not fit."""
    num_bytes = math.prod(shape)
    try:
        if not pixel_store.has_room(num_bytes):
            raise OutputError(
                f"{pixel_store.store_folder()}: no room for {num_bytes / 1e9:.1f} GB of decoded pictures. "
                f"Free the disk, raise {pixel_store.LIMIT_VARIABLE}, or decode them anew each time with --cache none."
            )
        return pixel_store.store_entry(key, _decode_all(root, paths, options), shape)
    except OutputError:
        if options.cache == "disk":
            raise
        return None


def _load_into_memory(decoded: Iterator[Decoded], shape: tuple[int, int, int, int]) -> Loaded:
    images = np.empty(shape, np.uint8)
    digests, reasons, num = [], [], 0
    for one in decoded:
        digests.append(one.sha256)
        reasons.append(one.reason)
        if one.pixels is not None:
            images[num] = one.pixels
            num += 1
    return Loaded(images[:num], digests, reasons)


def _load_on_demand(key: str, root: Path, paths: Sequence[str], options: ReadOptions) -> Loaded:
    """Which files can be read is found out once, and kept, so that no step of a long run meets a bad one."""
    record = pixel_store.load_record(key, len(paths))
    if record is None:
        decoded = [(one.sha256, one.reason) for one in _decode_all(root, paths, options)]
        record = pixel_store.Record([sha256 for sha256, _ in decoded], [reason for _, reason in decoded], sample=[])
        with suppress(OutputError):  # it only costs time, the next time
            pixel_store.store_record(key, record)
    readable = [path for path, reason in zip(paths, record.reasons, strict=True) if not reason]
    images = FilesOnDemand(root, readable, options.image_size, options.num_threads)
    return Loaded(images, record.sha256, record.reasons)


class FilesOnDemand:
    """Pictures that are decoded each time they are asked for, several at once."""

    def __init__(self, root: Path, paths: Sequence[str], image_size: int, num_threads: int) -> None:
        self._root = root
        self._paths = paths
        self._image_size = image_size
        self._pool = ThreadPoolExecutor(num_threads, thread_name_prefix="decode")

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(n, image_size, image_size, 3)."""
        return (len(self._paths), self._image_size, self._image_size, 3)

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, indices: NDArray[np.int64], /) -> NDArray[np.uint8]:
        """uint8 (k, image_size, image_size, 3).

        Raises:
            DatasetError: a file that could be read before cannot be read any more.
        """
        images = np.empty((len(indices), *self.shape[1:]), np.uint8)
        for row, pixels in enumerate(self._pool.map(self._decode, indices.tolist())):
            images[row] = pixels
        return images

    def _decode(self, index: int) -> NDArray[np.uint8]:
        path = self._root / self._paths[index]
        decoded = decode_file(path, self._image_size)
        if decoded.pixels is None:
            raise DatasetError(f"{path}: could be read when the set was opened, and no more: {decoded.reason}")
        return decoded.pixels


def _decode_all(root: Path, paths: Sequence[str], options: ReadOptions) -> Iterator[Decoded]:
    with ThreadPoolExecutor(options.num_threads, thread_name_prefix="decode") as pool:
        waiting: deque[Future[Decoded]] = deque()
        to_come = iter(paths)
        for done in range(1, len(paths) + 1):
            for path in islice(to_come, options.num_threads * _AHEAD - len(waiting)):
                waiting.append(pool.submit(decode_file, root / path, options.image_size))
            yield waiting.popleft().result()
            if options.progress is not None:
                options.progress(done, len(paths))


def _key(root: Path, paths: Sequence[str], image_size: int) -> str:
    """Names the files by place, size and time of change, and how they are decoded: 64 hex digits."""
    digest = hashlib.sha256(f"{VERSION}\x1f{image_size}\x1f{root.resolve()}".encode(errors=_ODD_NAMES))
    for path in paths:
        try:
            status = os.stat(f"{root}/{path}")  # noqa: PTH116 - a quarter of a million files has no time for Path
            digest.update(f"\x1e{path}\x1f{status.st_size}\x1f{status.st_mtime_ns}".encode(errors=_ODD_NAMES))
        except OSError:
            digest.update(f"\x1e{path}\x1f".encode(errors=_ODD_NAMES))
    return digest.hexdigest()
