"""The variants of a recipe: the sweep spread out, under what was set on the command line."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artforge.core.errors import UsageError, did_you_mean
from artforge.recipes.bindings import Binding, FromParam, Scope
from artforge.recipes.document import parse_scalar
from artforge.recipes.recipe import NUMERIC_TYPES, READ_TYPES, Param, Recipe, SweepBlock
from artforge.recipes.templates import fill_template, template_fault


@dataclass(frozen=True)
class Overrides:
    """What the command line sets over the recipe.

    Attributes:
        params: values by param name.
        seed: another seed, or None.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None


@dataclass(frozen=True)
class Variant:
    """One setting of all the dials.

    Attributes:
        index: its number, from 0.
        params: every param's value.
        seed: the recipe's seed.
        swept: the axes of the sweep alone, in their order, with their values here.
    """

    index: int
    params: dict[str, Any]
    seed: int
    swept: dict[str, Any]


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
        fault = recipe.params[name].fault(_fitted(recipe.params[name], value))
        if fault is not None:
            raise UsageError(f"--set {name}={value}: {fault}")


def default_variant(recipe: Recipe, overrides: Overrides) -> Variant:
    """The variant without any sweep: every param at its default or override."""
    defaults = {name: param.default for name, param in recipe.params.items()}
    given = {
        name: _fitted(recipe.params[name], value) for name, value in overrides.params.items() if name in recipe.params
    }
    seed = recipe.seed if overrides.seed is None else overrides.seed
    return Variant(0, _filled(recipe, {**defaults, **given}, seed, overrides), seed, {})


def expand_variants(recipe: Recipe, overrides: Overrides) -> list[Variant]:
    """Every variant of the sweep, block after block, the last axis of a grid fastest.

    An axis that the command line sets is no longer swept. Without a sweep there is one variant.
    """
    base = default_variant(recipe, overrides)
    fixed = {*overrides.params, *(["seed"] if overrides.seed is not None else [])}
    combinations = [swept for block in recipe.sweep for swept in _combinations(block, fixed)] or [{}]
    distinct = list({json.dumps(swept): swept for swept in combinations}.values())
    variants = []
    for index, swept in enumerate(distinct):
        seed = swept.get("seed", base.seed)
        written = {**{name: param.default for name, param in recipe.params.items()}, **_without_seed(swept)}
        given = {name: base.params[name] for name in overrides.params if name in recipe.params}
        variants.append(Variant(index, _filled(recipe, {**written, **given}, seed, overrides), seed, swept))
    return variants


def scope_of(recipe: Recipe, variant: Variant, count: int, frame: int = 0) -> Scope:
    """What settings can read in `variant` at `frame`."""
    return Scope(variant.params, variant.index, count, variant.seed, recipe.timeline, frame)


def base_folder(recipe: Recipe, overrides: Overrides, binding: Binding | None) -> Path:
    """Where the relative path of a setting starts: the recipe's folder, or here for what the command line set."""
    if isinstance(binding, FromParam) and binding.name in overrides.params:
        return Path()
    return Path(recipe.source).parent


def _combinations(block: SweepBlock, fixed: set[str]) -> list[dict[str, Any]]:
    axes = [axis for axis in block.axes if axis.name not in fixed]
    if not axes:
        return [{}]
    columns = [axis.values for axis in axes]
    spread = itertools.product(*columns) if block.mode == "grid" else zip(*columns, strict=True)
    return [dict(zip((axis.name for axis in axes), values, strict=True)) for values in spread]


def _filled(recipe: Recipe, params: dict[str, Any], seed: int, overrides: Overrides) -> dict[str, Any]:
    """Params with the `{names}` in the recipe's own texts filled in; what the command line set is taken as it is."""
    known = {
        **{name: value for name, value in params.items() if recipe.params[name].type in NUMERIC_TYPES},
        "seed": seed,
    }
    return {
        name: fill_template(value, known)
        if isinstance(value, str) and name not in overrides.params and template_fault(value, known) is None
        else value
        for name, value in params.items()
    }


def _without_seed(swept: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in swept.items() if name != "seed"}


def _fitted(param: Param, value: Any) -> Any:
    """What was typed, as the param takes it: a number or a truth is read like YAML, any other text stays as it is."""
    if not isinstance(value, str):
        return value
    if param.type in READ_TYPES:
        return parse_scalar(value)
    return None if param.type == "class" and value in ("null", "~") else value
