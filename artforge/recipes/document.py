"""YAML 1.2 into a tree that knows where every key and every value stands."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from artforge.recipes.problems import Position, Problems

MAX_CHARACTERS = 200_000
"""Far beyond any recipe; reading more would take longer than a person waits for a check."""
_OPEN_LEVELS = 2
MAX_DEPTH = 32
"""Mappings and lists inside each other."""
_PLAIN_TAGS = {
    f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
}
_TOO_DEEP = f"nested too deeply: at most {MAX_DEPTH} mappings and lists inside each other"
_LOST_COLOR = re.compile(r"[:,\[]\s*(#[0-9a-fA-F]{6})\b")
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


def parse_document(text: str, problems: Problems, file: str = "") -> Tree | None:
    """The document's tree, or None where it is no YAML or empty; faults go to `problems`.

    Args:
        text: the YAML.
        problems: where faults are noted.
        file: the name that its positions carry; empty for the recipe itself.

    Doubled keys, anchors, tags and keys that are no plain words are faults: none of them belongs in a recipe.
    """
    start = Position(1, 1, file=file)
    if len(text) > MAX_CHARACTERS:
        problems.add(start, f"a recipe of {len(text):,} characters: at most {MAX_CHARACTERS:,} are read")
        return None
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _ShallowComposer
    try:
        root = yaml.compose(text)
        if root is not None:
            return _Builder(yaml, problems, text.splitlines(), file).build(root)
        problems.add(start, "the recipe is empty; it starts with 'artforge: 1'")
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Position(mark.line + 1, mark.column + 1, file=file) if mark is not None else start
        problems.add(place, f"not YAML: {error.problem or error.context}{_hint(text, place)}")
        for number, line in enumerate(text.splitlines()[: place.line], 1):  # one takes the bracket behind it along
            _tell_lost_color(line, Position(number, 1, file=file), problems)
    except (YAMLError, ValueError) as error:
        problems.add(start, f"not YAML: {str(error).splitlines()[0]}")
    return None


def parse_scalar(text: str) -> Any:
    """A value typed on the command line, read as YAML reads it: `0.5` a number, `true` a truth, else text."""
    yaml = YAML(typ="safe", pure=True)
    try:
        return yaml.load(text)
    except (YAMLError, ValueError):
        return text


def as_written(value: Any) -> str:
    """A value as it stands in a recipe, for messages: `null`, `true`, `'a text'`, `[1, 2]`."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{', '.join(as_written(part) for part in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {as_written(part)}' for key, part in value.items())}}}"
    return repr(value)


def to_yaml(tree: Tree) -> str:
    """The tree as YAML that reads as the same values."""
    return yaml_of(tree.plain())


def yaml_of(value: Any) -> str:
    """Plain data as YAML: mappings open down to the third level, one line each below."""
    yaml = YAML(typ="rt", pure=True)
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    written = io.StringIO()
    yaml.dump(_laid_out(value, 0), written)
    return written.getvalue()


def _laid_out(value: Any, depth: int) -> Any:
    """Plain data with a style for each mapping and list, so that it reads as a person would write it."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq  # noqa: PLC0415 - reading, which is all, needs none

    if isinstance(value, dict):
        mapping = CommentedMap((key, _laid_out(entry, depth + 1)) for key, entry in value.items())
        mapping.fa.set_flow_style() if depth > _OPEN_LEVELS or not mapping else mapping.fa.set_block_style()
        return mapping
    if isinstance(value, list):
        listed = CommentedSeq(_laid_out(item, depth) for item in value)
        is_pipe = depth == _OPEN_LEVELS and any(isinstance(item, dict) for item in value)
        listed.fa.set_block_style() if is_pipe else listed.fa.set_flow_style()
        return listed
    return value


def _hint(text: str, place: Position) -> str:
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return " (indent with spaces, not tabs)"
    if _MISSING_SPACE.search(line):
        return " (a colon needs a space behind it)"
    return ""


def _tell_lost_color(line: str, place: Position, problems: Problems) -> str | None:
    """The first colour behind a place that YAML takes for a comment, which is a fault, or None."""
    found = _LOST_COLOR.search(line, place.column - 1)
    if found is None:
        return None
    where = place.shifted(found.start(1) + 1 - place.column, len(found[1]))
    problems.add(where, f'# begins a comment: write the colour in quotes, "{found[1]}"')
    return found[1]


class _ShallowComposer(Composer):
    """Stops at what is nested too deeply before it is all read: the time that takes grows with the square of it."""

    _depth = 0

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False  # every anchor is told of as a fault

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """One node with all below it."""
        if self._depth > MAX_DEPTH:
            raise ComposerError(problem=_TOO_DEEP, problem_mark=self.loader.parser.peek_event().start_mark)
        self._depth += 1
        node: Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Builder:
    """Turns composed nodes into trees; every scalar is read by ruamel's own safe constructor."""

    def __init__(self, yaml: YAML, problems: Problems, lines: Sequence[str], file: str) -> None:
        self._constructor = yaml.constructor
        self._problems = problems
        self._lines = lines
        self._file = file
        self._seen: set[int] = set()

    def build(self, node: Node) -> Tree:
        place = self._place(node)
        # expanding aliases could grow without end
        if id(node) in self._seen or node.anchor:
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
            key_place = self._place(key_node)
            if not isinstance(key_node, ScalarNode):
                self._problems.add(key_place, "a key must be a plain word")
                continue
            key = self._text(str(key_node.value), key_place)
            if key in entries:
                self._problems.add(key_place, f"{key!r} stands here twice (first on line {places[key].line})")
                continue
            places[key] = key_place
            is_empty = value_node.start_mark.index == value_node.end_mark.index and not value_node.anchor
            entries[key] = self._nothing(key_place) if is_empty else self.build(value_node)
        return Tree(entries, place, places)

    def _nothing(self, place: Position) -> Tree:
        """A key without a value, which stands nowhere itself; a colour without quotes leaves one too."""
        return Tree(_tell_lost_color(self._lines[place.line - 1], place, self._problems), place)

    def _scalar(self, node: Node, place: Position) -> Scalar:
        try:
            value = self._constructor.construct_object(node)
        except (YAMLError, ValueError) as error:
            self._problems.add(place, f"cannot be read: {str(error).splitlines()[0]}")
            return None
        if isinstance(value, int) and abs(value) > sys.float_info.max:
            self._problems.add(place, f"a number of {len(str(abs(value)))} digits is too large to reckon with")
            return None
        if isinstance(value, int | float | bool | None):
            return value
        return self._text(str(node.value), place)  # dates and the like stay the text that was typed

    def _text(self, text: str, place: Position) -> str:
        """A text that can be the name of a file: one quoted with escapes may hold what no file system takes."""
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            self._problems.add(place, "a text with characters that are none (a null, or half of a pair)")
            return ""
        return text

    def _place(self, node: Node) -> Position:
        start, end = node.start_mark, node.end_mark
        length = end.column - start.column if end.line == start.line else 1
        return Position(start.line + 1, start.column + 1, max(1, length), self._file)
