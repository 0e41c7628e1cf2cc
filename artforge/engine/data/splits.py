"""Training, validation and test: stratified by class, never through a group, the same for the same seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import DatasetError
from artforge.core.seeds import derive_seed, generator

SPLIT_NAMES = ("training", "validation", "test")
SHARES = (0.6, 0.2, 0.2)


@dataclass(frozen=True)
class Split:
    """Which pictures are for what: int64 indices into a Dataset, each picture in exactly one part."""

    training: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]

    def names(self) -> list[str]:
        """The part of every picture, in the order of the Dataset."""
        names = [""] * (len(self.training) + len(self.validation) + len(self.test))
        for name, indices in zip(SPLIT_NAMES, (self.training, self.validation, self.test), strict=True):
            for index in indices:
                names[index] = name
        return names


def split_by_group(
    labels: NDArray[np.int64],
    groups: Sequence[str],
    class_names: Sequence[str],
    *,
    seed: int,
    shares: tuple[float, float, float] = SHARES,
) -> Split:
    """Share out whole groups so that every class is divided as near to `shares` as its groups allow.

    The largest groups are placed first, in an order shuffled by `seed` among equals; each goes where it keeps the
    sum over classes and parts of (filled share)^2 / (wished share) smallest, which is least at the wished shares.

    Args:
        labels: int64 (n,), indices into `class_names`.
        groups: n names.
        class_names: for the messages.
        seed: another seed gives another split.
        shares: of training, validation and test; they add up to 1.

    Raises:
        DatasetError: a class has too few groups to stand in all three parts.
    """
    num_classes = len(class_names)
    members: dict[str, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    names = sorted(members)
    order = generator(derive_seed(seed, "split")).permutation(len(names))
    shuffled = sorted((names[position] for position in order), key=lambda name: -len(members[name]))

    totals = np.maximum(np.bincount(labels, minlength=num_classes), 1)
    wished = np.asarray(shares, dtype=np.float64)[:, None]
    filled = np.zeros((len(shares), num_classes))  # share of each class in each part
    parts: list[list[int]] = [[] for _ in shares]
    for name in shuffled:
        added = np.bincount(labels[members[name]], minlength=num_classes) / totals
        growth = ((2 * filled * added + added**2) / wished).sum(axis=1)
        emptiness = (filled / wished).sum(axis=1)  # of equals, the emptiest: so three groups make three parts
        part = min(range(len(shares)), key=lambda index: (round(growth[index], 12), emptiness[index]))
        filled[part] += added
        parts[part].extend(members[name])

    split = Split(*(np.sort(np.asarray(part, dtype=np.int64)) for part in parts))
    _check_every_class_everywhere(split, labels, groups, class_names)
    return split


def _check_every_class_everywhere(
    split: Split, labels: NDArray[np.int64], groups: Sequence[str], class_names: Sequence[str]
) -> None:
    for part_name, indices in zip(SPLIT_NAMES, (split.training, split.validation, split.test), strict=True):
        counts = np.bincount(labels[indices], minlength=len(class_names))
        for label in np.flatnonzero(counts == 0).tolist():
            num_groups = len({group for group, own in zip(groups, labels, strict=True) if own == label})
            raise DatasetError(
                f"class {class_names[label]!r} cannot stand in training, validation and test: its pictures come from "
                f"{num_groups} group{'s' if num_groups != 1 else ''} and {part_name} got none. A group (one artist, "
                "one script, copies of one file) stays on one side: add pictures from other sources."
            )
