"""Small readers of the document's tree: each notes a fault where the value is not what it should be, and goes on."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from artforge.core.errors import choice_message, did_you_mean
from artforge.core.problems import Position, Problems
from artforge.core.wording import as_written
from artforge.core.yaml_tree import Tree

START = Position(1, 1)
RESERVED_NAMES = frozenset({"t", "frame", "frames", "i", "n", "seed", "pi", "tau"})
MAX_SEED = 2**63 - 1

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PIXELS = re.compile(r"(\d{1,9})\s*px")


@dataclass
class Readers:
    """Reads values out of trees; faults go to `problems`."""

    problems: Problems

    def entries(self, section: Tree | None, what: str) -> list[tuple[str, Tree]]:
        """The entries of a section that is a map of names."""
        if section is None:
            return []
        if not isinstance(section.value, dict) or not section.value:
            self.problems.add(section.position, f"{what} is a map of names, and holds at least one")
            return []
        return list(section.value.items())

    def unknown_keys(self, tree: Tree, known: Sequence[str], what: str) -> None:
        """Every key that does not belong is a fault."""
        for key, place in tree.key_positions.items():
            if key not in known:
                message = f"{what} has no {key!r}{did_you_mean(key, known)} (known: {', '.join(known)})"
                self.problems.add(place, message)

    def good_name(self, name: str, place: Position, what: str) -> bool:
        """Whether a name can be used; a fault where not."""
        if not _NAME.fullmatch(name):
            self.problems.add(place, f"{what} name {name!r}: letters, digits and _ only, not starting with a digit")
            return False
        if name in RESERVED_NAMES:
            self.problems.add(
                place, f"{what} name {name!r} is taken: {', '.join(sorted(RESERVED_NAMES))} have a meaning"
            )
            return False
        return True

    def text(self, tree: Tree, key: str) -> str:
        """A text, or empty."""
        entry = tree.mapping.get(key)
        if entry is None:
            return ""
        if entry.value is None:
            self.problems.add(entry.position, f"{key} is empty: write a text, or leave it out")
            return ""
        if not isinstance(entry.value, str):
            self.problems.add(entry.position, f"{key} is text, received {as_written(entry.plain())}: put it in quotes")
            return ""
        return entry.value

    def list(self, tree: Tree, key: str) -> list[Tree]:
        """The items of a list, or none."""
        entry = tree.mapping.get(key)
        if entry is not None and not isinstance(entry.value, list):
            self.problems.add(entry.position, f"{key} is a list: [a, b]")
        return entry.items if entry else []

    def number(self, tree: Tree, key: str, default: float | None = None) -> float | None:
        """A number, or the default."""
        entry = tree.mapping.get(key)
        if entry is None:
            return default
        if isinstance(entry.value, bool) or not isinstance(entry.value, int | float) or not math.isfinite(entry.value):
            self.problems.add(entry.position, f"{key} is a number, received {as_written(entry.plain())}")
            return default
        return entry.value

    def whole(self, tree: Tree, key: str, *, default: int, low: int, high: int) -> int:
        """A whole number from `low` to `high`, or the default."""
        entry = tree.mapping.get(key)
        if entry is None:
            return default
        if isinstance(entry.value, bool) or not isinstance(entry.value, int) or not low <= entry.value <= high:
            self.problems.add(
                entry.position, f"{key} is a whole number from {low} to {high}, received {as_written(entry.plain())}"
            )
            return default
        return entry.value

    def choice(self, tree: Tree, key: str, allowed: Sequence[str], what: str, default: str | None) -> str | None:
        """One of the allowed words; None where it is another."""
        entry = tree.mapping.get(key)
        if entry is None:
            return default
        if entry.value not in allowed:
            self.problems.add(entry.position, choice_message(what, str(entry.plain()), allowed))
            return None
        return str(entry.value)

    def pixels(self, tree: Tree, key: str) -> int | None:
        """A long edge such as `1080px`; None for `native` and where nothing is said."""
        entry = tree.mapping.get(key)
        if entry is None or entry.value == "native":
            return None
        found = _PIXELS.fullmatch(str(entry.value))
        if found is None or not 16 <= int(found[1]) <= 32768:
            wanted = f"{key} is 'native' or a long edge from 16px to 32768px, such as 1080px"
            self.problems.add(entry.position, f"{wanted}, received {as_written(entry.plain())}")
            return None
        return int(found[1])


def key_place(section: Tree | None, name: str) -> Position:
    """Where a key stands, or its section, or the start of the recipe."""
    return section.key_positions.get(name, section.position) if section else START


def value_place(tree: Tree, key: str) -> Position:
    """Where the value of a key stands, or the mapping it is missing from."""
    return tree.mapping[key].position if key in tree.mapping else tree.position
