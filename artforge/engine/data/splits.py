"""Training, validation and test: stratified by class, never through a group, the same for the same seed."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import DatasetError
from artforge.core.seeds import derive_seed, generator

SPLIT_NAMES = ("training", "validation", "test")
SHARES = (0.6, 0.2, 0.2)
DRAWN_SHARE = 0.2
"""Of the training pictures, for a part that a set does not come with."""


@dataclass(frozen=True)
class Split:
    """Which pictures are for what: int64 indices into a Dataset, each picture in exactly one part.

    `origin` says in words how it came about.
    """

    training: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    origin: str = ""

    def names(self) -> list[str]:
        """The part of every picture, in the order of the Dataset."""
        names = [""] * (len(self.training) + len(self.validation) + len(self.test))
        for name, indices in zip(SPLIT_NAMES, (self.training, self.validation, self.test), strict=True):
            for index in indices:
                names[index] = name
        return names


def torn_groups(split: Split, groups: Sequence[str]) -> set[str]:
    """The groups that stand on several sides, as those of a set can that comes with its own split."""
    sides = [{groups[index] for index in part.tolist()} for part in (split.training, split.validation, split.test)]
    return (sides[0] & sides[1]) | (sides[0] & sides[2]) | (sides[1] & sides[2])


def num_met_in_training(split: Split, groups: Sequence[str]) -> dict[str, int]:
    """How many pictures of `validation` and of `test` have others of their group among the training pictures."""
    known = {groups[index] for index in split.training.tolist()}
    parts = {"validation": split.validation, "test": split.test}
    return {name: sum(groups[index] in known for index in part.tolist()) for name, part in parts.items()}


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
    percent = "/".join(f"{100 * share:.0f}" for share in shares)
    training, validation, test = share_out(labels, groups, seed=seed, shares=shares)
    split = Split(training, validation, test, f"{percent}% drawn by group with seed {seed}")
    _check_every_class_everywhere(split, labels, groups, class_names)
    return split


def split_by_part(
    parts: Sequence[str], labels: NDArray[np.int64], groups: Sequence[str], class_names: Sequence[str], *, seed: int
) -> Split:
    """The split that the folders of a set fix; what they leave out is drawn from the training pictures.

    A missing validation or test part is `DRAWN_SHARE` of the training pictures, stratified by class and never through
    a group.

    Args:
        parts: n names, each one of `SPLIT_NAMES`.
        labels: int64 (n,), indices into `class_names`.
        groups: n names.
        class_names: for the messages.
        seed: another seed draws others.

    Raises:
        DatasetError: a class is missing in one of the parts.
    """
    by_part = {name: np.flatnonzero(np.asarray(parts) == name).astype(np.int64) for name in SPLIT_NAMES}
    missing = [name for name in SPLIT_NAMES[1:] if not len(by_part[name])]
    training = by_part["training"]
    shares = (1 - DRAWN_SHARE * len(missing), *(DRAWN_SHARE for _ in missing))
    drawn = share_out(labels[training], [groups[index] for index in training.tolist()], seed=seed, shares=shares)
    by_part |= {name: training[part] for name, part in zip(("training", *missing), drawn, strict=True)}
    fixed = " and ".join(name for name in SPLIT_NAMES[1:] if name not in missing)
    origin = [f"{fixed} as the set has it"] if fixed else []
    origin += [f"{' and '.join(missing)} drawn from its training pictures with seed {seed}"] if missing else []
    split = Split(by_part["training"], by_part["validation"], by_part["test"], ", ".join(origin))
    _check_every_class_everywhere(split, labels, groups, class_names)
    return split


def share_out(
    labels: NDArray[np.int64], groups: Sequence[str], *, seed: int, shares: Sequence[float]
) -> list[NDArray[np.int64]]:
    """Divide pictures into as many parts as there are shares, as `split_by_group` says; a part may lack a class.

    Returns:
        The indices of each part, in rising order.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[group].append(index)
    names = sorted(members)
    order = generator(derive_seed(seed, "split")).permutation(len(names))
    shuffled = sorted((names[position] for position in order), key=lambda name: -len(members[name]))

    totals = np.bincount(labels).tolist()
    label_of = labels.tolist()
    filled = [[0.0] * len(totals) for _ in shares]  # share of each class in each part
    emptiness = [0.0] * len(shares)
    chosen: list[list[int]] = [[] for _ in shares]
    for name in shuffled:
        counts = Counter([label_of[index] for index in members[name]])
        added = [(label, count / totals[label]) for label, count in counts.items()]
        part = _least_growth(added, filled, emptiness, shares)
        for label, more in added:
            filled[part][label] += more
            emptiness[part] += more / shares[part]
        chosen[part] += members[name]
    return [np.sort(np.asarray(part, dtype=np.int64)) for part in chosen]


def _least_growth(
    added: list[tuple[int, float]], filled: list[list[float]], emptiness: list[float], shares: Sequence[float]
) -> int:
    """The part in which a group costs least, in plain numbers: there may be a quarter of a million groups to place."""
    best, lowest = 0, (math.inf, math.inf)
    for part, (row, share) in enumerate(zip(filled, shares, strict=True)):
        growth = 0.0
        for label, more in added:
            growth += (2 * row[label] + more) * more
        cost = (round(growth / share, 12), emptiness[part])  # of equals, the emptiest: so three groups make three parts
        if cost < lowest:
            best, lowest = part, cost
    return best


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
