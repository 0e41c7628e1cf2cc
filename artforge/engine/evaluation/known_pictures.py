"""Pictures of a test that the model was trained on, found by what is in the files, whatever they are called now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from artforge.core.files import sha256_of


def num_known(tested: Iterable[Path], trained: Iterable[Path]) -> int:
    """How many files of a test are byte for byte one of those trained on; files that are gone are passed over.

    Only files of one size are read, so that for sets without copies this takes no more than a look at each file.
    """
    by_size = _by_size(trained)
    known = 0
    for size, paths in _by_size(tested).items():
        if size in by_size:
            digests = {sha256_of(path) for path in by_size[size]}
            known += sum(sha256_of(path) in digests for path in paths)
    return known


def trained_on(root: Path, parts: Mapping[str, tuple[str, str]]) -> list[Path]:
    """The files that a run was trained on, from its folder of pictures and what it used each item for."""
    return [root / item for item, (_, part) in parts.items() if part == "training"]


def _by_size(paths: Iterable[Path]) -> dict[int, list[Path]]:
    sizes: dict[int, list[Path]] = {}
    for path in paths:
        if path.is_file():
            sizes.setdefault(path.stat().st_size, []).append(path)
    return sizes
