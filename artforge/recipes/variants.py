"""The variants of a recipe: its sources and its sweep spread out, under what was set on the command line.

A param of type image may name a folder: the recipe is then done once for every picture in it, each a work of its own.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artforge.core.pictures import pictures_in
from artforge.core.problems import Position
from artforge.recipes.bindings import Binding, FromParam, Scope
from artforge.recipes.overrides import Overrides, fitted
from artforge.recipes.recipe import NUMERIC_TYPES, Recipe, Reference, SweepBlock
from artforge.recipes.templates import fill_template, template_fault

MANY_VARIANTS = 1000
"""More are refused unless the artist confirms them, and are checked by a spread of them."""
_SPREAD = 200


@dataclass(frozen=True)
class Variant:
    """One setting of all the dials.

    Attributes:
        index: its number, from 0.
        params: every param's value.
        seed: the recipe's seed.
        swept: the axes of the sweep alone, in their order, with their values here.
        source: the pictures it is done for, by param, where a param names a folder of them.
    """

    index: int
    params: dict[str, Any]
    seed: int
    swept: dict[str, Any]
    source: dict[str, str] = field(default_factory=dict)

    @property
    def distinct(self) -> dict[str, Any]:
        """What tells it from all others."""
        return {**self.source, **self.swept}


def default_variants(recipe: Recipe, overrides: Overrides) -> list[Variant]:
    """The variants without any sweep, one a source: every other param at its default or override."""
    return [_variant(recipe, overrides, 0, {}, source) for source in _sources(recipe, overrides, swept=())]


def expand_variants(recipe: Recipe, overrides: Overrides) -> list[Variant]:
    """Every variant: source after source, block after block, the last axis of a grid fastest.

    An axis that the command line sets is no longer swept. Without a sweep there is one variant a source.
    """
    fixed = _fixed(overrides)
    swept = [each for block in recipe.sweep for each in _combinations(block, fixed)] or [{}]
    return _numbered(recipe, overrides, list({json.dumps(each): each for each in swept}.values()))


def count_variants(recipe: Recipe, overrides: Overrides) -> int:
    """How many variants there are at most, without spreading them out; equal ones are counted once for each time."""
    fixed = _fixed(overrides)
    axes = [tuple(axis for axis in block.axes if axis.name not in fixed) for block in recipe.sweep]
    blocks = [SweepBlock(free, block.mode) for free, block in zip(axes, recipe.sweep, strict=True) if free]
    if not blocks:
        return len(_sources(recipe, overrides, swept=()))
    names = [[axis.name for axis in block.axes] for block in blocks]
    sources = [len(_sources(recipe, overrides, swept=each)) for each in names]
    return sum(count * block.num_variants for count, block in zip(sources, blocks, strict=True))


def spread_variants(recipe: Recipe, overrides: Overrides) -> list[Variant]:
    """All variants, or of more than `MANY_VARIANTS` a spread: along every axis, the others at their first value."""
    if count_variants(recipe, overrides) <= MANY_VARIANTS:
        return expand_variants(recipe, overrides)
    fixed = _fixed(overrides)
    swept = [each for block in recipe.sweep for each in _spread(block, fixed)] or [{}]
    return _numbered(recipe, overrides, list({json.dumps(each): each for each in swept}.values()), most=_SPREAD)


def source_folders(recipe: Recipe, overrides: Overrides) -> set[Path]:
    """The folders whose pictures the recipe is done for, one after the other."""
    return {folder for _, folder in _source_folders(recipe, overrides, swept=()).values()}


def scope_of(recipe: Recipe, variant: Variant, count: int, frame: int = 0) -> Scope:
    """What settings can read in `variant` at `frame`."""
    return Scope(variant.params, variant.index, count, variant.seed, recipe.timeline, frame, recipe.path_params)


def base_folder(recipe: Recipe, overrides: Overrides, binding: Binding | None, place: Position | None = None) -> Path:
    """Where the relative path of a setting starts.

    That is the folder of the file in which it is written, the recipe or one that it extends, or the current one for
    what the command line set.

    Args:
        recipe: the recipe.
        overrides: what the command line sets.
        binding: of the setting.
        place: where the setting is written.
    """
    if isinstance(binding, FromParam):
        if binding.name in overrides.params:
            return Path()
        axes = (axis for block in recipe.sweep for axis in block.axes if axis.name == binding.name)
        place = next((axis.position for axis in axes), recipe.params[binding.name].position)
    if place is not None and place.file.startswith("--set "):
        return Path()
    return Path((place.file if place else "") or recipe.source).parent


def profile_path(recipe: Recipe, overrides: Overrides, icc: Reference) -> Path:
    """Where the colour profile of an output lies."""
    return base_folder(recipe, overrides, None, icc.position) / icc.name


def _fixed(overrides: Overrides) -> set[str]:
    return {*overrides.params, *(["seed"] if overrides.seed is not None else [])}


def _numbered(
    recipe: Recipe, overrides: Overrides, swept: Sequence[dict[str, Any]], most: int | None = None
) -> list[Variant]:
    sources = {names: _sources(recipe, overrides, swept=names) for names in {tuple(each) for each in swept}}
    if most is not None:
        sources = {names: thinned(each, most) for names, each in sources.items()}
    pairs = [(place, source, each) for each in swept for place, source in enumerate(sources[tuple(each)])]
    pairs.sort(key=lambda pair: pair[0])  # source after source; within one the sweep keeps its order
    return [_variant(recipe, overrides, index, each, source) for index, (_, source, each) in enumerate(pairs)]


def _variant(
    recipe: Recipe, overrides: Overrides, index: int, swept: dict[str, Any], source: dict[str, str]
) -> Variant:
    seed = swept.get("seed", recipe.seed if overrides.seed is None else overrides.seed)
    written = {name: param.default for name, param in recipe.params.items()} | _without_seed(swept) | source
    given = {name: fitted(recipe.params[name], value) for name, value in overrides.params.items() if name in written}
    params = _filled(recipe, {**written, **given, **source}, seed, taken={*overrides.params, *source})
    return Variant(index, params, seed, swept, source)


def _sources(recipe: Recipe, overrides: Overrides, swept: Collection[str]) -> list[dict[str, str]]:
    """One for every picture of the folders that params of type image name, or a single empty one."""
    listed = []
    for name, (named, folder) in _source_folders(recipe, overrides, swept).items():
        pictures = pictures_in(folder)
        listed.append([{name: str(Path(named) / path.relative_to(folder))} for path in pictures] or [{}])
    return [
        {name: path for source in sources for name, path in source.items()} for sources in itertools.product(*listed)
    ]


def _source_folders(recipe: Recipe, overrides: Overrides, swept: Collection[str]) -> dict[str, tuple[str, Path]]:
    """The folders that params of type image name, by param: as written, and where they lie."""
    base = _variant(recipe, overrides, 0, {}, {})
    folders = {}
    for name, param in recipe.params.items():
        named = base.params[name]
        if param.type != "image" or name in swept or not isinstance(named, str) or named.startswith("embedded:"):
            continue
        folder = base_folder(recipe, overrides, FromParam(name)) / named
        if folder.is_dir():
            folders[name] = (named, folder)
    return folders


def _combinations(block: SweepBlock, fixed: set[str]) -> Iterator[dict[str, Any]]:
    axes = [axis for axis in block.axes if axis.name not in fixed]
    columns = [axis.values for axis in axes]
    if not axes:
        return iter([{}])
    spread = itertools.product(*columns) if block.mode == "grid" else zip(*columns, strict=True)
    return (dict(zip((axis.name for axis in axes), values, strict=True)) for values in spread)


def _spread(block: SweepBlock, fixed: set[str]) -> Iterator[dict[str, Any]]:
    axes = [axis for axis in block.axes if axis.name not in fixed]
    if block.mode == "zip":
        for index in thinned(range(block.num_variants), _SPREAD):
            yield {axis.name: axis.values[index] for axis in axes}
        return
    yield {axis.name: axis.values[-1] for axis in axes}
    first = {axis.name: axis.values[0] for axis in axes}
    for axis in axes:
        for value in thinned(axis.values, _SPREAD):
            yield {**first, axis.name: value}


def thinned(values: Sequence[Any], most: int) -> list[Any]:
    """At most `most` of the values, evenly, with the first and the last."""
    if len(values) <= most:
        return list(values)
    return [values[index * (len(values) - 1) // (most - 1)] for index in range(most)]


def _filled(recipe: Recipe, params: dict[str, Any], seed: int, taken: set[str]) -> dict[str, Any]:
    """Params with the `{names}` in the recipe's own texts filled in; those in `taken` are taken as they are."""
    known = {
        **{name: value for name, value in params.items() if recipe.params[name].type in NUMERIC_TYPES},
        "seed": seed,
    }
    return {
        name: fill_template(value, known)
        if isinstance(value, str) and name not in taken and template_fault(value, known) is None
        else value
        for name, value in params.items()
    }


def _without_seed(swept: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in swept.items() if name != "seed"}
