"""YAML 1.2 into a tree that knows where every key and every value stands.

libyaml tells brackets, quotes and places; what a word without quotes means is told by `yaml_scalars`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from yaml.cyaml import CParser
from yaml.error import MarkedYAMLError
from yaml.events import (
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from artforge.core.problems import Position, Problems
from artforge.core.yaml_scalars import Scalar, read_plain

MAX_DEPTH = 32
"""Mappings and lists inside each other."""

_TOO_DEEP = f"nested too deeply: at most {MAX_DEPTH} mappings and lists inside each other"
_NO_CHARACTERS = "a text with characters that are none (a null, or half of a pair)"
_TEXT_TAGS = (None, "!", "tag:yaml.org,2002:str")
_NO_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LOST_COLOR = re.compile(r"[:,\[]\s*(#[0-9a-fA-F]{6})\b")
_COMMENT = re.compile(r"(^|\s)#")
_BEGUN_EARLIER = ("could not find expected ':'", "unexpected end of stream")
"""Faults that libyaml sees lines behind the key or the quote that they are of."""
_MISSING_SPACE = re.compile(r"[^\s:]:\S")


@dataclass(frozen=True)
class DocumentKind:
    """What a document is.

    Attributes:
        name: for messages, with its article: `a recipe`.
        max_characters: how many are read.
        instead_of_anchors: what to use where YAML has anchors: `use a param`; empty where nothing does.
    """

    name: str
    max_characters: int
    instead_of_anchors: str = ""


@dataclass(frozen=True)
class Tree:
    """One value of a document, with its place.

    Attributes:
        value: a mapping, a list or a scalar.
        position: where it stands; a key without a value stands for its nothing.
        key_positions: where a mapping's keys stand.
        quoted: whether it is a text in quotes, which begins one column behind `position`.
        text: a scalar as it was typed, without its quotes: `12e456`, which as a value is infinity.
    """

    value: dict[str, Tree] | list[Tree] | Scalar
    position: Position
    key_positions: dict[str, Position] = field(default_factory=dict)
    quoted: bool = False
    text: str = ""

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


def parse_tree(text: str, problems: Problems, kind: DocumentKind, file: str = "") -> Tree | None:
    """The document's tree, or None where it is empty or no YAML; faults go to `problems`.

    Args:
        text: the YAML.
        problems: where faults are noted.
        kind: what the text is.
        file: the name that its positions carry; empty for the text that `problems` are of.

    Doubled keys, anchors, keys that are no plain words and tags other than `!!str` are faults.
    """
    if len(text) > kind.max_characters:
        told = f"{kind.name} of {len(text):,} characters: at most {kind.max_characters:,} are read"
        problems.add(Position(1, 1, file=file), told)
        return None
    text = text.removeprefix("\ufeff")
    lines = text.splitlines()
    strange = _NO_TEXT.search(text)
    if strange is not None:
        before = f"{text[: strange.start()]}.".splitlines()
        place = Position(len(before), len(before[-1]), file=file)
        problems.add(place, f"not YAML: the character U+{ord(strange[0]):04X} is none of a text")
        return None
    try:
        return _Reader(text, problems, lines, kind, file).document()
    except MarkedYAMLError as error:
        fault = str(error.problem)
        begun_earlier = error.context_mark is not None and any(words in fault for words in _BEGUN_EARLIER)
        mark = error.context_mark if begun_earlier else error.problem_mark
        place = Position(mark.line + 1, mark.column + 1, file=file)
        problems.add(place, _told(fault, lines, place))
        for number, line in enumerate(lines[: place.line], 1):  # one takes the bracket behind it along
            _tell_lost_color(line, Position(number, 1, file=file), problems)
    return None


def _told(fault: str, lines: Sequence[str], place: Position) -> str:
    """libyaml's words for a fault, with what an artist can do about it."""
    if "invalid Unicode character" in fault:
        return _NO_CHARACTERS
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    return f"not YAML: {_TOO_DEEP if 'nesting depth' in fault else fault}{_hint(fault, line, place.column - 1)}"


def _hint(fault: str, line: str, column: int) -> str:
    before = line[:column]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return " (indent with spaces, not tabs)"
    if column < len(line) and any(words in fault for words in ("cannot start any token", "expected node content")):
        return f" (a text that begins with {line[column]} is written in quotes)"
    if "mapping values" in fault and ": " in before:
        return " (a text with a colon in it is written in quotes)"
    if _MISSING_SPACE.search(_COMMENT.split(line)[0]):
        return " (a colon needs a space behind it)"
    if "expected key" in fault and not before.strip():
        return " (this line is not indented like those above it)"
    return ""


