"""Which content a file has, without reading it again where nothing has touched it since."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from artforge.core.cache_folder import user_cache
from artforge.core.errors import OutputError
from artforge.core.files import sha256_of, write_text

_FOLDER = "gallery"
_TOO_FRESH_NS = 2_000_000_000
"""A file changed so short a time before it was read may change again without its time stamp telling."""


class Digests:
    """The SHA-256 of files, remembered between builds by size, time stamps and inode.

    What is remembered only saves time: it may be lost or thrown away whenever one likes.
    """

    def __init__(self, store: Path | None = None) -> None:
        self._store = store
        self._known: dict[str, list[Any]] = _read(store) if store else {}
        self._used: dict[str, list[Any]] = {}

    @classmethod
    def of_folder(cls, source: Path) -> Digests:
        """What is remembered of the files under `source`, in the user's cache."""
        name = hashlib.sha256(os.fsencode(source.resolve())).hexdigest()[:32]
        return cls(user_cache() / _FOLDER / f"{name}.json")

    def sha256_of(self, path: Path) -> str:
        """The file's SHA-256 as 64 hex digits.

        Raises:
            OSError: it cannot be read.
        """
        facts = path.stat()
        stamp = [facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino]
        place = os.fspath(path.absolute())
        known = self._known.get(place)
        digest = str(known[-1]) if known and known[:-1] == stamp else sha256_of(path)
        if time.time_ns() - max(facts.st_mtime_ns, facts.st_ctime_ns) > _TOO_FRESH_NS:
            self._used[place] = [*stamp, digest]
        return digest

    def save(self) -> None:
        """Remember what was asked for since the start; where that cannot be written, the next build reads all again."""
        if self._store and self._used != self._known:
            with suppress(OutputError):
                write_text(self._store, json.dumps(self._used))


def _read(store: Path) -> dict[str, list[Any]]:
    try:
        known = json.loads(store.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) and all(isinstance(one, list) and one for one in known.values()) else {}
