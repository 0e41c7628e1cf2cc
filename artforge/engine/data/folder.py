"""A folder of pictures, one folder per class, becomes a Dataset: the walk, the manifest, the copies, the reading."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import DatasetError, PictureError
from artforge.core.files import sha256_of
from artforge.core.pictures import PICTURE_SUFFIXES, centre_square, read_picture, resize, to_bytes
from artforge.engine.data.dataset import Dataset, Skipped, check_classes, hash_contents
from artforge.engine.data.kinds import DatasetKind, Progress, ReadOptions

MANIFEST = "manifest.csv"
FEWEST_PICTURES = 5
"""Per class: three for training, one for validation, one for the test."""


@dataclass(frozen=True)
class ListedPicture:
    """A picture file of the folder before it is read: `path` is relative to the folder, with forward slashes."""

    path: str
    label: str
    group: str


def read_folder(folder: Path, image_size: int, *, num_threads: int = 2, progress: Progress | None = None) -> Dataset:
    """Read a folder of class folders into one array.

    Every picture goes the same road - upright sRGB, the centre square, `image_size` by area - so that neither its
    size nor its format gives its class away. A file that cannot be read is named in `skipped`. Files that are the
    same byte for byte share one group, so that a copy never stands in both training and test.

    Args:
        folder: holds one folder per class (nested folders belong to their class), and perhaps a `manifest.csv`
            with the columns path, label and, optionally, group.
        image_size: edge of the square pictures in pixels.
        num_threads: pictures decoded at once.
        progress: called after each file.

    Raises:
        DatasetError: missing, empty, one class only, a class with too few readable pictures, or a wrong manifest.
    """
    listed = list_pictures(folder)
    with ThreadPoolExecutor(max_workers=num_threads) as pool:
        loaded: list[_Loaded] = []
        for one in pool.map(lambda picture: _load(folder, picture, image_size), listed):
            loaded.append(one)
            if progress is not None:
                progress(len(loaded), len(listed))

    readable = [(picture, one) for picture, one in zip(listed, loaded, strict=True) if one.pixels is not None]
    skipped = tuple(
        Skipped(picture.path, one.reason) for picture, one in zip(listed, loaded, strict=True) if one.pixels is None
    )
    class_names = tuple(sorted({picture.label for picture in listed}))
    counts = {name: sum(picture.label == name for picture, _ in readable) for name in class_names}
    check_classes(counts, str(folder), fewest=FEWEST_PICTURES)
    groups, num_duplicates = _join_duplicates(
        [picture.group for picture, _ in readable], [one.sha256 for _, one in readable]
    )
    labels = np.asarray([class_names.index(picture.label) for picture, _ in readable], dtype=np.int64)
    items = tuple(picture.path for picture, _ in readable)
    return Dataset(
        images=np.stack([one.pixels for _, one in readable if one.pixels is not None]),
        labels=labels,
        groups=tuple(groups),
        items=items,
        class_names=class_names,
        kind="folder",
        content_sha256=hash_contents(items, [one.sha256 for _, one in readable], labels, class_names),
        skipped=skipped,
        num_duplicates=num_duplicates,
    )


def list_pictures(folder: Path) -> list[ListedPicture]:
    """The picture files of a folder, sorted by path: those of its `manifest.csv`, else those of its class folders.

    Hidden files and folders and files without a picture's ending are passed over.

    Raises:
        DatasetError: no such folder, or a manifest that cannot be followed.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder. Give --data a folder that holds one folder per class.")
    manifest = folder / MANIFEST
    listed = _list_manifest(manifest) if manifest.is_file() else _list_class_folders(folder)
    counts: dict[str, int] = {}
    for picture in listed:
        counts[picture.label] = counts.get(picture.label, 0) + 1
    check_classes(counts, str(folder), fewest=1)
    return listed


def _list_class_folders(folder: Path) -> list[ListedPicture]:
    listed = []
    for class_folder in sorted(entry for entry in folder.iterdir() if entry.is_dir() and not _hidden(entry.name)):
        for path in _walk(class_folder):
            relative = path.relative_to(folder).as_posix()
            listed.append(ListedPicture(relative, class_folder.name, group=relative))
    return listed


def _walk(folder: Path) -> Iterator[Path]:
    """Every picture file below `folder` in a fixed order; a link back to a folder already entered is not followed."""
    entered: set[tuple[int, int]] = set()
    for current, subfolders, names in os.walk(folder, followlinks=True):
        status = Path(current).stat()
        if (status.st_dev, status.st_ino) in entered:
            subfolders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        subfolders[:] = sorted(name for name in subfolders if not _hidden(name))
        for name in sorted(names):
            if not _hidden(name) and Path(name).suffix.lower() in PICTURE_SUFFIXES:
                yield Path(current) / name


def _hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))


def _list_manifest(manifest: Path) -> list[ListedPicture]:
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
    twice = _first_repeated([row.path for row in rows])
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


def _first_repeated(names: list[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


@dataclass(frozen=True)
class _Loaded:
    pixels: NDArray[np.uint8] | None
    sha256: str = ""
    reason: str = ""


def _load(folder: Path, picture: ListedPicture, image_size: int) -> _Loaded:
    path = folder / picture.path
    try:
        pixels = square_bytes(path, image_size)
        return _Loaded(pixels, sha256_of(path))
    except PictureError as error:
        return _Loaded(None, reason=str(error).removeprefix(f"{path}: "))
    except OSError as error:
        return _Loaded(None, reason=error.strerror or str(error))


def square_bytes(path: Path, image_size: int) -> NDArray[np.uint8]:
    """One picture file as uint8 (image_size, image_size, 3): its centre square, resized by area.

    Raises:
        PictureError: it cannot be read.
    """
    return to_bytes(resize(centre_square(read_picture(path, shortest_edge=2 * image_size)), (image_size, image_size)))


def _join_duplicates(groups: list[str], digests: list[str]) -> tuple[list[str], int]:
    """Merge the groups that share a file; returns the merged group of each picture and the number of repeats.

    Groups are joined through any chain of shared files, so that one copied file ties two whole artists together.
    """
    parents = {group: group for group in groups}

    def root(group: str) -> str:
        while parents[group] != group:
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


def _read_kind(path: Path | None, options: ReadOptions) -> Dataset:
    return read_folder(path or Path(), options.image_size, num_threads=options.num_threads, progress=options.progress)


FOLDER = DatasetKind(
    name="folder",
    title="Your own pictures",
    layout="FOLDER/CLASS/*.jpg, or any folders and a manifest.csv with the columns path, label and perhaps group",
    labels="one class per folder, in alphabetical order: the first is 0",
    citation="yours",
    licence="yours",
    matches=Path.is_dir,
    read=_read_kind,
)
