"""From the document's tree to a Recipe: the shape of the language, one function a section.

Every function notes faults and goes on, so that one look finds them all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePath
from typing import Any, Literal, cast, get_args

from artforge.core.errors import choice_message, did_you_mean
from artforge.recipes.document import Tree, parse_document
from artforge.recipes.problems import Position, Problems
from artforge.recipes.recipe import (
    FILM_FORMATS,
    NUMERIC_TYPES,
    Axis,
    Call,
    Format,
    Output,
    Param,
    ParamType,
    Per,
    Pipe,
    Recipe,
    Reference,
    SweepBlock,
)
from artforge.recipes.timeline import MAX_FRAMES, Timeline, parse_moment

LANGUAGE_VERSION = 1
RESERVED_NAMES = frozenset({"t", "frame", "frames", "i", "n", "seed", "pi", "tau"})
MAX_SEED = 2**63 - 1
MAX_VALUES = 10_000

_SECTIONS = ("artforge", "title", "description", "params", "seed", "timeline", "steps", "sweep", "outputs")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PIXELS = re.compile(r"(\d+)\s*px")
_START = Position(1, 1)
_STAND_IN = Timeline(MAX_FRAMES, 25, loop=False)  # for a timeline with a fault, so that what follows is still checked


def read_recipe(text: str, source: str, problems: Problems) -> Recipe | None:
    """Read a recipe's text; faults of shape go to `problems`.

    Args:
        text: the YAML.
        source: the name that stands in front of every fault, usually the path as it was typed.
        problems: where faults are noted.

    Returns:
        What could be read, or None where there is no recipe at all.
    """
    root = parse_document(text, problems)
    if root is None:
        return None
    if not isinstance(root.value, dict):
        problems.add(root.position, "a recipe is a mapping that starts with 'artforge: 1'")
        return None
    return _Reader(problems).recipe(root, text, source)


@dataclass
class _Reader:
    problems: Problems

    def recipe(self, root: Tree, text: str, source: str) -> Recipe:
        self._unknown_keys(root, _SECTIONS, "a recipe")
        self._version(root)
        params = self._params(root.mapping.get("params"))
        timeline = self._timeline(root.mapping.get("timeline"))
        return Recipe(
            name=PurePath(source).stem,
            source=source,
            text=text,
            title=self._text(root, "title") or PurePath(source).stem.replace("_", " "),
            description=self._text(root, "description").strip(),
            params=params,
            seed=self._whole(root, "seed", default=0, low=0, high=MAX_SEED),
            timeline=timeline,
            pipes=self._pipes(root, params),
            sweep=self._sweep(root.mapping.get("sweep"), params),
            outputs=self._outputs(root, timeline, has_sweep="sweep" in root.mapping),
        )

    # -- sections ------------------------------------------------------------------------------------------------

    def _version(self, root: Tree) -> None:
        stated = root.mapping.get("artforge")
        if stated is None:
            self.problems.add(
                _START, f"a recipe starts with 'artforge: {LANGUAGE_VERSION}' (the version of its language)"
            )
        elif stated.value != LANGUAGE_VERSION or isinstance(stated.value, bool):
            message = (
                f"language version {stated.value!r} is not known here; this artforge reads version {LANGUAGE_VERSION}"
            )
            self.problems.add(stated.position, message)

    def _params(self, section: Tree | None) -> dict[str, Param]:
        params = {}
        for name, entry in self._entries(section, "params"):
            place = _key(section, name)
            if not self._good_name(name, place, "param"):
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
        self._unknown_keys(entry, ("type", "default", "min", "max", "choices", "help"), f"param {name!r}")
        kind = self._choice(entry, "type", get_args(ParamType), f"type of param {name!r}", default=None)
        if kind is None:
            if "type" not in entry.mapping:
                allowed = ", ".join(get_args(ParamType))
                self.problems.add(place, f"param {name!r} needs a type: one of {allowed}")
            return None
        choices = tuple(str(choice.value) for choice in self._list(entry, "choices"))
        if kind == "choice" and not choices:
            self.problems.add(place, f"param {name!r} is a choice: it needs choices: [a, b, ...]")
            return None
        for bound in ("min", "max"):
            if bound in entry.mapping and kind not in NUMERIC_TYPES:
                self.problems.add(entry.key_positions[bound], f"{bound!r} belongs to numbers; param {name!r} is {kind}")
        default = entry.mapping.get("default")
        if default is None:
            self.problems.add(place, f"param {name!r} needs a default")
            return None
        param = Param(
            name,
            cast(ParamType, kind),
            default.plain(),
            self._number(entry, "min"),
            self._number(entry, "max"),
            choices,
            default.position,
        )
        fault = param.fault(param.default)
        if fault is not None:
            self.problems.add(default.position, fault)
        return param

    def _timeline(self, section: Tree | None) -> Timeline | None:
        if section is None:
            return None
        if not isinstance(section.value, dict):
            self.problems.add(section.position, "timeline is written like {duration: 6s, fps: 25, loop: true}")
            return _STAND_IN
        self._unknown_keys(section, ("duration", "fps", "loop"), "timeline")
        fps = self._number(section, "fps", default=25.0)
        loop = section.mapping.get("loop")
        if loop is not None and not isinstance(loop.value, bool):
            self.problems.add(loop.position, f"loop is true or false, received {loop.value!r}")
        duration = section.mapping.get("duration")
        if fps is None or not 0 < fps <= 240:
            self.problems.add(_value(section, "fps"), f"fps is a number above 0, at most 240, received {fps!r}")
            return _STAND_IN
        if duration is None:
            self.problems.add(section.position, "timeline needs a duration, such as 6s or 150f")
            return _STAND_IN
        num_frames = self._num_frames(duration, fps)
        return Timeline(num_frames, fps, loop is not None and loop.value is True) if num_frames else _STAND_IN

    def _num_frames(self, duration: Tree, fps: float) -> int | None:
        try:
            number, unit = parse_moment(str(duration.value))
        except ValueError:
            number, unit = 0.0, "%"
        frames = round(number * fps) if unit == "s" else round(number)
        if unit == "%" or not 1 <= frames <= MAX_FRAMES:
            form = f"seconds (6s) or frames (150f), 1 to {MAX_FRAMES} frames in all"
            message = f"duration is {form}, received {duration.plain()!r}"
            self.problems.add(duration.position, message)
            return None
        return frames

    def _pipes(self, root: Tree, params: dict[str, Param]) -> dict[str, Pipe]:
        section = root.mapping.get("steps")
        if section is None:
            self.problems.add(_START, "a recipe needs steps: a map of named pipes")
            return {}
        pipes = {}
        for name, entry in self._entries(section, "steps"):
            place = _key(section, name)
            self._good_name(name, place, "pipe")
            if name in params:
                self.problems.add(
                    place, f"{name!r} is a param and a pipe at once; ${name} could mean either. Rename one"
                )
            if not isinstance(entry.value, list) or not entry.value:
                self.problems.add(entry.position, f"pipe {name!r} is a list of steps, each '- step: {{settings}}'")
                pipes[name] = Pipe(name, None, (), place)
                continue
            pipes[name] = self._pipe(name, entry.items, place)
        return pipes

    def _pipe(self, name: str, items: Sequence[Tree], place: Position) -> Pipe:
        start: Reference | None = None
        calls = []
        for index, item in enumerate(items):
            if isinstance(item.value, str) and item.value.startswith("$"):
                if index == 0:
                    start = Reference(item.value[1:], item.position)
                else:
                    self.problems.add(
                        item.position, f"{item.value} stands in the middle of a pipe: only its start can be one"
                    )
                continue
            call = self._call(item)
            if call is not None:
                calls.append(call)
        return Pipe(name, start, tuple(calls), place)

    def _call(self, item: Tree) -> Call | None:
        if isinstance(item.value, str):
            return Call(item.value, {}, {}, item.position)
        if not isinstance(item.value, dict) or len(item.value) != 1:
            self.problems.add(item.position, "a step is written '- name' or '- name: {setting: value}', one a line")
            return None
        (step, settings), place = next(iter(item.value.items())), next(iter(item.key_positions.values()))
        if settings.value is None:
            return Call(step, {}, {}, place)
        if not isinstance(settings.value, dict):
            self.problems.add(settings.position, f"the settings of {step!r} are a mapping: {step}: {{setting: value}}")
            return Call(step, {}, {}, place)
        return Call(step, settings.value, settings.key_positions, place)

    def _sweep(self, section: Tree | None, params: dict[str, Param]) -> tuple[SweepBlock, ...]:
        if section is None:
            return ()
        blocks = section.items if isinstance(section.value, list) else [section]
        read = [self._sweep_block(block, params) for block in blocks]
        return tuple(block for block in read if block.axes)

    def _sweep_block(self, block: Tree, params: dict[str, Param]) -> SweepBlock:
        if not isinstance(block.value, dict):
            self.problems.add(block.position, "sweep maps params to values: {intensity: {from: 0, to: 1, count: 9}}")
            return SweepBlock((), "grid")
        mode = self._choice(block, "mode", ("grid", "zip"), "sweep mode", default="grid") or "grid"
        axes = []
        for name, entry in block.mapping.items():
            if name == "mode":
                continue
            place = block.key_positions[name]
            if name != "seed" and name not in params:
                known = [*params, "seed"]
                self.problems.add(place, f"sweep: there is no param {name!r}{did_you_mean(name, known)}")
                continue
            axes.append(self._axis(name, entry, params.get(name), place))
        if mode == "zip" and len({len(axis.values) for axis in axes}) > 1:
            counts = ", ".join(f"{axis.name}: {len(axis.values)}" for axis in axes)
            self.problems.add(block.position, f"mode zip wants as many values on every axis, received {counts}")
        return SweepBlock(tuple(axis for axis in axes if axis.values), cast(Literal["grid", "zip"], mode))

    def _axis(self, name: str, entry: Tree, param: Param | None, place: Position) -> Axis:
        if isinstance(entry.value, list):
            values = [(item.plain(), item.position) for item in entry.items]
        elif isinstance(entry.value, dict):
            values = [(value, entry.position) for value in self._range(entry, name, param)]
        else:
            self.problems.add(entry.position, f"sweep of {name!r} is a list [a, b] or {{from, to, count}}")
            values = []
        for value, value_place in values:
            fault = param.fault(value) if param else _seed_fault(value)
            if fault is not None:
                self.problems.add(value_place, f"sweep: {fault}")
        return Axis(name, tuple(value for value, _ in values), place)

    def _range(self, entry: Tree, name: str, param: Param | None) -> list[Any]:
        if name == "seed":
            self._unknown_keys(entry, ("from", "count"), "a sweep of seeds")
            first = self._whole(entry, "from", default=0, low=0, high=MAX_SEED)
            return [first + index for index in range(self._whole(entry, "count", default=1, low=1, high=MAX_VALUES))]
        self._unknown_keys(entry, ("from", "to", "count"), "a sweep")
        if param is not None and param.type not in NUMERIC_TYPES:
            self.problems.add(
                entry.position, f"{{from, to, count}} is for numbers; {name!r} is {param.type}: list its values"
            )
            return []
        start, end = self._number(entry, "from"), self._number(entry, "to")
        count = self._whole(entry, "count", default=0, low=2, high=MAX_VALUES)
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

    def _outputs(self, root: Tree, timeline: Timeline | None, *, has_sweep: bool) -> dict[str, Output]:
        section = root.mapping.get("outputs")
        if section is None:
            self.problems.add(_START, "a recipe needs outputs, such as {still: {from: $art, formats: [png]}}")
            return {}
        outputs = {}
        for name, entry in self._entries(section, "outputs"):
            place = _key(section, name)
            self._good_name(name, place, "output")
            if not isinstance(entry.value, dict):
                self.problems.add(entry.position, f"output {name!r} is written like {{from: $art, formats: [png]}}")
                continue
            output = self._output(name, entry, place, timeline, has_sweep=has_sweep)
            if output is not None:
                outputs[name] = output
        return outputs

    def _output(
        self, name: str, entry: Tree, place: Position, timeline: Timeline | None, *, has_sweep: bool
    ) -> Output | None:
        known = ("from", "per", "formats", "size", "at", "grid", "cell", "labels")
        self._unknown_keys(entry, known, f"output {name!r}")
        per = self._choice(entry, "per", get_args(Per), f"per of output {name!r}", default="variant")
        formats = self._formats(entry, name, timeline)
        source = entry.mapping.get("from")
        if source is None or not isinstance(source.value, str) or not source.value.startswith("$"):
            where = source.position if source else place
            self.problems.add(where, f"output {name!r} needs 'from: $pipe', the pipe that it shows")
            return None
        if per == "sweep":
            if not has_sweep:
                self.problems.add(_value(entry, "per"), f"output {name!r} is per sweep, but the recipe sweeps nothing")
            for film in FILM_FORMATS.intersection(formats):
                self.problems.add(
                    _value(entry, "formats"), f"a contact sheet (per: sweep) is a still: {film} cannot hold it"
                )
        else:
            for key in ("grid", "cell", "labels"):
                if key in entry.mapping:
                    self.problems.add(entry.key_positions[key], f"{key!r} belongs to a contact sheet: set per: sweep")
        columns, across = self._grid(entry)
        labels = entry.mapping.get("labels")
        if labels is not None and not isinstance(labels.value, bool):
            self.problems.add(labels.position, f"labels is true or false, received {labels.value!r}")
        return Output(
            name=name,
            source=Reference(source.value[1:], source.position),
            per=cast(Per, per or "variant"),
            formats=formats,
            long_edge=self._pixels(entry, "size"),
            moment=self._moment(entry, timeline),
            columns=columns,
            across=across,
            cell=self._pixels(entry, "cell") or 480,
            labels=labels is None or labels.value is True,
            position=place,
        )

    def _formats(self, entry: Tree, name: str, timeline: Timeline | None) -> tuple[Format, ...]:
        listed = entry.mapping.get("formats")
        if listed is None:
            return ("png",)
        if not isinstance(listed.value, list) or not listed.value:
            self.problems.add(listed.position, "formats is a list, such as [png] or [mp4, gif]")
            return ("png",)
        formats: list[Format] = []
        for item in listed.items:
            if item.value not in get_args(Format):
                self.problems.add(item.position, choice_message("format", str(item.value), get_args(Format)))
            elif item.value in FILM_FORMATS and timeline is None:
                self.problems.add(
                    item.position, f"output {name!r}: {item.value} is a film, but the recipe has no timeline"
                )
            elif item.value not in formats:
                formats.append(cast(Format, item.value))
        return tuple(formats)

    def _grid(self, entry: Tree) -> tuple[int | None, tuple[str, ...]]:
        grid = entry.mapping.get("grid")
        if grid is None:
            return None, ()
        if not isinstance(grid.value, dict):
            self.problems.add(grid.position, "grid is written like {x: intensity} or {columns: 3}")
            return None, ()
        self._unknown_keys(grid, ("x", "y", "columns"), "grid")
        columns = self._whole(grid, "columns", default=0, low=1, high=100) if "columns" in grid.mapping else None
        across = tuple(str(grid.mapping[axis].value) for axis in ("x", "y") if axis in grid.mapping)
        return columns, across

    def _moment(self, entry: Tree, timeline: Timeline | None) -> float:
        at = entry.mapping.get("at")
        if at is None:
            return 0.0
        if timeline is None:
            self.problems.add(at.position, "'at' chooses a moment of the timeline, but the recipe has none")
            return 0.0
        try:
            share = timeline.share(str(at.value))
        except ValueError as error:
            self.problems.add(at.position, str(error))
            return 0.0
        if not 0 <= share <= 1:
            self.problems.add(at.position, f"{at.value} lies outside the timeline ({timeline.duration:g}s)")
        return share

    # -- small readers -------------------------------------------------------------------------------------------

    def _entries(self, section: Tree | None, what: str) -> list[tuple[str, Tree]]:
        if section is None:
            return []
        if not isinstance(section.value, dict) or not section.value:
            self.problems.add(section.position, f"{what} is a map of names, and holds at least one")
            return []
        return list(section.value.items())

    def _unknown_keys(self, tree: Tree, known: Sequence[str], what: str) -> None:
        for key, place in tree.key_positions.items():
            if key not in known:
                message = f"{what} has no {key!r}{did_you_mean(key, known)} (known: {', '.join(known)})"
                self.problems.add(place, message)

    def _good_name(self, name: str, place: Position, what: str) -> bool:
        if not _NAME.fullmatch(name):
            self.problems.add(place, f"{what} name {name!r}: letters, digits and _ only, not starting with a digit")
            return False
        if name in RESERVED_NAMES:
            self.problems.add(
                place, f"{what} name {name!r} is taken: {', '.join(sorted(RESERVED_NAMES))} have a meaning"
            )
            return False
        return True

    def _text(self, tree: Tree, key: str) -> str:
        entry = tree.mapping.get(key)
        if entry is None:
            return ""
        if not isinstance(entry.value, str):
            self.problems.add(entry.position, f"{key} is text, received {entry.plain()!r}: put it in quotes")
            return ""
        return entry.value

    def _list(self, tree: Tree, key: str) -> list[Tree]:
        entry = tree.mapping.get(key)
        if entry is not None and not isinstance(entry.value, list):
            self.problems.add(entry.position, f"{key} is a list: [a, b]")
        return entry.items if entry else []

    def _number(self, tree: Tree, key: str, default: float | None = None) -> float | None:
        entry = tree.mapping.get(key)
        if entry is None:
            return default
        if isinstance(entry.value, bool) or not isinstance(entry.value, int | float) or not math.isfinite(entry.value):
            self.problems.add(entry.position, f"{key} is a number, received {entry.plain()!r}")
            return default
        return entry.value

    def _whole(self, tree: Tree, key: str, *, default: int, low: int, high: int) -> int:
        entry = tree.mapping.get(key)
        if entry is None:
            return default
        if isinstance(entry.value, bool) or not isinstance(entry.value, int) or not low <= entry.value <= high:
            self.problems.add(
                entry.position, f"{key} is a whole number from {low} to {high}, received {entry.plain()!r}"
            )
            return default
        return entry.value

    def _choice(self, tree: Tree, key: str, allowed: Sequence[str], what: str, default: str | None) -> str | None:
        entry = tree.mapping.get(key)
        if entry is None:
            return default
        if entry.value not in allowed:
            self.problems.add(entry.position, choice_message(what, str(entry.plain()), allowed))
            return None
        return str(entry.value)

    def _pixels(self, tree: Tree, key: str) -> int | None:
        entry = tree.mapping.get(key)
        if entry is None or entry.value == "native":
            return None
        found = _PIXELS.fullmatch(str(entry.value))
        if found is None or not 16 <= int(found[1]) <= 32768:
            message = (
                f"{key} is 'native' or a long edge from 16px to 32768px, such as 1080px, received {entry.plain()!r}"
            )
            self.problems.add(entry.position, message)
            return None
        return int(found[1])


def _key(section: Tree | None, name: str) -> Position:
    return section.key_positions.get(name, section.position) if section else _START


def _value(tree: Tree, key: str) -> Position:
    return tree.mapping[key].position if key in tree.mapping else tree.position


def _seed_fault(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SEED:
        return f"a seed is a whole number from 0 to {MAX_SEED}, received {value!r}"
    return None


def _evenly(start: float, end: float, count: int) -> list[float]:
    """Inclusive even steps in decimal arithmetic, so that 0 to 0.3 in 4 gives 0.1 and not 0.09999999999999999."""
    first, last = Decimal(repr(start)), Decimal(repr(end))
    return [float(first + (last - first) * index / (count - 1)) for index in range(count)]
