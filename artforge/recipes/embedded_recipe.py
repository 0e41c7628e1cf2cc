"""A recipe found inside a work: cut down to what made that work, so that nothing else of it needs to be at hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from artforge.core.errors import PictureError
from artforge.core.problems import Problems
from artforge.core.provenance import Provenance
from artforge.recipes.document import parse_document, yaml_of

_REFERENCE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")


def read_embedded(provenance: Provenance) -> dict[str, Any]:
    """The recipe in a record, as plain data, with the one output that the record is of and the pipes that it needs.

    Raises:
        PictureError: it is no recipe that can be read.
    """
    problems = Problems(f"{provenance.recipe_name} (the recipe inside)", provenance.recipe_text)
    tree = parse_document(provenance.recipe_text, problems)
    data = tree.plain() if tree is not None else None
    if not isinstance(data, dict):
        problems.raise_if_any()
        raise PictureError(f"the recipe {provenance.recipe_name!r} inside is not a mapping")
    outputs, pipes = data.get("outputs"), data.get("steps")
    output = outputs.get(provenance.output) if isinstance(outputs, dict) else None
    if not isinstance(output, dict) or not isinstance(pipes, dict):
        raise PictureError(f"the recipe inside has no output {provenance.output!r}, which the record says it shows")
    needed = _reached(pipes, set(_REFERENCE.findall(str(output.get("from")))))
    kept = {name: pipe for name, pipe in pipes.items() if name in needed}
    whole = {name: value for name, value in data.items() if name != "extends"}  # the record holds all of it
    return {**whole, "steps": kept, "outputs": {provenance.output: output}}


def to_text(data: dict[str, Any]) -> str:
    """The recipe as YAML."""
    return yaml_of(data)


def _reached(pipes: dict[str, Any], names: set[str]) -> set[str]:
    """The pipes named, and all that flow into them."""
    reached: set[str] = set()
    waiting = names & pipes.keys()
    while waiting:
        reached |= waiting
        read = {word for name in waiting for text in _texts(pipes[name]) for word in _REFERENCE.findall(text)}
        waiting = (read & pipes.keys()) - reached
    return reached


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
