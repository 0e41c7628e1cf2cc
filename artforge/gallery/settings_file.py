"""Reading `gallery.yaml`: every fault in it is told with its line, a caret and the nearest name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from artforge.core.colors import hex_of
from artforge.core.errors import ChoiceError, UsageError, choice_message
from artforge.gallery.settings import SETTINGS_NAME, THEME_COLORS, GallerySettings, Mention

MAX_CHARACTERS = 2_000_000

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def read_settings(path: Path) -> GallerySettings:
    """The settings in a file.

    Raises:
        UsageError: it cannot be read, or carries every fault found in it, each at file:line:column.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from error
    return parse_settings(text, path.name)


def parse_settings(text: str, name: str = SETTINGS_NAME) -> GallerySettings:
    """The settings in a text; `name` stands in messages.

    Raises:
        UsageError: carries every fault found, each at file:line:column.
    """
    reader = _Reader(text, name)
    settings = reader.read()
    if reader.faults:
        raise UsageError("\n".join(told for _, told in sorted(reader.faults)))
    return settings


class _Reader:
    """Walks the document's nodes, which keep the text as typed: the work `12e456` is not the number infinity."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._lines = text.splitlines()
        self._name = name
        self.faults: list[tuple[tuple[int, int], str]] = []
        self._readers: dict[str, Callable[[Node], Any]] = {
            "language": self._language,
            "base_url": self._base_url,
            "ingredients": self._truth,
            "order": self._mentions,
            "hidden": self._mentions,
        }

    def read(self) -> GallerySettings:
        root = self._compose()
        if root is None:
            return GallerySettings()
        words = ("titles", "captions", "alt")
        keys = [one.name for one in fields(GallerySettings) if one.name not in ("light", "dark", "places")]
        values: dict[str, Any] = {}
        places: list[Mention] = []
        for key, node in self._entries(root, "the settings", [*keys, "theme"]).items():
            if key == "theme":
                values |= self._theme(node)
            elif key in words:
                entries = self._entries(node, f"{key!r}", None)
                values[key] = {name: self._string(entry) for name, entry in entries.items()}
                places += [Mention(name, self._place(entry)) for name, entry in entries.items()]
            else:
                values[key] = self._readers.get(key, self._string)(node)
        return GallerySettings(**values, places=tuple(places))

    def _compose(self) -> Node | None:
        if len(self._text) > MAX_CHARACTERS:
            self.faults.append(((1, 1), f"{self._name}: more than {MAX_CHARACTERS:,} characters"))
            return None
        try:
            node: Node | None = YAML(typ="safe", pure=True).compose(self._text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line, mark.column) if mark else (0, 0)
            self._fault_at(line, column, 1, f"not YAML: {error.problem or error.context}")
            return None
        except (YAMLError, ValueError, RecursionError) as error:
            self._fault_at(0, 0, 1, f"not YAML: {str(error).splitlines()[0]}")
            return None
        return node

    def _entries(self, node: Node, what: str, allowed: Sequence[str] | None) -> dict[str, Node]:
        if not isinstance(node, MappingNode):
            if not _is_empty(node):
                self._fault(node, f"{what} must be a mapping of names to values")
            return {}
        entries: dict[str, Node] = {}
        for key_node, value in node.value:
            key = str(key_node.value) if isinstance(key_node, ScalarNode) else ""
            if not isinstance(key_node, ScalarNode):
                self._fault(key_node, "a key must be a plain word")
            elif key in entries:
                self._fault(key_node, f"{key!r} stands here twice")
            elif allowed is not None and key not in allowed:
                self._fault(key_node, choice_message("key", key, allowed))
            else:
                entries[key] = value
        return entries

    def _string(self, node: Node) -> str:
        if isinstance(node, ScalarNode):
            return "" if _is_empty(node) else str(node.value).strip()
        self._fault(node, "must be text")
        return ""

    def _language(self, node: Node) -> str:
        text = self._string(node) or "en"
        if not _LANGUAGE.fullmatch(text):
            self._fault(node, f"a language is a tag such as en or de-CH, received {text!r}")
        return text

    def _base_url(self, node: Node) -> str:
        text = self._string(node)
        try:
            return checked_url(text) if text else ""
        except UsageError as error:
            self._fault(node, str(error))
            return ""

    def _truth(self, node: Node) -> bool:
        text = self._string(node).lower()
        if text not in ("true", "false"):
            self._fault(node, f"must be true or false, received {text!r}")
        return text == "true"

    def _mentions(self, node: Node) -> tuple[Mention, ...]:
        if not isinstance(node, SequenceNode):
            if not _is_empty(node):
                self._fault(node, "must be a list of recipes and works: [tide, 1a2b3c4d5e6f]")
            return ()
        return tuple(Mention(self._string(item), self._place(item)) for item in node.value)

    def _theme(self, node: Node) -> dict[str, dict[str, str]]:
        entries = self._entries(node, "'theme'", (*THEME_COLORS, "dark"))
        dark = entries.pop("dark", None)
        night = self._entries(dark, "'dark'", THEME_COLORS) if dark is not None else {}
        return {
            "light": {name: self._color(entry) for name, entry in entries.items()},
            "dark": {name: self._color(entry) for name, entry in night.items()},
        }

    def _color(self, node: Node) -> str:
        if _is_empty(node):
            self._fault(node, 'a colour is missing; # begins a comment: write it in quotes, "#1b1a18"')
            return ""
        text = self._string(node)
        try:
            return hex_of(text) if text else ""
        except ChoiceError as error:
            self._fault(node, str(error))
            return ""

    def _place(self, node: Node) -> str:
        return f"{self._name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"

    def _fault(self, node: Node, message: str) -> None:
        start, end = node.start_mark, node.end_mark
        self._fault_at(start.line, start.column, end.column - start.column if end.line == start.line else 1, message)

    def _fault_at(self, line: int, column: int, length: int, message: str) -> None:
        told = f"{self._name}:{line + 1}:{column + 1}: error: {message}"
        if line < len(self._lines):
            source = self._lines[line]
            lead = "".join("\t" if letter == "\t" else " " for letter in source[:column])
            told += f"\n{line + 1:>6} | {source}\n       | {lead}{'^' * max(1, min(length, len(source) - column))}"
        self.faults.append(((line, column), told))


def _is_empty(node: Node) -> bool:
    return isinstance(node, ScalarNode) and str(node.tag).endswith(":null")


def checked_url(text: str) -> str:
    """The address of a site, with a slash at its end.

    Raises:
        UsageError: it is none that a browser goes to.
    """
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
    except ValueError:
        is_whole = False
    if not is_whole or re.search(r"[\s<>\"'\\^`{|}\x00-\x1f\x7f]", text):
        raise UsageError(f"a base URL is the site's whole address, https://example.org/works/, received {text!r}")
    return text.rstrip("/") + "/"
