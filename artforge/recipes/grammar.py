"""From the document's tree to a Recipe: the shape of the language, one function a section.

Every function notes faults and goes on, so that one look finds them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import cast, get_args

from artforge.recipes.document import Tree, parse_document
from artforge.recipes.output_grammar import OutputReader
from artforge.recipes.problems import Position, Problems
from artforge.recipes.readers import MAX_SEED, START, Readers, key_place, value_place
from artforge.recipes.recipe import (
    NUMERIC_TYPES,
    Call,
    Param,
    ParamType,
    Pipe,
    Recipe,
    Reference,
)
from artforge.recipes.sweep_grammar import SweepReader
from artforge.recipes.timeline import MAX_FRAMES, Timeline, parse_moment

LANGUAGE_VERSION = 1

_SECTIONS = ("artforge", "title", "description", "params", "seed", "timeline", "steps", "sweep", "outputs")
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


class _Reader(Readers):
    """Reads a whole recipe."""

    def recipe(self, root: Tree, text: str, source: str) -> Recipe:
        self.unknown_keys(root, _SECTIONS, "a recipe")
        self._version(root)
        params = self._params(root.mapping.get("params"))
        timeline = self._timeline(root.mapping.get("timeline"))
        return Recipe(
            name=PurePath(source).stem,
            source=source,
            text=text,
            title=self.text(root, "title") or PurePath(source).stem.replace("_", " "),
            description=self.text(root, "description").strip(),
            params=params,
            seed=self.whole(root, "seed", default=0, low=0, high=MAX_SEED),
            timeline=timeline,
            pipes=self._pipes(root, params),
            sweep=SweepReader(self.problems).sweep(root.mapping.get("sweep"), params),
            outputs=OutputReader(self.problems).outputs(root, timeline, has_sweep="sweep" in root.mapping),
            text_positions={key: value_place(root, key) for key in ("title", "description")},
        )

    def _version(self, root: Tree) -> None:
        stated = root.mapping.get("artforge")
        if stated is None:
            self.problems.add(
                START, f"a recipe starts with 'artforge: {LANGUAGE_VERSION}' (the version of its language)"
            )
        elif stated.value != LANGUAGE_VERSION or isinstance(stated.value, bool):
            message = (
                f"language version {stated.value!r} is not known here; this artforge reads version {LANGUAGE_VERSION}"
            )
            self.problems.add(stated.position, message)

    def _params(self, section: Tree | None) -> dict[str, Param]:
        params = {}
        for name, entry in self.entries(section, "params"):
            place = key_place(section, name)
            if not self.good_name(name, place, "param"):
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
        self.unknown_keys(entry, ("type", "default", "min", "max", "choices", "help"), f"param {name!r}")
        kind = self.choice(entry, "type", get_args(ParamType), f"type of param {name!r}", default=None)
        if kind is None:
            if "type" not in entry.mapping:
                allowed = ", ".join(get_args(ParamType))
                self.problems.add(place, f"param {name!r} needs a type: one of {allowed}")
            return None
        choices = tuple(str(choice.value) for choice in self.list(entry, "choices"))
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
            self.number(entry, "min"),
            self.number(entry, "max"),
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
        self.unknown_keys(section, ("duration", "fps", "loop"), "timeline")
        fps = self.number(section, "fps", default=25.0)
        loop = section.mapping.get("loop")
        if loop is not None and not isinstance(loop.value, bool):
            self.problems.add(loop.position, f"loop is true or false, received {loop.value!r}")
        duration = section.mapping.get("duration")
        if fps is None or not 0 < fps <= 240:
            self.problems.add(value_place(section, "fps"), f"fps is a number above 0, at most 240, received {fps!r}")
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
            self.problems.add(START, "a recipe needs steps: a map of named pipes")
            return {}
        pipes = {}
        for name, entry in self.entries(section, "steps"):
            place = key_place(section, name)
            self.good_name(name, place, "pipe")
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
