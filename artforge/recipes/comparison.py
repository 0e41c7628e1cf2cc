"""Two works side by side: what differs in how they were made, and in what they show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from artforge.core.errors import PictureError
from artforge.core.formats.signatures import SIGNATURE_BYTES, begins_pdf, begins_svg
from artforge.core.provenance import read_provenance
from artforge.recipes.record_changes import Change, recipe_diff, record_changes
from artforge.recipes.shown import Shown
from artforge.recipes.shown_drawings import compare_drawings
from artforge.recipes.shown_pixels import compare_pixels


@dataclass(frozen=True)
class Comparison:
    """What differs between two works.

    Attributes:
        changes: in their records.
        recipe: the recipe's text as a unified diff, empty where it is the same.
        shown: in what they show.
        notes: what could not be compared, and why.
    """

    changes: list[Change]
    recipe: list[str]
    shown: Shown
    notes: list[str]


def compare_works(one: Path, other: Path) -> Comparison:
    """Compare two works, or any two pictures, films, drawings in SVG or pages of PDF.

    Raises:
        PictureError: one of them cannot be read.
    """
    shown = compare_shown(one, other)
    records, notes = [], []
    for path in (one, other):
        try:
            records.append(read_provenance(path))
        except PictureError as error:
            notes.append(str(error))
    if len(records) < 2:
        return Comparison([], [], shown, notes)
    return Comparison(list(record_changes(*records)), list(recipe_diff(*records)), shown, notes)


def compare_shown(one: Path, other: Path) -> Shown:
    """Compare what two files show: pixels, every frame of films, the elements of SVG, the contents of PDF.

    Raises:
        PictureError: one of them cannot be read.
    """
    kinds = {_kind(path) for path in (one, other)}
    if kinds == {"drawing"}:
        return compare_drawings(one, other)
    if kinds == {"page"}:
        from artforge.recipes.shown_pages import compare_pages  # noqa: PLC0415 - loads a library for these files only

        return compare_pages(one, other)
    if kinds == {"pixels"}:
        return compare_pixels(one, other)
    told = " and ".join({"drawing": "SVG", "page": "PDF", "pixels": "pixels"}[_kind(path)] for path in (one, other))
    return Shown("formats", (f"not compared, {told}",))


def _kind(path: Path) -> str:
    """What a file holds by its first bytes; whoever reads it as pixels says what is wrong with any other file."""
    if not path.is_file():
        return "pixels"
    with path.open("rb") as file:
        head = file.read(SIGNATURE_BYTES)
    return "drawing" if begins_svg(head) else "page" if begins_pdf(head) else "pixels"
