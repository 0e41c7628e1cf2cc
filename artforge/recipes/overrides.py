"""What the command line sets over a recipe: params by name, every other place by its path, another seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from artforge.core.errors import UsageError, did_you_mean
from artforge.recipes.assigning import PLAIN_SECTIONS
from artforge.recipes.document import parse_scalar
from artforge.recipes.recipe import READ_TYPES, Param, Recipe


@dataclass(frozen=True)
class Overrides:
    """What the command line sets over the recipe.

    Attributes:
        params: values by param name.
        seed: another seed, or None.
        places: values as typed, by path: `{"timeline.fps": "12"}`.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    places: Mapping[str, str] = field(default_factory=dict)


def parse_assignments(assignments: list[str]) -> dict[str, str]:
    """`["intensity=0.5"]` -> `{"intensity": "0.5"}`; what a text means is the param's to say.

    Raises:
        UsageError: one has no `=`.
    """
    values = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--set {assignment!r}: write it as --set name=value")
        values[name.strip()] = text
    return values


def parse_overrides(assignments: list[str], seed: int | None) -> Overrides:
    """What `--set` and `--seed` say: a name with dots in it, `title` and `description` are places in the recipe.

    Raises:
        UsageError: one has no `=`.
    """
    values = parse_assignments(assignments)
    places = {name: text for name, text in values.items() if "." in name or name in PLAIN_SECTIONS}
    return Overrides({name: text for name, text in values.items() if name not in places}, seed, places)


def check_overrides(recipe: Recipe, overrides: Overrides) -> None:
    """Raise unless every override names a param of the recipe and suits it.

    Raises:
        UsageError: names the param, what it wants and what was received.
    """
    for name, value in overrides.params.items():
        if name not in recipe.params:
            known = ", ".join(recipe.params) or "none"
            hint = " - use --seed" if name == "seed" else did_you_mean(name, list(recipe.params))
            raise UsageError(f"--set {name}: {recipe.source} has no param {name!r}{hint} (its params: {known})")
        fault = recipe.params[name].fault(fitted(recipe.params[name], value))
        if fault is not None:
            raise UsageError(f"--set {name}={value}: {fault}")


def fitted(param: Param, value: Any) -> Any:
    """What was typed, as the param takes it: a number or a truth is read like YAML, any other text stays as it is."""
    if not isinstance(value, str):
        return value
    if param.type in READ_TYPES or (param.type == "palette" and value.lstrip().startswith("[")):
        return parse_scalar(value)
    return None if param.type == "class" and value in ("null", "~") else value
