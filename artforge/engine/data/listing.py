"""Which picture files a folder holds, found before any is opened: the walk and the manifest."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from artforge.core.errors import DatasetError
from artforge.core.pictures import PICTURE_SUFFIXES

MANIFEST = "manifest.csv"


@dataclass(frozen=True, slots=True)
class ListedPicture:
    """A picture file of a set before it is read.

    Attributes:
        path: relative to the set's folder, with forward slashes.
        label: the name of its class.
        group: pictures of one group stay on one side of every split.
        part: `training`, `validation` or `test` where the folders say so, else empty.
    """

    path: str
    label: str
    group: str
    part: str = ""


def subfolders(folder: Path) -> list[str]:
    """The names of the folders in a folder, sorted; hidden ones are passed over, and no folder at all has none."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() and not _hidden(entry.name))
    except OSError:
        return []


def list_class_folders(root: Path, inside: str = "", part: str = "") -> list[ListedPicture]:
    """The pictures of every folder in `root / inside`, each labelled with its folder's name, sorted by path.

    Nested folders belong to their class. Hidden files and folders and files without a picture's ending are passed over.

    Args:
        root: what the paths are relative to.
        inside: the folder in it that holds the class folders; empty for itself.
        part: the part that they are for.
    """
    base = f"{inside}/" if inside else ""
    return [
        ListedPicture(f"{base}{name}/{path}", name, f"{base}{name}/{path}", part)
        for name in subfolders(root / inside)
        for path in _walk(root / inside / name)
    ]


def _walk(folder: Path) -> Iterator[str]:
    """Every picture file below `folder` in a fixed order; a link back to a folder already entered is not followed."""
    entered: set[tuple[int, int]] = set()
    for current, names_of_folders, names in os.walk(folder, followlinks=True):
        status = os.stat(current)  # noqa: PTH116 - a walk over a quarter of a million files has no time for Path
        if (status.st_dev, status.st_ino) in entered:
            names_of_folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        names_of_folders[:] = sorted(name for name in names_of_folders if not _hidden(name))
        below = Path(current).relative_to(folder).as_posix()
        base = "" if below == "." else f"{below}/"
        for name in sorted(names):
            if is_picture_name(name):
                yield base + name


def is_picture_name(name: str) -> bool:
    """Whether a file of this name is taken for a picture."""
    return not _hidden(name) and os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES  # noqa: PTH122 - as above


def _hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))


def list_manifest(manifest: Path) -> list[ListedPicture]:
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
