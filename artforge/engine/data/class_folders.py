"""The class folders of a set and the picture files in them, found before any is opened and checked by name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from artforge.core.errors import DatasetError, listing, nearest_name
from artforge.core.pictures import PICTURE_SUFFIXES


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

    Raises:
        DatasetError: a link within a class folder leads out of the set.
    """
    base = f"{inside}/" if inside else ""
    return [
        ListedPicture(f"{base}{name}/{path}", name, f"{base}{name}/{path}", part)
        for name in subfolders(root / inside)
        for path in _walk(root, root / inside / name)
    ]


def empty_class_folders(root: Path, listed: Sequence[ListedPicture], inside: str = "") -> list[str]:
    """The class folders of `root / inside` in which no picture was found, as paths relative to `root`, sorted."""
    base = f"{inside}/" if inside else ""
    full = {picture.path.removeprefix(base).partition("/")[0] for picture in listed if picture.path.startswith(base)}
    return [f"{base}{name}" for name in subfolders(root / inside) if name not in full and not _leads_back(root, name)]


def _leads_back(root: Path, name: str) -> bool:
    return root.resolve().is_relative_to((root / name).resolve())


def _walk(root: Path, folder: Path) -> Iterator[str]:
    """Every picture file below a class folder in a fixed order.

    A class folder may be a link to wherever its pictures lie. Below it no link to a folder is followed: what it leads
    to within the set is listed by itself, and would be labelled twice; a link out of the set is an error, since its
    pictures would be missed.
    """
    if root.resolve().is_relative_to(folder.resolve()):
        return  # a link back to the set itself is no class
    for current, names_of_folders, names in os.walk(folder):
        names_of_folders[:] = sorted(name for name in names_of_folders if not _hidden(name))
        for name in names_of_folders:
            _check_link(root, folder, Path(current, name))
        below = Path(current).relative_to(folder).as_posix()
        base = "" if below == "." else f"{below}/"
        for name in sorted(names):
            if is_picture_name(name):
                yield base + name


def _check_link(root: Path, folder: Path, path: Path) -> None:
    if not path.is_symlink():
        return
    target = path.resolve()
    homes = (root.resolve(), folder.resolve())
    if not any(target.is_relative_to(home) or home.is_relative_to(target) for home in homes):
        raise DatasetError(
            f"{path}: a link to the folder {target}, which is no part of the set. Put its pictures here, or a link to "
            f"them in place of the class folder {folder.name!r}; else take it away."
        )


def picture_files(folder: Path) -> Iterator[str]:
    """The paths of all pictures in a folder and below it, with forward slashes, in a fixed order; none are hidden."""
    for current, names_of_folders, names in os.walk(folder):
        names_of_folders[:] = sorted(name for name in names_of_folders if not _hidden(name))
        below = Path(current).relative_to(folder)
        yield from ((below / name).as_posix() for name in sorted(names) if is_picture_name(name))


def is_picture_name(name: str) -> bool:
    """Whether a file of this name is taken for a picture."""
    return not _hidden(name) and os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES  # noqa: PTH122 - as above


def _hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))


def check_part_folders(root: Path, expected: Iterable[str], layout: str, title: str) -> None:
    """Raise unless a published set's folders for training and test are there.

    Raises:
        DatasetError: says how the set is laid out, and what was found.
    """
    found = subfolders(root)
    missing = [name for name in expected if name not in found]
    if missing:
        absent = " and ".join(f"no folder {name!r}" for name in sorted(missing))
        there = f"the folders {listing(found, most=8)}" if found else "no folders"
        raise DatasetError(f"{root}: {absent} in it; expected {title}: {layout}; found {there}.")


def check_class_folders(found: Sequence[str], expected: Sequence[str], where: str, title: str) -> None:
    """Raise unless the class folders are exactly those expected.

    Args:
        found: names of the folders that hold pictures.
        expected: their names as published.
        where: the folder that holds them.
        title: of the dataset, for the message.

    Raises:
        DatasetError: says which are missing, which are extra, and which of those look like a missing one.
    """
    missing = [name for name in expected if name not in found]
    extra = [name for name in found if name not in expected]
    if missing or extra:
        raise DatasetError(
            f"{where}: the class folders are not those of {title}{describe_difference(missing, extra)}. "
            "Labels come from these names, so nothing is guessed: mend the folders, or unpack the download again."
        )


def describe_difference(missing: Sequence[str], extra: Sequence[str]) -> str:
    """`; missing (or empty): a, b; extra: c (is 'a' meant?)`."""
    told = f"; missing (or empty): {listing(missing)}" if missing else ""
    if extra:
        told += "; extra: " + listing_with_nearest(extra, missing)
    return told


def listing_with_nearest(names: Sequence[str], missing: Sequence[str]) -> str:
    """`a, b (is 'c' meant?)`: names of folders, those with the missing one meant that look like it."""
    nearest = [nearest_name(name, missing) for name in names]
    return listing(
        [f"{name} (is {near!r} meant?)" if near else name for name, near in zip(names, nearest, strict=True)]
    )
