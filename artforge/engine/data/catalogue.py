"""Every kind of dataset by name: which one a path holds, and how it is opened."""

from __future__ import annotations

from pathlib import Path

from artforge.core.errors import DatasetError, check_choice
from artforge.engine.data.ai_artbench import AI_ARTBENCH
from artforge.engine.data.cifake import CIFAKE
from artforge.engine.data.class_folders import subfolders
from artforge.engine.data.combined_ai_artwork import COMBINED_AI_ARTWORK
from artforge.engine.data.dataset import Dataset
from artforge.engine.data.embedded import EMBEDDED
from artforge.engine.data.folder import FOLDER
from artforge.engine.data.kinds import CacheChoice, DatasetKind, Progress, ReadOptions
from artforge.engine.data.npz import NPZ

_KINDS = (COMBINED_AI_ARTWORK, AI_ARTBENCH, CIFAKE, NPZ, EMBEDDED, FOLDER)

DATASETS: dict[str, DatasetKind] = {kind.name: kind for kind in _KINDS}
"""By name; of two that match a path the first is meant, so the plain folder stands last."""


def recognise(path: Path | None) -> DatasetKind:
    """The kind of dataset that lies at `path`; None is the embedded set. No picture is opened.

    Raises:
        DatasetError: there is nothing, nothing that any reader knows, or a folder around a published set.
    """
    if path is None:
        return EMBEDDED
    if not path.exists() and path.suffix.lower() != ".npz":
        raise DatasetError(f"{path}: no such folder. Give --data a folder that holds one folder per class.")
    found = next((kind for kind in DATASETS.values() if kind.matches(path)), None)
    if found is None:
        raise DatasetError(f"{path}: neither a folder nor an .npz file. Give --data a folder that holds one per class.")
    if found is FOLDER:
        _check_holds_no_published_set(path)
    return found


def _check_holds_no_published_set(path: Path) -> None:
    """A folder around a published set would be read as if that set were a class."""
    for name in subfolders(path):
        published = next((kind for kind in DATASETS.values() if kind.class_names and kind.matches(path / name)), None)
        if published is not None:
            raise DatasetError(
                f"{path}: {name!r} in it is a whole set ({published.name}), no class. Give --data {path / name}; or "
                "--dataset folder, if each folder in it is a class nevertheless."
            )


def check_there(path: Path | None, kind: str | None = None) -> DatasetKind:
    """The kind of dataset that is to be read from `path`, as `open_dataset` takes them; no picture is opened.

    Raises:
        ChoiceError: no such kind.
        DatasetError: there is nothing to read, or `kind` does not go with `path`.
    """
    if kind is not None:
        check_choice("dataset", kind, list(DATASETS))
    chosen = DATASETS[kind] if kind is not None else recognise(path)
    if chosen is EMBEDDED and path is not None:
        raise DatasetError(f"{path}: the embedded set is drawn, not read from there; leave one of the two away.")
    if chosen is not EMBEDDED and path is None:
        raise DatasetError(f"the dataset {chosen.name!r} is read from a folder or file: give it by --data.")
    if path is not None and not path.exists():
        what = ".npz file" if path.suffix.lower() == ".npz" else "folder"
        raise DatasetError(f"{path}: no such {what}. Give --data a folder that holds one folder per class, or an .npz.")
    return chosen


def open_dataset(
    path: Path | None,
    *,
    image_size: int,
    seed: int,
    kind: str | None = None,
    cache: CacheChoice = "auto",
    num_threads: int = 2,
    pictures_per_class: int = 1500,
    progress: Progress | None = None,
) -> Dataset:
    """Open any dataset.

    Args:
        path: where it lies; None is the embedded set.
        image_size: edge of the square pictures in pixels.
        seed: of whatever is drawn by chance; a published split keeps its own.
        kind: a name of `DATASETS`; None recognises it.
        cache: where the decoded pictures of a folder are kept.
        num_threads: pictures decoded at once.
        pictures_per_class: of the embedded set.
        progress: called with (done, total).

    Raises:
        ChoiceError: no such kind.
        DatasetError: the pictures cannot be trained on, or `kind` does not go with `path`.
        OutputError: `cache` is `disk`, and the disk does not take it.
    """
    chosen = check_there(path, kind)
    options = ReadOptions(
        image_size=image_size,
        seed=seed,
        cache=cache,
        num_threads=num_threads,
        pictures_per_class=pictures_per_class,
        progress=progress,
    )
    return chosen.read(path or Path(), options)
