"""A manifest: a CSV file that names the pictures of a folder, their labels and, where they are known, their groups."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from artforge.core.errors import DatasetError, nearest_name
from artforge.engine.data.class_folders import ListedPicture, picture_files
from artforge.engine.data.dataset import LeftOut

MANIFEST = "manifest.csv"

_NUM_SHOWN = 3
_MOST_COMPARED = 5000
"""File names among which the nearest is sought: more take seconds."""


def list_manifest(manifest: Path, *, fewest: int) -> list[ListedPicture]:
    """The pictures that a CSV file with the columns path, label and, optionally, group names, sorted by path.

    Args:
        manifest: lies in the folder that its paths start from.
        fewest: of each class, the files that must be there; single ones that are not are told when they are read.

    Raises:
        DatasetError: it cannot be followed, or too many of its files are not there.
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
            rows = [(reader.line_num, _row(manifest, reader.line_num, row)) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{manifest}: not a CSV file in UTF-8 ({error})") from error
    counts = Counter(row.path for _, row in rows)
    twice = next((path for path, count in counts.items() if count > 1), None)
    if twice is not None:
        raise DatasetError(f"{manifest}: {twice!r} stands in it twice; keep one line per picture.")
    _check_files(manifest, rows, fewest)
    return sorted((row for _, row in rows), key=lambda row: row.path)


def _row(manifest: Path, line: int, row: dict[str, str | None]) -> ListedPicture:
    path, label = (row["path"] or "").strip(), (row["label"] or "").strip()
    if not path or not label:
        raise DatasetError(f"{manifest}:{line}: path and label must both be filled in.")
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        raise DatasetError(f"{manifest}:{line}: {path!r} leads out of the folder; paths are relative to the manifest.")
    group = (row.get("group") or "").strip()
    return ListedPicture(path, label, group or path)


def _check_files(manifest: Path, rows: Sequence[tuple[int, ListedPicture]], fewest: int) -> None:
    folder = manifest.parent
    absent = [(line, row) for line, row in rows if not (folder / row.path).exists()]
    there = Counter(row.label for _, row in rows) - Counter(row.label for _, row in absent)
    if not absent or all(there[row.label] >= fewest for _, row in absent):
        return
    present = list(islice(picture_files(folder), _MOST_COMPARED))
    shown = "".join(
        f"\n  {manifest}:{line}: {row.path}{_nearest(row.path, present)}" for line, row in absent[:_NUM_SHOWN]
    )
    more = f"\n  and {len(absent) - _NUM_SHOWN:,} more" if len(absent) > _NUM_SHOWN else ""
    raise DatasetError(
        f"{manifest}: {len(absent):,} of the {len(rows):,} files that it names are not there:{shown}{more}\n"
        f"Paths are relative to the folder of the manifest, {folder}."
    )


def _nearest(path: str, present: Sequence[str]) -> str:
    name = PurePosixPath(path).name
    of_that_name = [one for one in present if PurePosixPath(one).name == name]
    near = nearest_name(path, of_that_name) or next(iter(of_that_name), None) or nearest_name(path, present)
    return f" (is {near!r} meant?)" if near else ""


def unlisted(manifest: Path, listed: Sequence[ListedPicture]) -> Iterator[LeftOut]:
    """The pictures that lie in the folder of a manifest and have no line in it, as one sentence."""
    named = {PurePosixPath(picture.path).as_posix() for picture in listed}
    others = [path for path in picture_files(manifest.parent) if path not in named]
    if others:
        pictures = "picture lies" if len(others) == 1 else "pictures lie"
        yield LeftOut(
            f"{len(others):,} {pictures} in the folder that {MANIFEST} does not list, such as {others[0]}",
            f"Give each of them a line in {MANIFEST}, or rename {MANIFEST} and let the folders be the classes.",
        )
