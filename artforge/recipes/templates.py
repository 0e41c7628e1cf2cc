"""`{name:.2f}` in texts: known names only, no attributes, indices or nesting, since a recipe may be a stranger's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from string import Formatter
from typing import Any

from artforge.core.errors import did_you_mean


def template_fault(text: str, known: Collection[str]) -> str | None:
    """What is wrong with a text template, or None."""
    try:
        fields = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(text) if name is not None]
    except ValueError as error:
        return f"the text {text!r} cannot be filled in ({error}); write {{{{ and }}}} for plain braces"
    for name, spec, conversion in fields:
        if name not in known:
            return f"unknown name {{{name}}} in a text{did_you_mean(name, sorted(known))}"
        if conversion or (spec and "{" in spec):
            return f"{{{name}}} takes a plain format such as {{{name}:.2f}}, without ! and nested braces"
    return None


def fill_template(text: str, values: Mapping[str, Any]) -> str:
    """The text with its names filled in.

    Raises:
        ValueError: a format that does not suit its value.
    """
    parts = []
    for literal, name, spec, _ in Formatter().parse(text):
        parts.append(literal)
        if name is not None:
            parts.append(format(values[name], spec or ""))
    return "".join(parts)