def _tell_lost_color(line: str, place: Position, problems: Problems) -> str | None:
    """The first colour behind a place that YAML takes for a comment, which is a fault, or None."""
    found = _LOST_COLOR.search(line, place.column - 1)
    if found is None or _COMMENT.search(line[: found.start(1)]):
        return None
    where = place.shifted(found.start(1) + 1 - place.column, len(found[1]))
    problems.add(where, f'# begins a comment: write the colour in quotes, "{found[1]}"')
    return found[1]


class _Reader:
    """Turns libyaml's events into a tree as they come, so that nothing is built of what is nested too deeply."""

    def __init__(self, text: str, problems: Problems, lines: Sequence[str], kind: DocumentKind, file: str) -> None:
        self._next = CParser(text).get_event
        self._problems = problems
        self._lines = lines
        self._kind = kind
        self._file = file

    def document(self) -> Tree | None:
        """The whole of the only document.

        Raises:
            MarkedYAMLError: it is no YAML, nested too deeply, or followed by another.
        """
        self._next()  # the stream's start
        if not isinstance(self._next(), DocumentStartEvent):
            return None
        root = self._node(self._next(), 0)
        self._next()  # the document's end
        following = self._next()
        if isinstance(following, DocumentStartEvent):
            raise MarkedYAMLError(problem="another document begins here", problem_mark=following.start_mark)
        return root

    def _node(self, start: Any, depth: int) -> Tree:
        """All of the node that begins with an event, `depth` mappings and lists around it."""
        fault = self._fault_of(start)
        if fault is not None:
            place = self._place(start, self._passed(start))
            self._problems.add(place, fault)
            return Tree(None, place)
        if isinstance(start, ScalarEvent):
            return self._scalar(start)
        if depth == MAX_DEPTH:
            raise MarkedYAMLError(problem=_TOO_DEEP, problem_mark=start.start_mark)
        if isinstance(start, MappingStartEvent):
            return self._mapping(start, depth + 1)
        return self._list(start, depth + 1)

    def _fault_of(self, start: Any) -> str | None:
        """Why the node that begins with an event does not belong here, or None."""
        if start.anchor is not None:  # expanding aliases could grow without end
            way_out = self._kind.instead_of_anchors and f"; {self._kind.instead_of_anchors}"
            return f"anchors and aliases (&name, *name) are not part of {self._kind.name}{way_out}"
        if start.tag not in (_TEXT_TAGS if isinstance(start, ScalarEvent) else (None,)):
            return f"the tag {start.tag} is not part of {self._kind.name}"
        return None

    def _passed(self, start: Any) -> Any:
        """The event that ends the node that begins with another; all between them is passed over."""
        depth, event = 0, start
        while True:
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth == 0:
                return event
            event = self._next()

    def _list(self, start: Any, depth: int) -> Tree:
        items = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            items.append(self._node(event, depth))
        return Tree(items, self._place(start, event))

    def _mapping(self, start: Any, depth: int) -> Tree:
        entries: dict[str, Tree] = {}
        places: dict[str, Position] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._key(event, places)
            value = self._next()
            if key is None:
                self._passed(value)
            elif isinstance(value, ScalarEvent) and value.start_mark.index == value.end_mark.index:
                entries[key] = self._nothing(places[key])
            else:
                entries[key] = self._node(value, depth)
        return Tree(entries, self._place(start, event), places)

    def _key(self, start: Any, places: dict[str, Position]) -> str | None:
        """A key that is new in its mapping, its place noted in `places`, or None."""
        place = self._place(start, self._passed(start))
        fault = self._fault_of(start)
        if fault is None and not isinstance(start, ScalarEvent):
            fault = "a key must be a plain word"
        if fault is not None:
            self._problems.add(place, fault)
            return None
        key = self._text(start.value, place)
        if key in places:
            self._problems.add(place, f"{key!r} stands here twice (first on line {places[key].line})")
            return None
        places[key] = place
        return key

    def _nothing(self, place: Position) -> Tree:
        """A key without a value, which stands nowhere itself; a colour without quotes leaves one too."""
        color = _tell_lost_color(self._lines[place.line - 1], place, self._problems)
        return Tree(color, place, text=color or "")

    def _scalar(self, event: Any) -> Tree:
        place = self._place(event, event)
        text = self._text(event.value, place)
        if event.style or event.tag is not None:
            return Tree(text, place, quoted=event.style in ("'", '"'), text=text)
        try:
            return Tree(read_plain(text), place, text=text)
        except ValueError as error:
            self._problems.add(place, str(error))
            return Tree(None, place, text=text)

    def _text(self, text: str, place: Position) -> str:
        """A text that can be the name of a file: one quoted with escapes may hold what no file system takes."""
        if "\0" in text:
            self._problems.add(place, _NO_CHARACTERS)
            return ""
        return text

    def _place(self, first: Any, last: Any) -> Position:
        """From the beginning of an event to the end of another, where that is on the same line."""
        start, end = first.start_mark, last.end_mark
        length = end.column - start.column if end.line == start.line else 1
        return Position(start.line + 1, start.column + 1, max(1, length), self._file)
