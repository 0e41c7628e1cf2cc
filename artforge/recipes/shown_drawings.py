"""Two SVG files side by side: the same drawing whatever words they carry, or the layer and path that differ first."""

from __future__ import annotations

import re
from itertools import zip_longest
from pathlib import Path

from artforge.core.formats.svg_elements import Element, svg_elements
from artforge.recipes.shown import Shown, told_change

_NAMESPACE = re.compile(r"\S+:\S+ ")


def compare_drawings(one: Path, other: Path) -> Shown:
    """Compare two SVG files element by element, in the order in which they are drawn.

    Raises:
        PictureError: one of them cannot be read.
    """
    told, num_differing, counts = "", 0, [0, 0]
    for first, second in zip_longest(svg_elements(one), svg_elements(other)):
        counts = [counts[0] + _is_path(first), counts[1] + _is_path(second)]
        if first != second:
            told = told or _told(first, second)
            num_differing += _is_path(first)
    if not told:
        return Shown("drawing")
    if counts[0] != counts[1]:
        return Shown("drawing", (f"{told}; {counts[0]:,} and {counts[1]:,} paths",))
    return Shown("drawing", (f"{told}; {num_differing:,} of {counts[0]:,} paths differ",))


def _is_path(element: Element | None) -> bool:
    return element is not None and element.name == "path"


def _told(first: Element | None, second: Element | None) -> str:
    """What differs between two elements that stand in the same place."""
    if first is None or second is None or (first.layer, first.name) != (second.layer, second.name):
        return f"{_named(first)} where the other has {_named(second)}"
    for name in dict.fromkeys([*first.attributes, *second.attributes]):
        values = first.attributes.get(name, ""), second.attributes.get(name, "")
        if values[0] != values[1]:
            label = _NAMESPACE.sub("", name)
            return f"{_named(first)}: {label}{' ' if label else ''}{told_change(*values)}"
    return f"{_named(first)} where the other has {_named(second)}"


def _named(element: Element | None) -> str:
    if element is None:
        return "nothing more"
    layer = f"layer '{element.layer}', " if element.layer else ""
    return f"{layer}{_NAMESPACE.sub('', element.name)} {element.number}"
