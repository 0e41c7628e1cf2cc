"""Recipes to begin from, one a kind of work."""

from __future__ import annotations

import json
import re
from pathlib import Path

from artforge.core.errors import UsageError, check_choice

FOLDER = Path(__file__).with_name("starter_files")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]*")
_MAX_NAME = 80


def starter_names() -> list[str]:
    """The kinds of work that there is a starter for."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def starter_recipe(name: str, template: str) -> tuple[str, str]:
    """A recipe to begin from.

    Args:
        name: what it is to be called: letters, digits, spaces, `-` and `_`.
        template: the kind of work, of `starter_names()`.

    Returns:
        (file name, text).

    Raises:
        UsageError: a name that makes no good file name.
        ChoiceError: no such kind; the nearest is told.
    """
    check_choice("template", template, starter_names())
    plain = name.removesuffix(".yaml")
    if not _NAME.fullmatch(plain) or len(plain) > _MAX_NAME:
        raise UsageError(f"{name!r} makes no good file name: letters, digits, spaces, - and _, at most {_MAX_NAME}")
    file_name = f"{plain.strip().replace(' ', '_')}.yaml"
    title = json.dumps(plain.replace("_", " ").strip().capitalize())[1:-1]
    text = (FOLDER / f"{template}.yaml").read_text(encoding="utf-8")
    return file_name, text.replace("@TITLE@", title).replace("@FILE@", file_name)
