"""What is recorded of a plan: the calls that make a work and the files that they read, without any folder's name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artforge.core.provenance import Ingredient, NodeRecord
from artforge.core.seeds import derive_seed
from artforge.core.values import Kind
from artforge.ops.embedded import parse_embedded
from artforge.recipes.checked import CheckedCall
from artforge.recipes.nodes import Node, walk
from artforge.recipes.plan import Planner
from artforge.recipes.portable import model_label, own_record, portable
from artforge.recipes.recipe import PATH_KINDS, Recipe
from artforge.recipes.settings import resolve_settings
from artforge.recipes.variants import Variant, scope_of


@dataclass(frozen=True)
class Records:
    """Reads the records of works off a plan."""

    planner: Planner

    def branch(self, pipe: str, variant: Variant) -> list[NodeRecord]:
        """The calls that make a pipe, sources first: settings as resolved, moving ones as written."""
        return list({record.id: record for record in self._records(pipe, variant)}.values())

    def ingredients(self, nodes: Iterable[Node]) -> list[Ingredient]:
        """The files that nodes and their sources read."""
        found = {}
        for each in walk(nodes):
            for name, setting in each.step.settings.items():
                value = each.settings[name]
                if isinstance(value, str) and (ingredient := self._ingredient(setting.kind, value)) is not None:
                    found[value] = ingredient
        return list(found.values())

    def _ingredient(self, kind: Kind | None, value: str) -> Ingredient | None:
        if kind is Kind.MODEL:
            return Ingredient(role="model", name=model_label(Path(value)), sha256=self.planner.digest(Path(value)))
        if kind is Kind.PICTURE_SOURCE and parse_embedded(value) is None:
            digest = self.planner.digest(Path(value))
            own = own_record(value, digest)
            return Ingredient(role="picture", name=Path(value).name, sha256=digest, provenance=own)
        if kind is Kind.PICTURE_FOLDER:
            digest = self.planner.digest_of_folder(Path(value))
            return Ingredient(role="folder", name=Path(value).name, sha256=digest)
        return None

    def _records(self, pipe: str, variant: Variant) -> Iterator[NodeRecord]:
        checked_pipe = self.planner.checked.pipes[pipe]
        above = self._last_id(checked_pipe.start) if checked_pipe.start else ""
        if checked_pipe.start:
            yield from self._records(checked_pipe.start, variant)
        for call in checked_pipe.calls:
            inputs: dict[str, str] = {}
            for name, source in call.wiring.items():
                if isinstance(source, tuple):
                    inputs |= {f"{name} {place}": self._last_id(each) for place, each in enumerate(source, 1)}
                else:
                    inputs[name] = self._last_id(source) if source else above
            for source in call.sources:
                yield from self._records(source, variant)
            yield NodeRecord(
                id=call.id,
                step=call.step.name,
                version=call.step.version,
                settings=self._written(call, variant),
                inputs=inputs,
                seed=derive_seed(variant.seed, call.id) if call.step.uses_rng else None,
            )
            above = call.id

    def _last_id(self, pipe: str) -> str:
        checked_pipe = self.planner.checked.pipes[pipe]
        if checked_pipe.calls:
            return checked_pipe.calls[-1].id
        return self._last_id(checked_pipe.start) if checked_pipe.start else pipe

    def _written(self, call: CheckedCall, variant: Variant) -> dict[str, Any]:
        scope = scope_of(self.planner.checked.recipe, variant, len(self.planner.variants))
        values = resolve_settings(call, scope)
        written = {}
        for name, setting in call.step.settings.items():
            binding = call.settings.get(name)
            if binding is not None and binding.moves:
                written[name] = call.call.settings[name].plain()
            else:
                written[name] = portable(setting.kind, values[name])
        return written


def portable_params(recipe: Recipe, values: Mapping[str, Any]) -> dict[str, Any]:
    """Params or swept values as they may be shown and recorded: every path by its last part alone."""
    kinds = {name: PATH_KINDS.get(param.type) for name, param in recipe.params.items()}
    return {name: portable(kinds.get(name), value) for name, value in values.items()}
