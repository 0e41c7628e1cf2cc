"""What picture files are before anything is done to them: size, format, bytes; read from their heads."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from artforge.engine.data.kinds import Progress

SIZE_FEATURES = ("width", "height", "aspect ratio", "format", "bytes per pixel")
_TRANSPARENT_MODES = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
_STEP = 100


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file as it lies on disk; a head that cannot be read has no size and the format `?`."""

    width: int
    height: int
    format: str
    num_bytes: int
    has_alpha: bool

    @property
    def size(self) -> str:
        """`WIDTHxHEIGHT`."""
        return f"{self.width}x{self.height}"


def read_facts(root: Path, items: Sequence[str], progress: Progress | None = None) -> tuple[FileFacts, ...]:
    """The facts of every file; no picture is decoded.

    Args:
        root: what the items are relative to.
        items: paths of files that a reader has found to be pictures.
        progress: called with (done, total).
    """
    facts = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd metadata and of large pictures
        for done, item in enumerate(items, start=1):
            facts.append(_facts_of(root / item))
            if progress is not None and (done % _STEP == 0 or done == len(items)):
                progress(done, len(items))
    return tuple(facts)


def _facts_of(path: Path) -> FileFacts:
    try:
        num_bytes = path.stat().st_size
        with PillowImage.open(path) as opened:
            has_alpha = opened.mode in _TRANSPARENT_MODES or "transparency" in opened.info
            return FileFacts(opened.width, opened.height, opened.format or "?", num_bytes, has_alpha)
    except (OSError, SyntaxError, ValueError):  # it was a picture a moment ago
        return FileFacts(0, 0, "?", 0, has_alpha=False)


def size_features(facts: Sequence[FileFacts]) -> NDArray[np.float32]:
    """float32 (n, 5), by `SIZE_FEATURES`; a format is its number in alphabetical order."""
    formats = sorted({one.format for one in facts})
    rows = [
        (
            one.width,
            one.height,
            one.width / max(one.height, 1),
            formats.index(one.format),
            one.num_bytes / max(one.width * one.height, 1),
        )
        for one in facts
    ]
    return np.asarray(rows, np.float32).reshape(-1, len(SIZE_FEATURES))
