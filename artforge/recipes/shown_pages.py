"""Two PDF files side by side, page by page: pictures by their pixels, drawings by their operators, then the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from artforge.core.formats.pdf_pages import PdfPage, pdf_pages
from artforge.recipes.shown import Shown, told_change
from artforge.recipes.shown_pixels import compare_frames

_MOST_FACTS = 5
"""So many parts that differ are told one by one."""


def compare_pages(one: Path, other: Path) -> Shown:
    """Compare what two PDF files show; their words and dates count for nothing.

    Raises:
        PictureError: one of them cannot be read.
    """
    told: list[str] = []
    pixels: Shown | None = None
    counts = [0, 0]
    for first, second in zip_longest(pdf_pages(one), pdf_pages(other)):
        counts = [counts[0] + (first is not None), counts[1] + (second is not None)]
        if first is None or second is None:
            continue
        lead = f"number {counts[0]}: " if counts[0] > 1 else ""
        for name in sorted(first.pictures.keys() & second.pictures.keys()):
            found = compare_frames([first.pictures[name]], [second.pictures[name]])
            pixels = pixels or found
            told += [f"{lead}picture '{name[1:]}': {each}" for each in found.told]
        told += [f"{lead}{each}" for each in (*_told_operators(first, second), *_told_facts(first, second))]
    if counts[0] != counts[1]:
        told.insert(0, f"{counts[0]} and {counts[1]} pages")
    if pixels is None:
        return Shown("page", tuple(told))
    return Shown("page", tuple(told), pixels.largest, pixels.mean, pixels.sizes, pixels.distances)


def _told_operators(first: PdfPage, second: PdfPage) -> Iterator[str]:
    """The first line of operators that differs, by its layer and its place there."""
    places: Counter[str] = Counter()
    told, num_differing = "", 0
    for one, other in zip_longest(first.operators, second.operators, fillvalue=("", b"")):
        if one == other:
            places[one[0]] += 1
            continue
        num_differing += 1
        layer = one[0] or other[0]
        where = f"layer '{layer}', line {places[layer] + 1}" if layer else f"line {places[layer] + 1}"
        told = told or f"{where}: {told_change(*(line.decode('latin-1') for _, line in (one, other)))}"
    if told:
        counts = [f"{len(each.operators):,}" for each in (first, second)]
        same_count = counts[0] == counts[1]
        lines = f"{num_differing:,} of {counts[0]} lines differ" if same_count else f"{' and '.join(counts)} lines"
        yield f"{told}; {lines}"


def _told_facts(first: PdfPage, second: PdfPage) -> Iterator[str]:
    """Boxes, profiles and whatever else has another value."""
    places = dict.fromkeys([*first.facts, *second.facts])
    changed = [place for place in places if first.facts.get(place) != second.facts.get(place)]
    for place in changed[:_MOST_FACTS]:
        values = [each.facts.get(place, "nothing") for each in (first, second)]
        yield f"{place.lstrip('/')} {told_change(*values)}"
    if len(changed) > _MOST_FACTS:
        yield f"{len(changed) - _MOST_FACTS:,} more of its parts"
