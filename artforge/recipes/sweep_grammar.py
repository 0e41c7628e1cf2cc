"""The `sweep:` section: which params are varied, and over what."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, Literal, cast

from artforge.core.errors import did_you_mean
from artforge.recipes.document import Tree
from artforge.recipes.problems import Position
from artforge.recipes.readers import MAX_SEED, Readers
from artforge.recipes.recipe import NUMERIC_TYPES, Axis, Param, SweepBlock

MAX_VALUES = 10_000
"""On an axis, and variants in all."""


class SweepReader(Readers):
    """Reads the `sweep:` section."""

    def sweep(self, section: Tree | None, params: dict[str, Param]) -> tuple[SweepBlock, ...]:
        """The blocks of the section."""
        if section is None:
            return ()
        blocks = section.items if isinstance(section.value, list) else [section]
        read = [self._sweep_block(block, params) for block in blocks]
        return tuple(block for block in read if block.axes)

    def _sweep_block(self, block: Tree, params: dict[str, Param]) -> SweepBlock:
        if not isinstance(block.value, dict):
            self.problems.add(block.position, "sweep maps params to values: {intensity: {from: 0, to: 1, count: 9}}")
            return SweepBlock((), "grid")
        mode = self.choice(block, "mode", ("grid", "zip"), "sweep mode", default="grid") or "grid"
        axes = []
        for name, entry in block.mapping.items():
            if name == "mode":
                continue
            place = block.key_positions[name]
            if name != "seed" and name not in params:
                known = [*params, "seed"]
                hint = f"{did_you_mean(name, known)} (known: {', '.join(known)})"
                self.problems.add(place, f"sweep: there is no param {name!r}{hint}")
                continue
            axes.append(self._axis(name, entry, params.get(name), place))
        if mode == "zip" and len({len(axis.values) for axis in axes}) > 1:
            counts = ", ".join(f"{axis.name}: {len(axis.values)}" for axis in axes)
            self.problems.add(block.position, f"mode zip wants as many values on every axis, received {counts}")
            return SweepBlock((), "zip")
        num_variants = math.prod(len(axis.values) for axis in axes) if mode == "grid" else 0
        if num_variants > MAX_VALUES:
            self.problems.add(block.position, f"{num_variants} variants; at most {MAX_VALUES} can be swept")
            return SweepBlock((), "grid")
        return SweepBlock(tuple(axis for axis in axes if axis.values), cast(Literal["grid", "zip"], mode))

    def _axis(self, name: str, entry: Tree, param: Param | None, place: Position) -> Axis:
        if isinstance(entry.value, list):
            values = [(item.plain(), item.position) for item in entry.items]
            if not values:
                self.problems.add(entry.position, f"sweep of {name!r} is empty: list at least one value")
        elif isinstance(entry.value, dict):
            values = [(value, entry.position) for value in self._range(entry, name, param)]
        else:
            self.problems.add(entry.position, f"sweep of {name!r} is a list [a, b] or {{from, to, count}}")
            values = []
        faults = [param.fault(value) if param else _seed_fault(value) for value, _ in values]
        for fault, (_, value_place) in zip(faults, values, strict=True):
            if fault is not None:
                self.problems.add(value_place, f"sweep: {fault}")
        sound = [value for fault, (value, _) in zip(faults, values, strict=True) if fault is None]
        return Axis(name, tuple(sound), place)

    def _range(self, entry: Tree, name: str, param: Param | None) -> list[Any]:
        if name == "seed":
            self.unknown_keys(entry, ("from", "count"), "a sweep of seeds")
            first = self.whole(entry, "from", default=0, low=0, high=MAX_SEED)
            return [first + index for index in range(self.whole(entry, "count", default=1, low=1, high=MAX_VALUES))]
        self.unknown_keys(entry, ("from", "to", "count"), "a sweep")
        if param is not None and param.type not in NUMERIC_TYPES:
            self.problems.add(
                entry.position, f"{{from, to, count}} is for numbers; {name!r} is {param.type}: list its values"
            )
            return []
        start, end = self.number(entry, "from"), self.number(entry, "to")
        count = self.whole(entry, "count", default=0, low=2, high=MAX_VALUES)
        if start is None or end is None or count < 2:
            if start is None or end is None or "count" not in entry.mapping:
                self.problems.add(
                    entry.position, "a sweep range needs from, to and count, such as {from: 0, to: 1, count: 9}"
                )
            return []
        values = _evenly(start, end, count)
        if param is not None and param.type == "int":
            if any(value != int(value) for value in values):
                message = f"{name!r} is a whole number: {start:g} to {end:g} in {count} even steps does not stay whole"
                self.problems.add(entry.position, message)
                return []
            return [int(value) for value in values]
        return values


def _seed_fault(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SEED:
        return f"a seed is a whole number from 0 to {MAX_SEED}, received {value!r}"
    return None


def _evenly(start: float, end: float, count: int) -> list[float]:
    """Inclusive even steps in decimal arithmetic, so that 0 to 0.3 in 4 gives 0.1 and not 0.09999999999999999."""
    first, last = Decimal(repr(start)), Decimal(repr(end))
    return [float(first + (last - first) * index / (count - 1)) for index in range(count)]
