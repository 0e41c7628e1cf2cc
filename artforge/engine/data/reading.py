"""Listed picture files become a Dataset: loaded, the unreadable named, the copies joined, the split drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from artforge.engine.data.class_folders import ListedPicture
from artforge.engine.data.dataset import Dataset, Skipped, check_classes, hash_contents
from artforge.engine.data.kinds import ReadOptions
from artforge.engine.data.loading import load_files
from artforge.engine.data.splits import split_by_part

FEWEST_PICTURES = 5
"""Per class: three for training, one for validation, one for the test."""


def read_listed(
    root: Path,
    listed: Sequence[ListedPicture],
    class_names: tuple[str, ...],
    options: ReadOptions,
    *,
    kind: str,
    class_of_folder: Mapping[str, str] | None = None,
) -> Dataset:
    """Read listed picture files into a Dataset.

    Every picture goes the same road - upright sRGB, the centre square, `image_size` by area - so that neither its
    size nor its format gives its class away. A file that cannot be read is named in `skipped`. Files that are the
    same byte for byte share one group, so that a drawn split never has a copy on both sides.

    Args:
        root: what the paths are relative to.
        listed: the files; where they name their part, that is the split, and what is missing of it is drawn.
        class_names: in the order of the labels; every label is one of them.
        options: the size, the seed, where to keep what is decoded, whom to tell.
        kind: the name of the reader.
        class_of_folder: which class each folder belongs to.

    Raises:
        DatasetError: fewer than two classes, or a class with too few readable pictures.
        OutputError: they are to be kept on disk, and it does not take them.
    """
    check_classes(_count(listed, class_names), str(root), fewest=1)
    loaded = load_files(root, [picture.path for picture in listed], options)
    readable = [picture for picture, reason in zip(listed, loaded.reasons, strict=True) if not reason]
    check_classes(_count(readable, class_names), str(root), fewest=FEWEST_PICTURES)
    digests = [sha256 for sha256, reason in zip(loaded.sha256, loaded.reasons, strict=True) if not reason]
    groups, num_duplicates = join_copies([picture.group for picture in readable], digests)
    numbers = {name: number for number, name in enumerate(class_names)}
    labels = np.asarray([numbers[picture.label] for picture in readable], dtype=np.int64)
    items = tuple(picture.path for picture in readable)
    parts = [picture.part for picture in readable]
    return Dataset(
        images=loaded.images,
        labels=labels,
        groups=tuple(groups),
        items=items,
        class_names=class_names,
        kind=kind,
        content_sha256=hash_contents(items, digests, labels, class_names),
        root=root,
        class_of_folder=class_of_folder or {},
        skipped=tuple(
            Skipped(picture.path, reason) for picture, reason in zip(listed, loaded.reasons, strict=True) if reason
        ),
        num_duplicates=num_duplicates,
        split=split_by_part(parts, labels, groups, class_names, seed=options.seed) if any(parts) else None,
    )


def _count(pictures: Sequence[ListedPicture], class_names: Sequence[str]) -> dict[str, int]:
    counts = dict.fromkeys(class_names, 0)
    for picture in pictures:
        counts[picture.label] += 1
    return counts


def join_copies(groups: Sequence[str], digests: Sequence[str]) -> tuple[list[str], int]:
    """Merge the groups that share a file; returns the merged group of each picture and the number of repeats.

    Groups are joined through any chain of shared files, so that one copied file ties two whole artists together.
    """
    parents = {group: group for group in groups}

    def root(group: str) -> str:
        while parents[group] != group:
            parents[group] = parents[parents[group]]
            group = parents[group]
        return group

    first_with: dict[str, str] = {}
    num_duplicates = 0
    for group, digest in zip(groups, digests, strict=True):
        if digest in first_with:
            num_duplicates += 1
            older, newer = sorted((root(first_with[digest]), root(group)))
            parents[newer] = older
        else:
            first_with[digest] = group
    return [root(group) for group in groups], num_duplicates
