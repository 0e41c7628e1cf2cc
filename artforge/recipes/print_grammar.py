"""How large an output is: `1080px` for a screen, `A3@300dpi` with its bleed, fit and colour profile for a print."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import cast, get_args

from artforge.core.colors import canonical_color
from artforge.core.formats.known import FILM_FORMATS, edge_fault
from artforge.core.print_sizes import (
    DPI_RANGE,
    LARGEST_EDGE,
    MOST_BLEED,
    Fit,
    PrintSize,
    parse_length,
    parse_print_size,
)
from artforge.core.wording import as_written
from artforge.core.yaml_tree import Tree
from artforge.recipes.readers import Readers, value_place
from artforge.recipes.recipe import Format, Reference, Target

PRINT_KEYS = ("size", "dpi", "bleed", "fit", "ground", "icc")
"""What an output says of its size."""

_SHEET_KEYS = ("bleed", "fit", "ground")
_IN_PIXELS = re.compile(r"native|[\d.-]+\s*(px)?")
_FORMS = "or a sheet of paper such as A3@300dpi, 594x841mm@300dpi or, its longer edge alone, 400mm"


class PrintReader(Readers):
    """Reads the size of an output and what it is printed on."""

    def target(self, entry: Tree, name: str, formats: Sequence[Format]) -> Target:
        """What an output says of its size, resolution and colours."""
        size = entry.mapping.get("size")
        of_paper = size is not None and isinstance(size.value, str) and not _IN_PIXELS.fullmatch(size.value)
        print_size = self._print_size(entry, formats) if of_paper else None
        if not of_paper:
            for key in _SHEET_KEYS:
                if key in entry.mapping:
                    told = f"output {name!r}: {key} belongs to a sheet of paper: give it a size such as A3@300dpi"
                    self.problems.add(entry.key_positions[key], told)
        long_edge = None if of_paper else self.pixels(entry, "size")
        self._check_edges(entry, formats, print_size, long_edge or 0)
        dpi = print_size.dpi if print_size else self._dpi(entry)
        if all(each in FILM_FORMATS for each in formats):
            for key in ("dpi", "icc"):
                if key in entry.mapping:
                    told = f"output {name!r}: {key} belongs to stills; a film is pixels, in the colours of BT.709"
                    self.problems.add(entry.key_positions[key], told)
        return Target(long_edge, print_size, dpi, self._ground(entry, print_size), self._icc(entry))

    def _print_size(self, entry: Tree, formats: Sequence[Format]) -> PrintSize | None:
        size = entry.mapping["size"]
        films = [name for name in formats if name in FILM_FORMATS]
        if films:
            told = f"a sheet of paper cannot hold {' and '.join(films)}"
            self.problems.add(size.position, f"{told}: give films an output of their own with a size in pixels")
        try:
            print_size, says_dpi = parse_print_size(str(size.value))
        except ValueError as error:
            told = f"size is 'native', a long edge such as 1080px {_FORMS}, received {as_written(size.plain())}"
            self.problems.add(size.position, f"{told}: {error}")
            return None
        dpi = self._dpi(entry)
        if dpi is not None and says_dpi:
            self.problems.add(entry.key_positions["dpi"], f"size says its dpi already ({size.value}): leave one out")
        elif dpi is not None:
            print_size = replace(print_size, dpi=dpi)
        if not DPI_RANGE[0] <= print_size.dpi <= DPI_RANGE[1]:
            self.problems.add(size.position, f"{_dpi_wanted()}, received {print_size.dpi:g}")
            return None
        bleed = self._bleed(entry)
        per = entry.mapping.get("per")
        is_sheet = per is not None and per.value == "sweep"  # whose captions must not be cut
        default = "cover" if bleed and not is_sheet else "contain"
        fit = self.choice(entry, "fit", get_args(Fit), "fit", default=default)
        return replace(print_size, bleed=bleed, fit=cast(Fit, fit or default))

    def _check_edges(
        self, entry: Tree, formats: Sequence[Format], print_size: PrintSize | None, long_edge: int
    ) -> None:
        """No edge has more pixels than a work, or one of its formats, can have."""
        place = value_place(entry, "size")
        longest = max(print_size.pixels()) if print_size else long_edge
        if print_size and longest > LARGEST_EDGE:
            most = int(print_size.dpi * LARGEST_EDGE / longest)
            message = (
                f"a print of {longest} pixels along its longer edge: at most {LARGEST_EDGE}; take {most}dpi or less"
            )
            self.problems.add(place, message)
            return
        for name in formats:
            fault = edge_fault(name, longest)
            if fault is not None:
                self.problems.add(place, fault)

    def _dpi(self, entry: Tree) -> float | None:
        dpi = self.number(entry, "dpi")
        if dpi is not None and not DPI_RANGE[0] <= dpi <= DPI_RANGE[1]:
            self.problems.add(value_place(entry, "dpi"), f"{_dpi_wanted()}, received {dpi:g}")
            return None
        return dpi

    def _bleed(self, entry: Tree) -> float:
        tree = entry.mapping.get("bleed")
        if tree is None:
            return 0.0
        try:
            bleed = parse_length(str(tree.value))
        except ValueError:
            bleed = -1.0
        if not 0 <= bleed <= MOST_BLEED:
            message = f"bleed is a length up to {MOST_BLEED:g}mm, such as 3mm, received {as_written(tree.plain())}"
            self.problems.add(tree.position, message)
            return 0.0
        return bleed

    def _ground(self, entry: Tree, print_size: PrintSize | None) -> str:
        tree = entry.mapping.get("ground")
        if tree is None:
            return Target.ground
        if print_size is not None and print_size.fit == "cover":
            told = "a picture that covers its sheet leaves no ground: leave it out, or set fit: contain"
            self.problems.add(entry.key_positions["ground"], told)
        try:
            return canonical_color(str(tree.value))
        except ValueError as error:
            self.problems.add(tree.position, f"ground: {error}")
            return Target.ground

    def _icc(self, entry: Tree) -> Reference | None:
        path = self.text(entry, "icc")
        return Reference(path, entry.mapping["icc"].position) if path else None


def _dpi_wanted() -> str:
    return f"dpi is a number from {DPI_RANGE[0]:g} to {DPI_RANGE[1]:g}"
