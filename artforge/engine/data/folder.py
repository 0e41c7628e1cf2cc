"""Your own pictures: one folder per class, perhaps a manifest, perhaps fixed folders for training and test."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from artforge.core.errors import DatasetError, listing
from artforge.engine.data.class_folders import (
    ListedPicture,
    describe_difference,
    is_picture_name,
    list_class_folders,
    subfolders,
)
from artforge.engine.data.dataset import Dataset, check_classes
from artforge.engine.data.kinds import DatasetKind, ReadOptions
from artforge.engine.data.reading import read_listed

MANIFEST = "manifest.csv"

PART_OF_FOLDER: Mapping[str, str] = {
    "train": "training",
    "training": "training",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
"""What the folders of a fixed split are called, and the part that each is."""


def read_folder(folder: Path, options: ReadOptions) -> Dataset:
    """Read a folder of class folders.

    Args:
        folder: holds one folder per class (nested folders belong to their class), and perhaps a `manifest.csv`
            with the columns path, label and, optionally, group; or the folders train, val and test, which hold the
            class folders.
        options: the size, the seed, where to keep what is decoded, whom to tell.

    Raises:
        DatasetError: missing, empty, one class only, a class with too few readable pictures, a wrong manifest, or
            classes that are not the same in training and test.
        OutputError: it is to be kept on disk, and that does not take it.
    """
    listed = list_pictures(folder)
    class_names = tuple(sorted({picture.label for picture in listed}))
    return read_listed(
        folder,
        listed,
        class_names,
        options,
        kind="folder",
        class_of_folder={} if (folder / MANIFEST).is_file() else {name: name for name in class_names},
    )


def list_pictures(folder: Path) -> list[ListedPicture]:
    """The picture files of a folder, sorted by path: those of its `manifest.csv`, else those of its class folders.

    Raises:
        DatasetError: no such folder, no two classes in it, a manifest that cannot be followed, or a fixed split whose
            parts have not the same classes.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder. Give --data a folder that holds one folder per class.")
    manifest = folder / MANIFEST
    if manifest.is_file():
        listed = _list_manifest(manifest)
    elif has_fixed_split(folder):
        listed = _list_fixed_split(folder)
    else:
        listed = list_class_folders(folder)
    counts = Counter(picture.label for picture in listed)
    _check_not_one_level_down(folder, list(counts))
    check_classes(counts, str(folder), fewest=1)
    return listed


def _check_not_one_level_down(folder: Path, classes: Sequence[str]) -> None:
    """Unpacking a download often puts a folder around the class folders."""
    inner = subfolders(folder / classes[0]) if len(classes) == 1 else []
    if len(inner) > 1:
        raise DatasetError(
            f"{folder}: only one class ({classes[0]!r}), and a classifier needs at least two. If the classes are those "
            f"in it ({listing(inner, most=6)}), give --data {folder / classes[0]}."
        )


def has_fixed_split(folder: Path) -> bool:
    """Whether a folder is divided into training and test before it is divided into classes.

    It is where it holds a training folder and another part, and no picture lies in the training folder itself: with
    pictures in it, a folder called `train` is a class like any other.
    """
    parts = [PART_OF_FOLDER[name] for name in subfolders(folder) if name in PART_OF_FOLDER]
    if "training" not in parts or len(set(parts)) == 1:
        return False
    training = folder / next(name for name in subfolders(folder) if PART_OF_FOLDER.get(name) == "training")
    return not any(is_picture_name(path.name) for path in training.iterdir())


def _list_fixed_split(folder: Path) -> list[ListedPicture]:
    names = subfolders(folder)
    others = [name for name in names if name not in PART_OF_FOLDER]
    if others:
        raise DatasetError(
            f"{folder}: holds folders of a fixed split ({listing([name for name in names if name not in others])}) and "
            f"beside them {listing(others)}. What is in there has no part in it: move it out of the folder."
        )
    pictures_of: dict[str, list[ListedPicture]] = {}
    for name in names:
        part = PART_OF_FOLDER[name]
        if part in pictures_of:
            raise DatasetError(f"{folder}: {name!r} is one folder too many for {part}; keep one of its names.")
        pictures_of[part] = list_class_folders(folder, name, part)
    _check_same_classes(folder, pictures_of)
    return sorted((one for pictures in pictures_of.values() for one in pictures), key=lambda picture: picture.path)


def _check_same_classes(folder: Path, pictures_of: Mapping[str, list[ListedPicture]]) -> None:
    classes_of = {part: sorted({picture.label for picture in own}) for part, own in pictures_of.items()}
    trained = classes_of["training"]
    for part, found in classes_of.items():
        missing = [name for name in trained if name not in found]
        extra = [name for name in found if name not in trained]
        if missing or extra:
            raise DatasetError(
                f"{folder}: {part} has not the classes that training has{describe_difference(missing, extra)}. "
                "Labels come from the names of the folders, so they must be the same everywhere."
            )


def _list_manifest(manifest: Path) -> list[ListedPicture]:
    """The pictures that a CSV file with the columns path, label and, optionally, group names, sorted by path.

    Raises:
        DatasetError: it cannot be followed.
    """
    try:
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = {"path", "label"} - set(reader.fieldnames or ())
            if missing:
                raise DatasetError(
                    f"{manifest}: the column {sorted(missing)[0]!r} is missing; a manifest has the columns path, label "
                    f"and, where it is known, group; received {', '.join(reader.fieldnames or ()) or 'none'}."
                )
            rows = [_manifest_row(manifest, reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{manifest}: not a CSV file in UTF-8 ({error})") from error
    counts = Counter(row.path for row in rows)
    twice = next((path for path, count in counts.items() if count > 1), None)
    if twice is not None:
        raise DatasetError(f"{manifest}: {twice!r} stands in it twice; keep one line per picture.")
    return sorted(rows, key=lambda row: row.path)


def _manifest_row(manifest: Path, line: int, row: dict[str, str | None]) -> ListedPicture:
    path, label = (row["path"] or "").strip(), (row["label"] or "").strip()
    if not path or not label:
        raise DatasetError(f"{manifest}:{line}: path and label must both be filled in.")
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        raise DatasetError(f"{manifest}:{line}: {path!r} leads out of the folder; paths are relative to the manifest.")
    group = (row.get("group") or "").strip()
    return ListedPicture(path, label, group or path)


FOLDER = DatasetKind(
    name="folder",
    title="Your own pictures",
    layout="FOLDER/CLASS/*.jpg; or FOLDER/manifest.csv (path,label,group); or FOLDER/train|val|test/CLASS/*.jpg",
    labels="one class per folder, in alphabetical order: the first is 0",
    citation="your own",
    licence="your own",
    matches=Path.is_dir,
    read=read_folder,
)
