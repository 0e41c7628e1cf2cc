"""Two records of works: what differs in how they were made, thing by thing and in the recipe's text."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from artforge.core.provenance import Provenance

_MISSING = "-"


@dataclass(frozen=True)
class Change:
    """One thing that differs: where, and both values as they are shown."""

    what: str
    before: str
    after: str


def record_changes(before: Provenance, after: Provenance) -> Iterator[Change]:
    """What differs between two records, but for the recipe's text."""
    yield from _changes("", _facts(before), _facts(after))
    yield from _changes("param ", before.params, after.params)
    nodes = [{record.id: record for record in each.branch} for each in (before, after)]
    for name in dict.fromkeys([*nodes[0], *nodes[1]]):
        first, second = nodes[0].get(name), nodes[1].get(name)
        if first is None or second is None:
            yield Change(f"step {name}", "there" if first else _MISSING, "there" if second else _MISSING)
            continue
        facts = [
            {"version": each.version, "seed": each.seed, **each.inputs, **each.settings} for each in (first, second)
        ]
        yield from _changes(f"step {name}: ", *facts)
    files = [{f"{each.role} {each.name}": each.sha256[:12] for each in one.ingredients} for one in (before, after)]
    yield from _changes("", *files)
    yield from _changes("package ", before.packages, after.packages)


def recipe_diff(before: Provenance, after: Provenance) -> Iterator[str]:
    """The recipe's text as the lines of a unified diff; none where it is the same."""
    lines = (before.recipe_text.splitlines(), after.recipe_text.splitlines())
    return difflib.unified_diff(*lines, before.recipe_name, after.recipe_name, lineterm="", n=1)


def _facts(record: Provenance) -> dict[str, Any]:
    names = ("artforge", "title", "creator", "rights", "licence", "recipe_name", "output", "format", "kind", "seed")
    return {name: getattr(record, name) for name in (*names, "preview", "width", "height", "num_frames", "fps")}


def _changes(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        values = [_shown(each[name]) if name in each else _MISSING for each in (before, after)]
        if values[0] != values[1]:
            yield Change(f"{what}{name}", *values)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, sort_keys=True)
