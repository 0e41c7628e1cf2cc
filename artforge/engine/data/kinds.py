"""What a reader of one kind of dataset says of itself, and what it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from artforge.engine.data.dataset import Dataset

CacheChoice = Literal["auto", "memory", "disk", "none"]
"""Where decoded pictures are kept: `auto` takes memory where they are few, else the disk, else decodes when asked."""

Progress = Callable[[int, int], None]
"""Called with (done, total)."""


@dataclass(frozen=True)
class ReadOptions:
    """How a dataset is to be read.

    Attributes:
        image_size: edge of the square pictures in pixels.
        seed: of whatever is drawn by chance, where the dataset does not name its own.
        cache: where the decoded pictures are kept.
        num_threads: pictures decoded at once.
        pictures_per_class: of the embedded set, which is drawn in any number.
        progress: called while pictures are drawn or read.
    """

    image_size: int
    seed: int = 0
    cache: CacheChoice = "auto"
    num_threads: int = 2
    pictures_per_class: int = 1500
    progress: Progress | None = None


@dataclass(frozen=True)
class DatasetKind:
    """One kind of dataset, as `artforge data list` tells of it.

    Attributes:
        name: what it is called on the command line and in a run's config.
        title: its name in full.
        layout: the folders and files that are expected, as a person would draw them.
        labels: how the label of a picture comes from its folder, in one sentence.
        citation: whom to cite.
        licence: what its makers allow.
        matches: whether a path looks like this kind; it opens no pictures.
        read: makes a Dataset of the path; the embedded set looks at none.
        class_names: in the order of the labels; empty where the folder decides.
        download: the command to type to fetch it; empty where there is nothing to fetch.
        counts: pictures of each class as published, by class name.
        image_size: edge in pixels at which the published networks were trained; None where there were none.
    """

    name: str
    title: str
    layout: str
    labels: str
    citation: str
    licence: str
    matches: Callable[[Path], bool]
    read: Callable[[Path, ReadOptions], Dataset]
    class_names: tuple[str, ...] = ()
    download: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    image_size: int | None = None
