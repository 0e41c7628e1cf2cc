"""YAML 1.2 into a tree that knows where every key and every value stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from artforge.recipes.problems import Position, Problems

MAX_CHARACTERS = 1_000_000
_PLAIN_TAGS = {
    f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
}
_MISSING_SPACE = re.compile(r"[^\s:]:\S")

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Tree:
    """One value of the document: a mapping, a list or a scalar, with its place and the places of its keys."""

    value: dict[str, Tree] | list[Tree] | Scalar
    position: Position
    key_positions: dict[str, Position] = field(default_factory=dict)
    quoted: bool = False  # then the text itself starts one column behind `position`

    @property
    def mapping(self) -> dict[str, Tree]:
        """The entries, where this is a mapping; else none."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Tree]:
        """The items, where this is a list; else none."""
        return self.value if isinstance(self.value, list) else []

    def plain(self) -> Any:
        """The value alone, without places."""
        if isinstance(self.value, dict):
            return {key: entry.plain() for key, entry in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value


def parse_document(text: str, problems: Problems) -> Tree | None:
    """The document's tree, or None where it is no YAML or empty; faults go to `problems`.

    Doubled keys, anchors, tags and keys that are no plain words are faults: none of them belongs in a recipe.
    """
    if len(text) > MAX_CHARACTERS:
        problems.add(Position(1, 1), f"a recipe of {len(text)} characters: at most {MAX_CHARACTERS} are read")
        return None
    yaml = YAML(typ="safe", pure=True)
    try:
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Position(mark.line + 1, mark.column + 1) if mark is not None else Position(1, 1)
        problems.add(place, f"not YAML: {error.problem or error.context}{_hint(text, place)}")
        return None
    except (YAMLError, ValueError) as error:
        problems.add(Position(1, 1), f"not YAML: {str(error).splitlines()[0]}")
        return None
    except RecursionError:
        problems.add(Position(1, 1), "not a recipe: nested too deeply")
        return None
    if root is None:
        problems.add(Position(1, 1), "the recipe is empty; it starts with 'artforge: 1'")
        return None
    return _Builder(yaml, problems).build(root)


def parse_scalar(text: str) -> Any:
    """A value typed on the command line, read as YAML reads it: `0.5` a number, `true` a truth, else text."""
    yaml = YAML(typ="safe", pure=True)
    try:
        return yaml.load(text)
    except (YAMLError, ValueError):
        return text


def _hint(text: str, place: Position) -> str:
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return " (indent with spaces, not tabs)"
    if _MISSING_SPACE.search(line):
        return " (a colon needs a space behind it)"
    return ""


class _Builder:
    """Turns composed nodes into trees; every scalar is read by ruamel's own safe constructor."""

    def __init__(self, yaml: YAML, problems: Problems) -> None:
        self._constructor = yaml.constructor
        self._problems = problems
        self._seen: set[int] = set()

    def build(self, node: Node) -> Tree:
        place = _place(node)
        if id(node) in self._seen:  # an alias: expanding them could grow without end
            self._problems.add(
                place, "anchors and aliases (&name, *name) are not part of a recipe; use a param or a pipe"
            )
            return Tree(None, place)
        self._seen.add(id(node))
        if str(node.tag) not in _PLAIN_TAGS:
            self._problems.add(place, f"the tag {node.tag} is not part of a recipe")
            return Tree(None, place)
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        if isinstance(node, SequenceNode):
            return Tree([self.build(item) for item in node.value], place)
        return Tree(self._scalar(node, place), place, quoted=getattr(node, "style", None) in ("'", '"'))

    def _mapping(self, node: MappingNode, place: Position) -> Tree:
        entries: dict[str, Tree] = {}
        places: dict[str, Position] = {}
        for key_node, value_node in node.value:
            key_place = _place(key_node)
            if not isinstance(key_node, ScalarNode):
                self._problems.add(key_place, "a key must be a plain word")
                continue
            key = str(key_node.value)
            if key in entries:
                self._problems.add(key_place, f"{key!r} stands here twice (first on line {places[key].line})")
                continue
            entries[key] = self.build(value_node)
            places[key] = key_place
        return Tree(entries, place, places)

    def _scalar(self, node: Node, place: Position) -> Scalar:
        try:
            value = self._constructor.construct_object(node)
        except (YAMLError, ValueError) as error:
            self._problems.add(place, f"cannot be read: {str(error).splitlines()[0]}")
            return None
        if isinstance(value, str | int | float | bool | None):
            return value
        return str(node.value)  # dates and the like stay the text that was typed


def _place(node: Node) -> Position:
    start, end = node.start_mark, node.end_mark
    length = end.column - start.column if end.line == start.line else 1
    return Position(start.line + 1, start.column + 1, max(1, length))
