"""The `sweep:` section: which params are varied, and over what."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal, cast, overload

from artforge.core.errors import did_you_mean
from artforge.core.problems import Position
from artforge.core.wording import as_written
from artforge.core.yaml_tree import Tree
from artforge.recipes.readers import MAX_SEED, Readers
from artforge.recipes.recipe import NUMERIC_TYPES, Axis, Param, SweepBlock

MAX_VALUES = 1_000_000
"""On an axis."""
MAX_VARIANTS = 10_000_000
"""In a block: beyond it not even their number is a plan."""


class SweepReader(Readers):
    """Reads the `sweep:` section."""

    def sweep(self, section: Tree | None, params: dict[str, Param]) -> tuple[SweepBlock, ...]:
        """The blocks of the section."""
        if section is None:
            return ()
        if section.value == []:
            self.problems.add(section.position, "sweep is an empty list: leave it out, or name a param to vary")
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
        if not axes:
            self.problems.add(
                block.position, "a sweep names at least one param: {intensity: {from: 0, to: 1, count: 9}}"
            )
        if mode == "zip" and len({len(axis.values) for axis in axes}) > 1:
            counts = ", ".join(f"{axis.name}: {len(axis.values)}" for axis in axes)
            self.problems.add(block.position, f"mode zip wants as many values on every axis, received {counts}")
            return SweepBlock((), "zip")
        sound = SweepBlock(tuple(axis for axis in axes if axis.values), cast(Literal["grid", "zip"], mode))
        if sound.num_variants > MAX_VARIANTS:
            message = f"{sound.num_variants:,} variants; at most {MAX_VARIANTS:,} can be swept"
            self.problems.add(block.position, message)
            return SweepBlock((), "grid")
        return sound

    def _axis(self, name: str, entry: Tree, param: Param | None, place: Position) -> Axis:
        if isinstance(entry.value, list):
            values, places = self._listed(name, entry, param)
            return Axis(name, values, place, places)
        if isinstance(entry.value, dict):
            return Axis(name, self._seeds(entry) if param is None else self._range(entry, param), place)
        self.problems.add(entry.position, f"sweep of {name!r} is a list [a, b] or {{from, to, count}}")
        return Axis(name, (), place)

    def _listed(self, name: str, entry: Tree, param: Param | None) -> tuple[list[Any], tuple[Position, ...]]:
        if not entry.items:
            self.problems.add(entry.position, f"sweep of {name!r} is empty: list at least one value")
        sound = []
        for item in entry.items:
            fault = param.fault(item.plain()) if param else _seed_fault(item.plain())
            if fault is None:
                sound.append(item)
            else:
                self.problems.add(item.position, f"sweep: {fault}")
        return [item.plain() for item in sound], tuple(item.position for item in sound)

    def _seeds(self, entry: Tree) -> Sequence[int]:
        """`{from: 3, to: 9}` with both ends, or `{from: 3, count: 7}`, or `{count: 7}` from 0."""
        self.unknown_keys(entry, ("from", "to", "count"), "a sweep of seeds")
        first = self.whole(entry, "from", default=0, low=0, high=MAX_SEED)
        if "to" not in entry.mapping:
            if "count" not in entry.mapping:
                self.problems.add(entry.position, "a sweep of seeds is {from, to}, {from, count} or {count}")
            return range(first, first + self.whole(entry, "count", default=1, low=1, high=MAX_VALUES))
        if "count" in entry.mapping:
            self.problems.add(entry.position, "a sweep of seeds takes to or count: every seed between is one of them")
        last = self.whole(entry, "to", default=first, low=first, high=MAX_SEED)
        if last - first >= MAX_VALUES:
            self.problems.add(entry.position, f"{last - first + 1:,} seeds; at most {MAX_VALUES:,} on an axis")
            return ()
        return range(first, last + 1)

    def _range(self, entry: Tree, param: Param) -> Sequence[Any]:
        name = param.name
        self.unknown_keys(entry, ("from", "to", "count"), "a sweep")
        if param.type not in NUMERIC_TYPES:
            self.problems.add(
                entry.position, f"{{from, to, count}} is for numbers; {name!r} is {param.type}: list its values"
            )
            return ()
        start, end = self.number(entry, "from"), self.number(entry, "to")
        count = self.whole(entry, "count", default=0, low=2, high=MAX_VALUES)
        if start is None or end is None or count < 2:
            if not {"from", "to", "count"} <= entry.mapping.keys():
                self.problems.add(
                    entry.position, "a sweep range needs from, to and count, such as {from: 0, to: 1, count: 9}"
                )
            return ()
        values = _whole_steps(start, end, count) if param.type == "int" else _EvenSteps(start, end, count)
        if not values:
            message = f"{name!r} is a whole number: {start:g} to {end:g} in {count} even steps does not stay whole"
            self.problems.add(entry.position, message)
            return ()
        for fault in {param.fault(values[0]), param.fault(values[-1])} - {None}:  # all others lie between
            self.problems.add(entry.position, f"sweep: {fault}")
            return ()
        return values


def _seed_fault(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SEED:
        return f"a seed is a whole number from 0 to {MAX_SEED}, received {as_written(value)}"
    return None


def _whole_steps(start: float, end: float, count: int) -> Sequence[int]:
    """The numbers from `start` to `end`, or none where a step is not whole."""
    step = (end - start) / (count - 1)
    if start != int(start) or step != int(step):
        return ()
    return range(int(start), int(end) + (1 if step > 0 else -1), int(step)) if step else [int(start)] * count


class _EvenSteps(Sequence[float]):
    """Inclusive even steps in decimal arithmetic, so that 0 to 0.3 in 4 gives 0.1 and not 0.09999999999999999.

    Each is computed where it is read: of a million, a check looks at a few.
    """

    def __init__(self, start: float, end: float, count: int) -> None:
        self._start, self._end = Decimal(repr(start)), Decimal(repr(end))
        self._indices = range(count)

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> list[float]: ...
    def __getitem__(self, index: int | slice) -> float | list[float]:
        if isinstance(index, slice):
            return [self._at(each) for each in self._indices[index]]
        return self._at(self._indices[index])

    def _at(self, index: int) -> float:
        return float(self._start + (self._end - self._start) * index / (len(self) - 1))
