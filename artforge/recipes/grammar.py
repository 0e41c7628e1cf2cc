"""From the document's tree to a Recipe: the shape of the language, one function a section.

Every function notes faults and goes on, so that one look finds them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from artforge.core.problems import Position, Problems
from artforge.core.wording import as_written
from artforge.core.yaml_tree import Tree
from artforge.recipes.assigning import assign
from artforge.recipes.document import to_yaml
from artforge.recipes.extending import read_whole
from artforge.recipes.output_grammar import OutputReader
from artforge.recipes.param_grammar import ParamReader
from artforge.recipes.readers import MAX_SEED, START, Readers, key_place, value_place
from artforge.recipes.recipe import Call, Param, Pipe, Recipe, Reference
from artforge.recipes.sweep_grammar import SweepReader
from artforge.recipes.timeline_grammar import TimelineReader
from artforge.recipes.trust import Trust

LANGUAGE_VERSION = 1

SECTIONS = (
    "artforge",
    "extends",
    "title",
    "description",
    "creator",
    "rights",
    "licence",
    "params",
    "seed",
    "timeline",
    "ops",
    "steps",
    "sweep",
    "outputs",
)


def read_recipe(
    text: str, source: str, problems: Problems, *, places: Mapping[str, str] | None = None, trust: Trust | None = None
) -> Recipe | None:
    """Read a recipe's text; faults of shape go to `problems`.

    Args:
        text: the YAML.
        source: the name that stands in front of every fault, usually the path as it was typed.
        problems: where faults are noted.
        places: what the command line sets, by path: `{"timeline.fps": "12"}`.
        trust: which files it may name; any, where nothing is said.

    Returns:
        What could be read, or None where there is no recipe at all.

    Raises:
        UsageError: a place that the recipe does not have.
    """
    root, extends = read_whole(text, source, problems, trust or Trust())
    if root is None:
        return None
    if not isinstance(root.value, dict):
        problems.add(root.position, "a recipe is a mapping that starts with 'artforge: 1'")
        return None
    for path, value in (places or {}).items():
        root = assign(root, path, value, problems)
    return _Reader(problems).recipe(root, to_yaml(root) if extends or places else text, source)


class _Reader(Readers):
    """Reads a whole recipe."""

    def recipe(self, root: Tree, text: str, source: str) -> Recipe:
        self.unknown_keys(root, SECTIONS, "a recipe")
        self._version(root)
        params = ParamReader(self.problems).params(root.mapping.get("params"))
        timeline = TimelineReader(self.problems).timeline(root.mapping.get("timeline"))
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
            ops=self._ops(root),
            creator=self.text(root, "creator"),
            rights=self.text(root, "rights"),
            licence=self.text(root, "licence"),
        )

    def _version(self, root: Tree) -> None:
        stated = root.mapping.get("artforge")
        if stated is None:
            self.problems.add(
                START, f"a recipe starts with 'artforge: {LANGUAGE_VERSION}' (the version of its language)"
            )
        elif stated.value != LANGUAGE_VERSION or isinstance(stated.value, bool):
            message = (
                f"language version {stated.plain()!r} is not known here; this artforge reads version {LANGUAGE_VERSION}"
            )
            self.problems.add(stated.position, message)

    def _ops(self, root: Tree) -> tuple[Reference, ...]:
        listed = root.mapping.get("ops")
        if listed is None:
            return ()
        files = []
        for item in listed.items if isinstance(listed.value, list) else [listed]:
            if isinstance(item.value, str) and item.value.endswith(".py"):
                files.append(Reference(item.value, item.position))
            else:
                message = f"ops names Python files, such as 'ops: ./my_ops.py', received {as_written(item.plain())}"
                self.problems.add(item.position, message)
        return tuple(files)

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
