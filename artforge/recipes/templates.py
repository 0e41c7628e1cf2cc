"""`{name:.2f}` in texts: known names only, no attributes, indices or nesting, since a recipe may be a stranger's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

from artforge.core.errors import did_you_mean

_FORMAT = re.compile(r"[<>^]?0?\d{0,2}(\.\d{1,2})?[a-zA-Z%]?")
"""Widths and precisions of two digits: a stranger's `{x:999999999}` must not fill the memory."""


def template_names(text: str) -> list[str]:
    """The names that a sound text reads."""
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


def template_fault(text: str, values: Mapping[str, Any]) -> str | None:
    """What is wrong with a text template, or None.

    Args:
        text: with `{names}`.
        values: what the names stand for, or a value of the same type.
    """
    try:
        fields = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(text) if name is not None]
    except ValueError as error:
        return f"the text {text!r} cannot be filled in ({error}); write {{{{ and }}}} for plain braces"
    for name, spec, conversion in fields:
        if name not in values:
            return f"unknown name {{{name}}} in a text{did_you_mean(name, sorted(values))}"
        if conversion or not _FORMAT.fullmatch(spec or ""):
            return f"{{{name}}} takes a plain format such as {{{name}:.2f}}, without ! and nested braces"
        try:
            format(values[name], spec or "")
        except (ValueError, TypeError) as error:
            return f"{{{name}:{spec}}} does not suit {name} = {values[name]!r} ({error})"
    return None


def fill_template(text: str, values: Mapping[str, Any]) -> str:
    """The text with its names filled in; `template_fault` has found nothing wrong with it."""
    parts = []
    for literal, name, spec, _ in Formatter().parse(text):
        parts.append(literal)
        if name is not None:
            parts.append(format(values[name], spec or ""))
    return "".join(parts)
