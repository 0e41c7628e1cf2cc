"""Whether the folders of a set are those that its layout names."""

from __future__ import annotations

from collections.abc import Sequence

from artforge.core.errors import DatasetError, listing, nearest_name


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
        told += "; extra: " + listing([name + _hint(name, missing) for name in extra])
    return told


def _hint(name: str, missing: Sequence[str]) -> str:
    near = nearest_name(name, missing)
    return f" (is {near!r} meant?)" if near else ""
