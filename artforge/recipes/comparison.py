"""Two works side by side: what differs in how they were made, and in what is to be seen."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from artforge.core.errors import PictureError
from artforge.core.films import film_info, read_frame
from artforge.core.pictures import read_picture
from artforge.core.provenance import Provenance, read_provenance
from artforge.core.values import Image

NUM_FRAMES = 5
"""So many frames of two films are compared, from the first to the last."""
_MISSING = "-"


@dataclass(frozen=True)
class Change:
    """One thing that differs: where, and both values as they are shown."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """What differs between two works.

    Attributes:
        changes: in their records.
        recipe: the recipe's text as a unified diff, empty where it is the same.
        largest, mean: difference of the pixels, in levels of 255; None where the sizes differ.
        sizes: (height, width) of both.
        picture: where they differ, from black to white at the largest difference; None as above.
        notes: what could not be compared, and why.
    """

    changes: list[Change] = field(default_factory=list)
    recipe: list[str] = field(default_factory=list)
    largest: float | None = None
    mean: float | None = None
    sizes: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    picture: Image | None = None
    notes: list[str] = field(default_factory=list)


def compare_works(one: Path, other: Path) -> Comparison:
    """Compare two works, or any two pictures.

    Raises:
        PictureError: one of them cannot be read.
    """
    views = [_views(path) for path in (one, other)]
    records, notes = [], []
    for path in (one, other):
        try:
            records.append(read_provenance(path))
        except PictureError as error:
            notes.append(str(error))
    before, after = views
    sizes = ((before[0].shape[0], before[0].shape[1]), (after[0].shape[0], after[0].shape[1]))
    changes = list(_record_changes(*records)) if len(records) == 2 else []
    recipe = list(_text_diff(*records)) if len(records) == 2 else []
    if sizes[0] != sizes[1] or len(before) != len(after):
        return Comparison(changes, recipe, sizes=sizes, notes=notes)
    distances = [np.abs(first - second) for first, second in zip(before, after, strict=True)]
    largest = max(float(distance.max()) for distance in distances)
    worst = max(distances, key=lambda distance: float(distance.mean()))
    mean = float(np.mean([distance.mean() for distance in distances]))
    picture: Image = worst / largest if largest > 0 else worst
    return Comparison(changes, recipe, largest * 255, mean * 255, sizes, picture, notes)


def shows_the_same(one: Path, other: Path) -> bool | None:
    """Whether two works have the same pixels, of films `NUM_FRAMES` frames; None where one is no picture or film."""
    try:
        return compare_works(one, other).largest == 0
    except PictureError:
        return None


def _views(path: Path) -> list[Image]:
    """A picture, or some frames of a film."""
    try:
        num_frames = film_info(path).num_frames
    except PictureError:
        return [read_picture(path)]
    indices = sorted({round(share) for share in np.linspace(0, num_frames - 1, NUM_FRAMES)})
    return [read_frame(path, index) for index in indices]


def _text_diff(before: Provenance, after: Provenance) -> Iterator[str]:
    lines = (before.recipe_text.splitlines(), after.recipe_text.splitlines())
    return difflib.unified_diff(*lines, before.recipe_name, after.recipe_name, lineterm="", n=1)


def _record_changes(before: Provenance, after: Provenance) -> Iterator[Change]:
    yield from _changes("", _facts(before), _facts(after))
    yield from _changes("param ", before.params, after.params)
    nodes = [{record.id: record for record in each.branch} for each in (before, after)]
    for name in dict.fromkeys([*nodes[0], *nodes[1]]):
        first, second = nodes[0].get(name), nodes[1].get(name)
        if first is None or second is None:
            yield Change(f"step {name}", "there" if first else _MISSING, "there" if second else _MISSING)
            continue
        facts = [
            {"version": each.version, "seed": each.seed, **each.inputs, **each.settings} for each in (first, second)
        ]
        yield from _changes(f"step {name}: ", *facts)
    files = [{f"{each.role} {each.name}": each.sha256[:12] for each in one.ingredients} for one in (before, after)]
    yield from _changes("", *files)
    yield from _changes("package ", before.packages, after.packages)


def _facts(record: Provenance) -> dict[str, Any]:
    names = ("artforge", "title", "creator", "rights", "licence", "recipe_name", "output", "format", "kind", "seed")
    return {name: getattr(record, name) for name in (*names, "preview", "width", "height", "num_frames", "fps")}


def _changes(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        values = [_shown(each[name]) if name in each else _MISSING for each in (before, after)]
        if values[0] != values[1]:
            yield Change(f"{what}{name}", *values)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, sort_keys=True)
