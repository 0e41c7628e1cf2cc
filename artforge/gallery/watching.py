"""Looks after a folder of rendered works, and has the site built again when something in it is new."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from artforge.gallery.works import files_under

LOOK_SECONDS = 0.4

Stamps = dict[Path, tuple[int, int]]
"""Of every file its time of change and its size."""


def stamps_of(source: Path, others: Iterable[Path] = ()) -> Stamps:
    """How the files under `source`, and some others, are now; hidden ones and sites of ours are left out."""
    stamps: Stamps = {}
    for path in (*files_under(source), *others):
        with suppress(OSError):  # gone again meanwhile
            facts = path.stat()
            stamps[path] = (facts.st_mtime_ns, facts.st_size)
    return stamps


class Watch:
    """Calls `build` whenever something has changed and then stood still for a moment.

    Attributes:
        number: of builds so far; pages reload when it grows.
    """

    def __init__(self, source: Path, others: Iterable[Path], build: Callable[[], bool]) -> None:
        """
        Args:
            source: the folder of rendered works.
            others: further files, such as the settings.
            build: builds the site, and says whether it could.
        """
        self.number = 0
        self._source = source
        self._others = tuple(others)
        self._build = build
        self._built = self._last = self._now()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="gallery watch", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def look(self) -> None:
        """Look once, and build if it is time."""
        now = self._now()
        is_still = now == self._last
        self._last = now
        if is_still and now != self._built:
            self._built = now
            self.number += self._build()

    def _now(self) -> Stamps:
        return stamps_of(self._source, self._others)

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.look()
