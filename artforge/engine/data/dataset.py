"""Labelled pictures, all of one size, and the count of what was left out on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import DatasetError
from artforge.engine.data.pictures import Pictures
from artforge.engine.data.splits import Split


@dataclass(frozen=True)
class Skipped:
    """A file that is no part of the set, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class LeftOut:
    """Something that lies in the folder of a set and is no part of it: in one sentence each, what, and what to do."""

    found: str
    to_do: str


@dataclass(frozen=True)
class Dataset:
    """Pictures of one size with their labels.

    Attributes:
        images: uint8 (n, size, size, 3), sRGB, or (n, size, size, 1) for greys; asked for by batches.
        labels: int64 (n,), indices into `class_names`.
        groups: n names; pictures of one group must stay on one side of every split.
        items: n names, a path inside the folder or the name of an embedded picture.
        class_names: in the order of the labels.
        kind: the name of the reader, as in `engine.data.catalogue`.
        content_sha256: of the content of every picture with its name and label, and of the class names: 64 hex digits.
        root: the folder that the items are paths in; None where they are no files.
        class_of_folder: which class the pictures of each folder belong to, for those sets that have folders.
        skipped: the files that could not be read, each with its reason.
        left_out: what lies in the folder and was never read, such as a class folder without pictures.
        num_duplicates: how many pictures repeat another one byte for byte (they share its group).
        split: which pictures are for what, where the set comes with its own answer.
    """

    images: Pictures
    labels: NDArray[np.int64]
    groups: tuple[str, ...]
    items: tuple[str, ...]
    class_names: tuple[str, ...]
    kind: str
    content_sha256: str
    root: Path | None = None
    class_of_folder: Mapping[str, str] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = field(default=())
    left_out: tuple[LeftOut, ...] = field(default=())
    num_duplicates: int = 0
    split: Split | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def class_counts(self) -> dict[str, int]:
        """How many pictures each class has, in class order."""
        counts = np.bincount(self.labels, minlength=len(self.class_names))
        return dict(zip(self.class_names, counts.tolist(), strict=True))


def hash_contents(items: Sequence[str], digests: Sequence[str], labels: NDArray[np.int64], names: Sequence[str]) -> str:
    """What a set holds as 64 hex digits: `digests` are those of each picture's file or pixels."""
    digest = hashlib.sha256("\x1f".join(names).encode())
    for item, content, label in zip(items, digests, labels.tolist(), strict=True):
        digest.update(f"\x1e{item}\x1f{content}\x1f{label}".encode(errors="surrogateescape"))
    return digest.hexdigest()


def check_classes(class_counts: dict[str, int], where: str, *, fewest: int) -> None:
    """Raise unless there are two classes or more, each with at least `fewest` pictures.

    Raises:
        DatasetError: says which class is short, and what to do.
    """
    if not class_counts:
        raise DatasetError(
            f"{where}: no pictures in class folders. Put the pictures of each class into a folder of its own, "
            f"such as {where}/hand_made and {where}/algorithmic."
        )
    if len(class_counts) == 1:
        (only,) = class_counts
        raise DatasetError(
            f"{where}: only one class ({only!r}), and a classifier needs at least two. "
            f"Add a folder with pictures of another class beside {only!r}."
        )
    for name, count in class_counts.items():
        if count < fewest:
            raise DatasetError(
                f"{where}: class {name!r} has {count} readable picture{'s' if count != 1 else ''}, and needs at least "
                f"{fewest} to stand in training, validation and test. Add pictures, or take the folder away."
            )
