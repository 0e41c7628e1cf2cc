"""The `params:` section: the dials of a recipe, each with its type, its range and its default."""

from __future__ import annotations

from typing import cast, get_args

from artforge.core.problems import Position
from artforge.core.wording import as_written
from artforge.core.yaml_tree import Tree
from artforge.recipes.assigning import PLAIN_SECTIONS
from artforge.recipes.readers import Readers, key_place
from artforge.recipes.recipe import NUMERIC_TYPES, Param, ParamType

_KEYS = ("type", "default", "min", "max", "choices", "help")


class ParamReader(Readers):
    """Reads the `params:` section."""

    def params(self, section: Tree | None) -> dict[str, Param]:
        """Every param of the section, by name."""
        params = {}
        for name, entry in self.entries(section, "params"):
            place = key_place(section, name)
            if not self.good_name(name, place, "param"):
                continue
            if name in PLAIN_SECTIONS:
                self.problems.add(place, f"param name {name!r} is taken: --set {name}=... sets the recipe's own {name}")
                continue
            if not isinstance(entry.value, dict):
                message = f"param {name!r} is written like {name}: {{type: float, min: 0, max: 1, default: 0.5}}"
                self.problems.add(entry.position, message)
                continue
            param = self._param(name, entry, place)
            if param is not None:
                params[name] = param
        return params

    def _param(self, name: str, entry: Tree, place: Position) -> Param | None:
        self.unknown_keys(entry, _KEYS, f"param {name!r}")
        self.text(entry, "help")
        kind = self._type(name, entry, place)
        if kind is None:
            return None
        choices = self._choices(name, kind, entry, place)
        low, high = self._bounds(name, kind, entry)
        default = entry.mapping.get("default")
        if default is None:
            self.problems.add(place, f"param {name!r} needs a default")
        if default is None or (kind == "choice" and not choices):
            return None
        param = Param(name, kind, default.plain(), low, high, choices, default.position)
        fault = param.fault(param.default)
        if fault is not None:
            self.problems.add(default.position, fault)
        return param

    def _type(self, name: str, entry: Tree, place: Position) -> ParamType | None:
        kind = self.choice(entry, "type", get_args(ParamType), f"type of param {name!r}", default=None)
        if kind is None and "type" not in entry.mapping:
            known = get_args(ParamType)
            self.problems.add(place, f"param {name!r} needs a type: one of {', '.join(known)}")
        return cast(ParamType | None, kind)

    def _choices(self, name: str, kind: ParamType, entry: Tree, place: Position) -> tuple[str, ...]:
        listed = entry.mapping.get("choices")
        if kind != "choice":
            if listed is not None:
                message = f"'choices' belongs to a param of type choice; param {name!r} is {kind}"
                self.problems.add(entry.key_positions["choices"], message)
            return ()
        choices = tuple(str(choice.plain()) for choice in self.list(entry, "choices"))
        if not choices:
            self.problems.add(place, f"param {name!r} is a choice: it needs choices: [a, b, ...]")
        for choice in self.list(entry, "choices"):
            if not isinstance(choice.value, str):
                message = (
                    f"choices of param {name!r} are texts, received {as_written(choice.plain())}: put it in quotes"
                )
                self.problems.add(choice.position, message)
        return choices

    def _bounds(self, name: str, kind: ParamType, entry: Tree) -> tuple[float | None, float | None]:
        if kind not in NUMERIC_TYPES:
            for bound in ("min", "max"):
                if bound in entry.mapping:
                    message = f"{bound!r} belongs to numbers; param {name!r} is {kind}"
                    self.problems.add(entry.key_positions[bound], message)
            return None, None
        low, high = self.number(entry, "min"), self.number(entry, "max")
        if low is not None and high is not None and low > high:
            message = f"param {name!r} has no value at all: min {low:g} is above max {high:g}"
            self.problems.add(entry.mapping["min"].position, message)
            return None, None
        return low, high
