"""What may leave the machine with a work: names of files without folders, and what pictures tell of themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from artforge.core.errors import PictureError
from artforge.core.formats.metadata import read_label
from artforge.core.provenance import parse_record
from artforge.core.steps import registered_steps
from artforge.core.values import Kind
from artforge.recipes.recipe import PATH_KINDS, Recipe

MAX_GENERATIONS = 3
"""How many records stand inside each other: of the picture, of what went into that, and of what went into those."""
MAX_INNER_RECORD = 100_000
"""Characters of the record of a source that are taken over; of a larger one only what names it is."""

_NAMING = ("artforge", "title", "creator", "rights", "licence", "source_type", "recipe_name", "output", "seed", "key")


def portable(kind: Kind | None, value: Any) -> Any:
    """A value without its folder, where it is a path: no record of a work says where on a machine it was made."""
    if isinstance(value, str) and kind is Kind.PICTURE_SOURCE and not value.startswith("embedded:"):
        return Path(value).name
    if isinstance(value, str) and kind in (Kind.PICTURE_FOLDER, Kind.COLOR_PROFILE):
        return Path(value).name
    if isinstance(value, str) and kind is Kind.MODEL and ("/" in value or "\\" in value):
        return model_label(Path(value))
    return value


def model_label(path: Path) -> str:
    """`.../hand_vs_algo/model.keras` -> `hand_vs_algo`; any other file by its own name."""
    return path.parent.name if path.name == "model.keras" and path.parent.name else path.name


def portable_text(recipe: Recipe) -> str:
    """The recipe's text with every absolute path in it cut down to the file's own name."""
    text = recipe.text
    for path in sorted(set(_absolute_paths(recipe)), key=len, reverse=True):
        text = text.replace(path, _short_name(path))
    return text


def is_absolute(path: str) -> bool:
    """Whether a path starts at a root, on any system; `~/` counts, since it names a person's own folder."""
    windows = PureWindowsPath(path)
    return PurePosixPath(path).is_absolute() or bool(windows.drive or windows.root) or path.startswith("~")


def _absolute_paths(recipe: Recipe) -> Iterator[str]:
    steps = registered_steps()
    named: list[Any] = [param.default for param in recipe.params.values() if param.type in PATH_KINDS]
    axes = (axis for block in recipe.sweep for axis in block.axes if _names(recipe, axis.name))
    named += [value for axis in axes for value in axis.values]
    named += [reference.name for reference in recipe.ops]
    named += [output.target.icc.name for output in recipe.outputs.values() if output.target.icc is not None]
    for pipe in recipe.pipes.values():
        for call in pipe.calls:
            step = steps.get(call.step)
            for name, tree in call.settings.items():
                if step is None or (name in step.settings and step.settings[name].kind in PATH_KINDS.values()):
                    named.append(tree.plain())
    return (value for value in named if isinstance(value, str) and is_absolute(value))


def _names(recipe: Recipe, param: str) -> bool:
    return param in recipe.params and recipe.params[param].type in PATH_KINDS


def _short_name(path: str) -> str:
    pure = PureWindowsPath(path) if "\\" in path else PurePosixPath(path)
    return f"{pure.parent.name}/{pure.name}" if pure.name == "model.keras" and pure.parent.name else pure.name


@lru_cache(maxsize=1024)
def own_record(path: str, sha256: str) -> dict[str, Any] | None:
    """The record that a source carries, if it is one of our works; None for every other picture.

    Args:
        path: the file.
        sha256: of its content, so that a file which changes is read again.
    """
    del sha256
    try:
        label = read_label(Path(path))
        record = parse_record(label.record, path) if label.record else None
    except PictureError:
        return None  # whatever is wrong with its metadata, the picture itself can be read
    return None if record is None else _bounded(record.model_dump(mode="json", exclude_defaults=True), 1)


def _bounded(record: dict[str, Any], generation: int) -> dict[str, Any]:
    """A record with at most `MAX_GENERATIONS` in all inside each other, and of a bounded length."""
    for ingredient in record.get("ingredients", []):
        inner = ingredient.pop("provenance", None)
        if isinstance(inner, dict) and generation + 1 < MAX_GENERATIONS:
            ingredient["provenance"] = _bounded(inner, generation + 1)
    if len(json.dumps(record)) > MAX_INNER_RECORD:
        return {name: record[name] for name in _NAMING if name in record}
    return record
