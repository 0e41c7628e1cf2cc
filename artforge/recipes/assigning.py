"""`--set timeline.fps=12`: any place of a recipe set from the command line, by its path."""

from __future__ import annotations

from dataclasses import replace

from artforge.core.errors import UsageError, did_you_mean
from artforge.core.problems import Position, Problems
from artforge.core.yaml_tree import Tree
from artforge.recipes.document import parse_document

PLAIN_SECTIONS = ("title", "description", "creator", "rights", "licence", "timeline", "sweep")
"""Sections that are set by their bare name."""

_DROP_DEPTHS = {"timeline": 2, "sweep": 2, "outputs": 3, "params": 2, "steps": 2}
"""How deep below a section `null` drops what stands there; any deeper it is a value, such as no class at all."""


def assign(root: Tree, path: str, text: str, problems: Problems) -> Tree:
    """The recipe with another value at one place.

    Args:
        root: the recipe's tree.
        path: names with dots between them: `timeline.fps`, `outputs.still.size`, `sweep.intensity.count`, and for a
            setting the pipe, the step (`blend#2` the second of that name) and the setting: `steps.glow.blend.opacity`.
        text: the value, read as YAML; `null` drops a section, a name of it, or what an output says.
        problems: where faults are noted; the value's positions carry the words of the command line.

    Raises:
        UsageError: there is no such place; the nearest name is told.
    """
    file = f"--set {path}"
    problems.add_file(file, text)
    plain = not text or text.startswith("#")  # a colour, which YAML would take for a comment
    value = Tree(text, Position(1, 1, max(1, len(text)), file)) if plain else parse_document(text, problems, file)
    if value is None:
        return root
    names = path.split(".")
    dropped = value.value is None and len(names) <= _DROP_DEPTHS.get(names[0], 1)
    return _at(root, names, None if dropped else value, path)


def _at(tree: Tree, names: list[str], value: Tree | None, path: str) -> Tree:
    """The tree with `value` at a path of names; None drops what stands there."""
    name, *below = names
    if isinstance(tree.value, list):
        places = _calls(tree)
        index = places.get(name)
        if index is None:
            raise UsageError(f"--set {path}: {_unknown(name, list(places))}")
        items = list(tree.value)
        call = items[index]
        if isinstance(call.value, str):  # a step without settings yet
            call = Tree({call.value: Tree(None, call.position)}, call.position, {call.value: call.position})
        items[index] = _at(call, [next(iter(call.mapping)), *below], value, path)
        return replace(tree, value=items)
    if not below:
        if not isinstance(tree.value, dict) and tree.value is not None:
            raise UsageError(f"--set {path}: {tree.value!r} stands there, which has no {name!r}")
        if value is None:
            return _without(tree, name, path)
        places_of_keys = {**tree.key_positions, name: tree.key_positions.get(name, value.position)}
        return Tree({**tree.mapping, name: value}, tree.position, places_of_keys)
    if name not in tree.mapping:
        raise UsageError(f"--set {path}: {_unknown(name, list(tree.mapping))}")
    return replace(tree, value={**tree.mapping, name: _at(tree.mapping[name], below, value, path)})


def _without(tree: Tree, name: str, path: str) -> Tree:
    if name not in tree.mapping:
        raise UsageError(f"--set {path}: {_unknown(name, list(tree.mapping))}")
    return replace(tree, value={key: entry for key, entry in tree.mapping.items() if key != name})


def _calls(pipe: Tree) -> dict[str, int]:
    """Where each call of a pipe stands: `blend` the first of that name, `blend#2` the second."""
    places: dict[str, int] = {}
    for index, item in enumerate(pipe.items):
        step = item.value if isinstance(item.value, str) else next(iter(item.mapping), "")
        earlier = sum(name.partition("#")[0] == step for name in places)
        places[f"{step}#{earlier + 1}" if earlier else step] = index
    return places


def _unknown(name: str, known: list[str]) -> str:
    return f"there is no {name!r} there{did_you_mean(name, known)} (known: {', '.join(known) or 'nothing'})"
