"""Folders of pictures that are looked at as one body of work: which of them are read, and what cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from artforge.core.errors import DatasetError
from artforge.core.pictures import PICTURE_SUFFIXES, pictures_in
from artforge.core.work import current_work


def sample_of_folder(folder: Path, what: str, most: int) -> list[Path]:
    """The pictures in a folder and the folders in it; of many some, evenly spread by name.

    Args:
        folder: where to look.
        what: is taken from them, for the message, such as `a palette`.
        most: so many pictures are taken.

    Raises:
        DatasetError: no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; {what} is taken from a folder of pictures")
    paths = pictures_in(folder)
    if not paths:
        raise DatasetError(
            f"{folder}: no pictures in it or in the folders below; expected files that end in "
            f"{', '.join(sorted(PICTURE_SUFFIXES))}"
        )
    return [paths[index] for index in np.unique(np.linspace(0, len(paths) - 1, most).round().astype(int))]


def tell_unread(folder: Path, faults: Sequence[str], num_chosen: int) -> None:
    """Tell whoever runs the step of pictures that cannot be read.

    Args:
        folder: where they lie.
        faults: what is wrong with each of them.
        num_chosen: how many were to be read.

    Raises:
        DatasetError: none of them can be.
    """
    if len(faults) == num_chosen:
        raise DatasetError(f"{folder}: none of its {num_chosen} pictures can be read; the first: {faults[0]}")
    if faults:
        current_work().noticed(
            f"{len(faults)} of the {num_chosen} pictures in {folder.name} cannot be read and do not count; the first: "
            f"{faults[0].removeprefix(str(folder))}"
        )
