"""From the tree of one setting to its binding: constants, `$params`, `=expressions`, `{texts}`, keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artforge.core.errors import did_you_mean
from artforge.core.problems import Position, Problems
from artforge.core.wording import as_written
from artforge.core.yaml_tree import Tree
from artforge.recipes.bindings import (
    Binding,
    Computed,
    Constant,
    FromParam,
    Keyed,
    Listed,
    Mapped,
    Template,
    is_number,
    parts_of_paths,
)
from artforge.recipes.easing import EASINGS
from artforge.recipes.expressions import TIME_NAMES, VARIANT_NAMES, ExpressionError, parse_expression
from artforge.recipes.recipe import NUMERIC_TYPES, PATH_KINDS, Param
from artforge.recipes.templates import template_fault
from artforge.recipes.timeline import Timeline


def sample_texts(params: Mapping[str, Param]) -> dict[str, Any]:
    """A value of the right type for every name that texts may read."""
    values = {name: param.default for name, param in params.items()}
    paths = [name for name, param in params.items() if param.type in PATH_KINDS]
    return {**values, **parts_of_paths(values, paths), **dict.fromkeys(VARIANT_NAMES, 0)}


def bind(
    tree: Tree,
    params: Mapping[str, Param],
    timeline: Timeline | None,
    problems: Problems,
    *,
    mapping: bool = False,
) -> Binding | None:
    """Read one setting; faults go to `problems`. A mapping moves along the timeline, unless the setting takes one.

    Returns:
        The binding, or None where it cannot be read.
    """
    value = tree.value
    if isinstance(value, str) and value.startswith("$"):
        return _from_param(tree, value[1:], params, problems)
    if isinstance(value, str) and value.startswith("="):
        return _computed(tree, value[1:], params, timeline, problems)
    if isinstance(value, str) and "{" in value:
        return _template(tree, value, params, problems)
    if isinstance(value, list):
        items = [bind(item, params, timeline, problems) for item in value]
        return Listed(tuple(item for item in items if item is not None)) if None not in items else None
    if isinstance(value, dict) and mapping and not {"keys", "ease"} & value.keys():
        entries = [(name, bind(entry, params, timeline, problems)) for name, entry in value.items()]
        sound = tuple((name, entry) for name, entry in entries if entry is not None)
        return Mapped(sound) if len(sound) == len(entries) else None
    if isinstance(value, dict):
        return _keyed(tree, params, timeline, problems)
    return Constant(value)


def _from_param(tree: Tree, name: str, params: Mapping[str, Param], problems: Problems) -> Binding | None:
    if name in params:
        return FromParam(name)
    problems.add(tree.position, f"unknown param '${name}'{did_you_mean(name, list(params))}")
    return None


def _computed(
    tree: Tree, text: str, params: Mapping[str, Param], timeline: Timeline | None, problems: Problems
) -> Binding | None:
    numeric = {name for name, param in params.items() if param.type in NUMERIC_TYPES}
    allowed = frozenset(numeric | set(VARIANT_NAMES) | (set(TIME_NAMES) if timeline else set()))
    try:
        return Computed(parse_expression(text, allowed))
    except ExpressionError as error:
        hint = "" if timeline or not any(f"{name!r}" in str(error) for name in TIME_NAMES) else " (it needs a timeline)"
        problems.add(tree.position.shifted(1 + tree.quoted + error.column, error.length), f"{error}{hint}")
        return None


def _template(tree: Tree, text: str, params: Mapping[str, Param], problems: Problems) -> Binding | None:
    fault = template_fault(text, sample_texts(params))
    if fault is None:
        return Template(text)
    problems.add(tree.position, fault)
    return None


def _keyed(tree: Tree, params: Mapping[str, Param], timeline: Timeline | None, problems: Problems) -> Binding | None:
    before = len(problems.found)
    for key, place in tree.key_positions.items():
        if key not in ("keys", "ease"):
            message = f"a moving setting has keys and ease, not {key!r}{did_you_mean(key, ('keys', 'ease'))}"
            problems.add(place, message)
    if timeline is None:
        problems.add(tree.position, "a setting with keys moves along the timeline, but the recipe has none")
        return None
    ease = _ease(tree, problems)
    keys = tree.mapping.get("keys")
    if keys is None or not keys.mapping:
        problems.add(tree.position, "a moving setting needs keys, such as {keys: {0%: 0, 50%: 1}}")
        return None
    read = []
    for moment, entry in keys.mapping.items():
        share = _share(moment, keys.key_positions[moment], timeline, problems)
        value, own_ease = _key(entry, params, timeline, problems)
        if share is not None and value is not None:
            read.append((share, value, own_ease or ease or "linear"))
    if len(problems.found) > before:
        return None
    read.sort(key=lambda key: key[0])
    shares = tuple(share for share, _, _ in read)
    if len(set(shares)) < len(shares):
        problems.add(keys.position, "two keys stand at the same moment")
        return None
    return Keyed(shares, tuple(value for _, value, _ in read), tuple(own for _, _, own in read))


def _ease(tree: Tree, problems: Problems) -> str | None:
    ease = tree.mapping.get("ease")
    if ease is None:
        return None
    name = str(ease.plain())
    if name not in EASINGS:
        hint = did_you_mean(name, list(EASINGS)) or f" (known: {', '.join(EASINGS)})"
        problems.add(ease.position, f"unknown ease {ease.plain()!r}{hint}")
    return name


def _share(moment: str, place: Position, timeline: Timeline, problems: Problems) -> float | None:
    try:
        share = timeline.share(moment)
    except ValueError as error:
        problems.add(place, str(error))
        return None
    if not 0 <= share <= 1:
        problems.add(place, f"{moment} lies outside the timeline ({timeline.extent})")
    return share


def _key(
    entry: Tree, params: Mapping[str, Param], timeline: Timeline, problems: Problems
) -> tuple[Binding | None, str | None]:
    """A key's value and the ease of the way from it to the next: `1` or `{value: 1, ease: bounce_out}`."""
    if not isinstance(entry.value, dict):
        return _key_value(entry, params, timeline, problems), None
    for key, place in entry.key_positions.items():
        if key not in ("value", "ease"):
            problems.add(place, f"a key has value and ease, not {key!r}{did_you_mean(key, ('value', 'ease'))}")
    value = entry.mapping.get("value")
    if value is None:
        problems.add(entry.position, "a key with an ease of its own is written {value: 1, ease: bounce_out}")
        return None, None
    return _key_value(value, params, timeline, problems), _ease(entry, problems)


def _key_value(entry: Tree, params: Mapping[str, Param], timeline: Timeline, problems: Problems) -> Binding | None:
    before = len(problems.found)
    value = bind(entry, params, timeline, problems) if not isinstance(entry.value, dict | list) else None
    if len(problems.found) > before:
        return None
    if isinstance(value, Computed):
        if value.moves:
            problems.add(entry.position, "a key's value stands still: it cannot read t or frame")
            return None
        return value
    if isinstance(value, FromParam):
        if params[value.name].type in NUMERIC_TYPES:
            return value
        problems.add(entry.position, f"${value.name} is {params[value.name].type}, a key's value must be a number")
        return None
    if isinstance(value, Constant) and is_number(value.value):
        return value
    problems.add(entry.position, f"a key's value is a number or a numeric param, received {as_written(entry.plain())}")
    return None
