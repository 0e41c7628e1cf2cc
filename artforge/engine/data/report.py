"""Everything that was found out about a set of pictures, as one value."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from artforge.core.errors import DatasetError
from artforge.core.files import sha256_of
from artforge.engine.data.dataset import Dataset, LeftOut, Skipped
from artforge.engine.data.duplicates import Pair, find_duplicates
from artforge.engine.data.file_facts import SIZE_FEATURES, FileFacts, read_facts, size_features
from artforge.engine.data.kinds import Progress
from artforge.engine.data.leaks import Leak, NotMeasured, measure_leak
from artforge.engine.data.measures import COLOUR_FEATURES, measure_pictures
from artforge.engine.data.splits import Split, num_met_in_training, split_by_group, torn_groups

TINY = 64
"""Shorter edge in pixels under which a picture is tiny: it is mostly enlarged."""

_COLOURS = 3

Stages = Mapping[str, Progress]
"""Whom to tell, by stage: `files`, `pictures`, `copies`."""


@dataclass(frozen=True)
class Summary:
    """What can be said without looking at a picture twice.

    Attributes:
        kind: the name of the reader.
        class_counts: pictures of each class, in the order of the labels.
        class_of_folder: which class the pictures of each folder belong to.
        part_counts: of each part, pictures of each class; empty where no split can be made.
        own_split: whether the set comes with its split; else it was drawn.
        split_origin: how the split came about, in words.
        no_split: why there is no split; empty where there is one.
        num_groups: groups of pictures.
        num_torn: of these, how many stand on several sides of the set's own split.
        num_met: pictures of `validation` and of `test` that share a group with training pictures.
        skipped: files that cannot be read.
        left_out: what lies in the folder and was never read.
        formats: of each class, files of each format; empty where there are no files, as are the next three.
        sizes: of each class, files of each `WIDTHxHEIGHT`, the most frequent first.
        num_tiny: files whose shorter edge is under `TINY` pixels.
        num_alpha: files with transparency.
        num_bytes: of all files.
    """

    kind: str
    class_counts: Mapping[str, int]
    class_of_folder: Mapping[str, str]
    part_counts: Mapping[str, Mapping[str, int]]
    own_split: bool
    split_origin: str
    no_split: str
    num_groups: int
    num_torn: int
    num_met: Mapping[str, int]
    skipped: tuple[Skipped, ...]
    left_out: tuple[LeftOut, ...]
    formats: Mapping[str, Mapping[str, int]]
    sizes: Mapping[str, Mapping[str, int]]
    num_tiny: int
    num_alpha: int
    num_bytes: int

    @property
    def num_pictures(self) -> int:
        """That can be read."""
        return sum(self.class_counts.values())

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"num_pictures": self.num_pictures, **asdict(self)}


@dataclass(frozen=True)
class Copy:
    """One side of a pair of copies; `part` is empty where there is no split."""

    item: str
    class_name: str
    part: str


@dataclass(frozen=True)
class CopyPair:
    """Two pictures that are the same file, or as good as the same picture."""

    pair: Pair
    first: Copy
    second: Copy
    same_group: bool

    @property
    def across_parts(self) -> bool:
        """Whether one is trained on and the other tested on, or the like."""
        return self.first.part != self.second.part

    @property
    def across_classes(self) -> bool:
        """Whether the labels contradict each other."""
        return self.first.class_name != self.second.class_name

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "kind": self.pair.kind,
            "likeness": self.pair.likeness,
            "turned": self.pair.turned,
            "across_parts": self.across_parts,
            "across_classes": self.across_classes,
            "same_group": self.same_group,
            "first": asdict(self.first),
            "second": asdict(self.second),
        }


@dataclass(frozen=True)
class DataReport:
    """All that `artforge data check` knows of a set.

    Attributes:
        summary: counts.
        num_grey: pictures without colour.
        near_sought: whether near copies were looked for; among grey arrays, such as digits, all are near.
        copies: those across parts first, then across classes, then the rest; the most alike first.
        size_leak: what a forest makes of `SIZE_FEATURES` of the files as they are; None where there are no files.
        colour_leak: what it makes of `COLOUR_FEATURES` of the pictures once they are squares of one size.
    """

    summary: Summary
    num_grey: int
    near_sought: bool
    copies: tuple[CopyPair, ...]
    size_leak: Leak | NotMeasured | None
    colour_leak: Leak | NotMeasured

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            **self.summary.as_json(),
            "num_grey": self.num_grey,
            "near_sought": self.near_sought,
            "copies": [one.as_json() for one in self.copies],
            "size_leak": None if self.size_leak is None else asdict(self.size_leak),
            "colour_leak": asdict(self.colour_leak),
        }


def summarise(dataset: Dataset, *, seed: int, stages: Stages | None = None) -> Summary:
    """Count pictures, parts, groups, formats and sizes; of the files only the heads are read.

    Args:
        dataset: opened at any size.
        seed: of the split, where the set does not come with one.
        stages: whom to tell.
    """
    return _summarise(dataset, _facts(dataset, stages or {}), *_split_of(dataset, seed))


def inspect(dataset: Dataset, *, seed: int, turned: bool = True, stages: Stages | None = None) -> DataReport:
    """Find out everything: counts, copies, and what gives a class away.

    Args:
        dataset: opened at any size; 64 pixels are enough.
        seed: of the split, where the set does not come with one, and of the forests.
        turned: whether mirrored and rotated copies are looked for too.
        stages: whom to tell.
    """
    stages = stages or {}
    facts = _facts(dataset, stages)
    split, no_split = _split_of(dataset, seed)
    near_sought = dataset.images.shape[-1] == _COLOURS
    measures = measure_pictures(dataset.images, stages.get("pictures"))
    pairs = find_duplicates(
        measures.thumbnails,
        measures.tints,
        lambda index: _digest(dataset, index),
        [one.num_bytes for one in facts] or None,
        near=near_sought,
        turned=turned,
        progress=stages.get("copies"),
    )
    return DataReport(
        summary=_summarise(dataset, facts, split, no_split),
        num_grey=int(measures.is_grey.sum()),
        near_sought=near_sought,
        copies=tuple(sorted(_copies(dataset, split, pairs), key=_gravity)),
        size_leak=measure_leak(size_features(facts), SIZE_FEATURES, dataset.labels, dataset.groups, seed=seed)
        if facts
        else None,
        colour_leak=measure_leak(measures.colours, COLOUR_FEATURES, dataset.labels, dataset.groups, seed=seed),
    )


def _facts(dataset: Dataset, stages: Stages) -> tuple[FileFacts, ...]:
    return () if dataset.root is None else read_facts(dataset.root, dataset.items, stages.get("files"))


def _split_of(dataset: Dataset, seed: int) -> tuple[Split | None, str]:
    """The split that training would use; else None and the reason."""
    try:
        return dataset.split or split_by_group(dataset.labels, dataset.groups, dataset.class_names, seed=seed), ""
    except DatasetError as error:
        return None, str(error)


def _digest(dataset: Dataset, index: int) -> str:
    if dataset.root is not None:
        return sha256_of(dataset.root / dataset.items[index])
    picture = dataset.images[np.asarray([index], np.int64)]
    return hashlib.sha256(np.ascontiguousarray(picture).data).hexdigest()


def _summarise(dataset: Dataset, facts: Sequence[FileFacts], split: Split | None, no_split: str) -> Summary:
    class_of = [dataset.class_names[label] for label in dataset.labels.tolist()]
    counted = Counter(zip(split.names(), class_of, strict=True)) if split else Counter()
    part_counts = {
        part: {name: counted[part, name] for name in dataset.class_names}
        for part in ("training", "validation", "test")
        if split
    }
    return Summary(
        kind=dataset.kind,
        class_counts=dataset.class_counts,
        class_of_folder=dataset.class_of_folder,
        part_counts=part_counts,
        own_split=dataset.split is not None,
        split_origin=split.origin if split else "",
        no_split=no_split,
        num_groups=len(set(dataset.groups)),
        num_torn=len(torn_groups(split, dataset.groups)) if split else 0,
        num_met=num_met_in_training(split, dataset.groups) if split else {},
        skipped=dataset.skipped,
        left_out=dataset.left_out,
        formats=_by_class(dataset, class_of, [one.format for one in facts]),
        sizes=_by_class(dataset, class_of, [one.size for one in facts]),
        num_tiny=sum(min(one.width, one.height) < TINY for one in facts),
        num_alpha=sum(one.has_alpha for one in facts),
        num_bytes=sum(one.num_bytes for one in facts),
    )


def _by_class(dataset: Dataset, class_of: Sequence[str], values: Sequence[str]) -> dict[str, dict[str, int]]:
    """How often each value occurs in each class, the most frequent first; empty where there are no values."""
    counted = Counter(zip(class_of, values, strict=True)) if values else Counter()
    return {
        name: {value: count for (own, value), count in sorted(counted.items(), key=_frequent_first) if own == name}
        for name in dataset.class_names
        if values
    }


def _frequent_first(entry: tuple[tuple[str, str], int]) -> tuple[int, str]:
    (_, value), count = entry
    return -count, value


def _copies(dataset: Dataset, split: Split | None, pairs: Sequence[Pair]) -> list[CopyPair]:
    parts = split.names() if split else [""] * len(dataset)

    def side(index: int) -> Copy:
        return Copy(dataset.items[index], dataset.class_names[dataset.labels[index]], parts[index])

    return [
        CopyPair(pair, side(pair.first), side(pair.second), dataset.groups[pair.first] == dataset.groups[pair.second])
        for pair in pairs
    ]


def _gravity(copy: CopyPair) -> tuple[bool, bool, float, str, str]:
    return not copy.across_parts, not copy.across_classes, -copy.pair.likeness, copy.first.item, copy.second.item
