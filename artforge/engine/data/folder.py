"""Your own pictures: one folder per class, perhaps a manifest, perhaps fixed folders for training and test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from artforge.core.errors import DatasetError, listing
from artforge.core.pictures import PICTURE_SUFFIXES
from artforge.engine.data.class_folders import (
    ListedPicture,
    describe_difference,
    empty_class_folders,
    is_picture_name,
    list_class_folders,
    subfolders,
)
from artforge.engine.data.dataset import Dataset, LeftOut, check_classes
from artforge.engine.data.kinds import DatasetKind, ReadOptions
from artforge.engine.data.manifest import MANIFEST, list_manifest, unlisted
from artforge.engine.data.reading import FEWEST_PICTURES, read_listed

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

ENDINGS = f"Pictures are files that end in {', '.join(sorted(PICTURE_SUFFIXES))}."


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
    dataset = read_listed(
        folder,
        listed,
        class_names,
        options,
        kind="folder",
        class_of_folder={} if (folder / MANIFEST).is_file() else {name: name for name in class_names},
    )
    return replace(dataset, left_out=tuple(_left_out(folder, listed)))


def _left_out(folder: Path, listed: Sequence[ListedPicture]) -> Iterator[LeftOut]:
    if (folder / MANIFEST).is_file():
        yield from unlisted(folder / MANIFEST, listed)
        return
    empty = _empty_folders(folder, listed)
    if empty:
        yield LeftOut(
            f"no pictures in {_class_folders(empty)}",
            f"Put pictures of that class there, or take the folder away. {ENDINGS}",
        )


def _empty_folders(folder: Path, listed: Sequence[ListedPicture]) -> list[str]:
    if not has_fixed_split(folder):
        return empty_class_folders(folder, listed)
    return [empty for name in subfolders(folder) for empty in empty_class_folders(folder, listed, name)]


def _class_folders(names: Sequence[str]) -> str:
    return f"the class folder{'s' if len(names) > 1 else ''} {listing([repr(name) for name in names])}"


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
        listed = list_manifest(manifest, fewest=FEWEST_PICTURES)
    elif has_fixed_split(folder):
        listed = _list_fixed_split(folder)
    else:
        listed = list_class_folders(folder)
    counts = Counter(picture.label for picture in listed)
    _check_not_one_level_down(folder, list(counts))
    if len(counts) < 2 and not manifest.is_file():
        _check_no_class_is_empty(folder, listed)
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


def _check_no_class_is_empty(folder: Path, listed: Sequence[ListedPicture]) -> None:
    """With fewer than two classes, those that were meant and hold nothing are the reason."""
    empty = _empty_folders(folder, listed)
    if empty:
        raise DatasetError(
            f"{folder}: no pictures in {_class_folders(empty)}, and a classifier needs at least two classes. {ENDINGS}"
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
