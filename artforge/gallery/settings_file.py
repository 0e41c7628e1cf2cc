"""Reading `gallery.yaml`: every fault in it is told with its line, a caret and the nearest name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from artforge.core.colors import hex_of
from artforge.core.errors import ChoiceError, UsageError, choice_message
from artforge.core.problems import Problems
from artforge.core.yaml_tree import DocumentKind, Tree, parse_tree
from artforge.gallery.settings import SETTINGS_NAME, THEME_COLORS, GallerySettings, Mention

_SETTINGS = DocumentKind("a gallery's settings", max_characters=2_000_000)

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
    problems = Problems(name, text, UsageError)
    root = parse_tree(text, problems, _SETTINGS)
    settings = _Reader(problems).read(root) if root is not None else GallerySettings()
    problems.raise_if_any()
    return settings


class _Reader:
    """Takes every scalar as it was typed: the work `12e456` is not the number infinity."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._readers: dict[str, Callable[[Tree], Any]] = {
            "language": self._language,
            "base_url": self._base_url,
            "ingredients": self._truth,
            "order": self._mentions,
            "hidden": self._mentions,
        }

    def read(self, root: Tree) -> GallerySettings:
        words = ("titles", "captions", "alt")
        keys = [one.name for one in fields(GallerySettings) if one.name not in ("light", "dark", "places")]
        values: dict[str, Any] = {}
        places: list[Mention] = []
        for key, tree in self._entries(root, "the settings", [*keys, "theme"]).items():
            if key == "theme":
                values |= self._theme(tree)
            elif key in words:
                entries = self._entries(tree, f"{key!r}", None)
                values[key] = {name: self._string(entry) for name, entry in entries.items()}
                places += [self._mention(name, entry) for name, entry in entries.items()]
            else:
                values[key] = self._readers.get(key, self._string)(tree)
        return GallerySettings(**values, places=tuple(places))

    def _entries(self, tree: Tree, what: str, allowed: Sequence[str] | None) -> dict[str, Tree]:
        if tree.value is not None and not isinstance(tree.value, dict):
            self._fault(tree, f"{what} must be a mapping of names to values")
        for key, place in tree.key_positions.items():
            if allowed is not None and key not in allowed:
                self._problems.add(place, choice_message("key", key, allowed))
        return {key: entry for key, entry in tree.mapping.items() if allowed is None or key in allowed}

    def _string(self, tree: Tree) -> str:
        if isinstance(tree.value, dict | list):
            self._fault(tree, "must be text")
            return ""
        return "" if tree.value is None else tree.text.strip()

    def _language(self, tree: Tree) -> str:
        text = self._string(tree) or "en"
        if not _LANGUAGE.fullmatch(text):
            self._fault(tree, f"a language is a tag such as en or de-CH, received {text!r}")
        return text

    def _base_url(self, tree: Tree) -> str:
        text = self._string(tree)
        try:
            return checked_url(text) if text else ""
        except UsageError as error:
            self._fault(tree, str(error))
            return ""

    def _truth(self, tree: Tree) -> bool:
        text = self._string(tree).lower()
        if text not in ("true", "false"):
            self._fault(tree, f"must be true or false, received {text!r}")
        return text == "true"

    def _mentions(self, tree: Tree) -> tuple[Mention, ...]:
        if tree.value is not None and not isinstance(tree.value, list):
            self._fault(tree, "must be a list of recipes and works: [tide, 1a2b3c4d5e6f]")
        return tuple(self._mention(self._string(item), item) for item in tree.items)

    def _mention(self, name: str, tree: Tree) -> Mention:
        return Mention(name, f"{self._problems.source}:{tree.position.line}:{tree.position.column}")

    def _theme(self, tree: Tree) -> dict[str, dict[str, str]]:
        entries = self._entries(tree, "'theme'", (*THEME_COLORS, "dark"))
        dark = entries.pop("dark", None)
        night = self._entries(dark, "'dark'", THEME_COLORS) if dark is not None else {}
        return {
            "light": {name: self._color(entry) for name, entry in entries.items()},
            "dark": {name: self._color(entry) for name, entry in night.items()},
        }

    def _color(self, tree: Tree) -> str:
        if tree.value is None:
            self._fault(tree, 'a colour is missing; # begins a comment: write it in quotes, "#1b1a18"')
            return ""
        text = self._string(tree)
        try:
            return hex_of(text) if text else ""
        except ChoiceError as error:
            self._fault(tree, str(error))
            return ""

    def _fault(self, tree: Tree, message: str) -> None:
        self._problems.add(tree.position, message)


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
