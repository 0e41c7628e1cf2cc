"""A recipe for one finished work alone: every dial at the value that made it, its files named from where they are."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from artforge.core.provenance import Provenance
from artforge.core.steps import registered_steps
from artforge.core.values import Kind
from artforge.recipes.embedded_recipe import read_embedded, to_text
from artforge.recipes.ingredients import Found, find_ingredients, shipped_model
from artforge.recipes.portable import portable
from artforge.recipes.provenance import label_of
from artforge.recipes.recipe import PATH_KINDS
from artforge.recipes.steps import load_steps
from artforge.recipes.templates import fill_template, template_fault

_ROLES = {
    Kind.PICTURE_SOURCE: "picture",
    Kind.PICTURE_FOLDER: "folder",
    Kind.MODEL: "model",
    Kind.COLOR_PROFILE: "profile",
}
_COUNTED = re.compile(r"^\s*=.*\b[in]\b|\{[in][:}]")
"""A setting that reads the number of its variant, or how many there are."""


@dataclass(frozen=True)
class Frozen:
    """A recipe of one work.

    Attributes:
        text: YAML, to be written into the folder that it was made for.
        doubts: why rendering it might give another picture, in sentences; none where it gives the same.
    """

    text: str
    doubts: tuple[str, ...]


def freeze(provenance: Provenance, folder: Path, beside: Path, places: Sequence[Path]) -> Frozen:
    """Write down the recipe of a work so that rendering it gives that work again.

    A sweep is left out, and its params stand at the values of this work, unless the work shows the whole sweep.

    Args:
        provenance: the record of the work, perhaps a stranger's: no path of its own choosing is taken over.
        folder: where the recipe is to stand; its paths start there.
        beside: the folder of the work, where its ingredients may lie.
        places: further folders that are looked through for them.

    Raises:
        PictureError: the record holds no recipe that can be read.
    """
    load_steps()
    data = read_embedded(provenance)
    found, missing = find_ingredients(provenance.ingredients, beside, places)
    files = _Files(folder, found, {**provenance.params, "seed": provenance.seed})
    doubts = [f"{one.name} ({one.role}, sha256 {one.sha256[:12]}) was not found" for one in missing]
    doubts += [f"{one.ingredient.name} has another content than it had" for one in found if not one.exact]
    counted = any(_COUNTED.search(text) for text in _texts(data["steps"]))
    if counted and provenance.kind != "sheet":
        doubts.append("it counts its variants, so the whole sweep stays: this work is one of them")
    if provenance.preview:
        doubts.append("the work is a preview: render with --preview for the same size")
    free = _swept(provenance) if counted or provenance.kind == "sheet" else set()
    params = _turned(data.get("params"), provenance, files, free)
    frozen = {**data, "params": params, "steps": _moved_steps(data["steps"], files)}
    if "seed" not in free:
        frozen["seed"] = provenance.seed
    if not free:
        frozen.pop("sweep", None)
    elif "sweep" in data:
        frozen["sweep"] = _moved_sweep(data["sweep"], params, free, files)
    if isinstance(data.get("outputs"), dict):
        frozen["outputs"] = _moved_outputs(data["outputs"], files)
    if data.get("ops"):
        frozen["ops"] = files.ops(data["ops"])
    return Frozen(_heading(provenance, doubts) + to_text(_without_empty(frozen)), tuple(doubts))


def _swept(provenance: Provenance) -> set[str]:
    """What a sweep that stays turns by itself: in a contact sheet not the picture that the sheet is of."""
    if provenance.kind == "sheet":
        return {name for each in provenance.sweep for name in each} - set(provenance.variant)
    return set(provenance.variant)


@dataclass(frozen=True)
class _Files:
    """Where a path of the recipe leads now."""

    folder: Path
    found: Sequence[Found]
    values: Mapping[str, Any]

    def moved(self, kind: Kind, path: Any) -> Any:
        """A path as it is written in a recipe in `folder`; a name that comes with artforge stays."""
        if isinstance(path, list):
            return [self.moved(kind, each) for each in path]
        if not isinstance(path, str) or path.startswith(("$", "=", "embedded:")):
            return path
        if kind is Kind.MODEL and shipped_model(path) is not None:
            return path
        filled = fill_template(path, self.values) if template_fault(path, self.values) is None else path
        name = portable(kind, filled if kind is not Kind.MODEL else f"./{filled}")
        for one in self.found:
            if (one.ingredient.role, one.ingredient.name) == (_ROLES[kind], name):
                return self._from_here(one.path)
        return name

    def ops(self, names: Any) -> list[str]:
        """Python files of the artist's own, which lie where the other recipes are."""
        listed = [PurePosixPath(name).name for name in (names if isinstance(names, list) else [names])]
        return [f"../{name}" if (self.folder.parent / name).is_file() else name for name in listed]

    def _from_here(self, path: Path) -> str:
        return Path(os.path.relpath(path.resolve(), self.folder.resolve())).as_posix()


def _turned(params: Any, provenance: Provenance, files: _Files, free: Collection[str]) -> dict[str, Any]:
    """The params with the values of the work as their defaults; those that are `free` stay as they are."""
    turned = {}
    for name, param in params.items() if isinstance(params, dict) else []:
        default = param.get("default")
        value = default if name in free else provenance.params.get(name, default)
        kind = PATH_KINDS.get(str(param.get("type")))
        turned[name] = {**param, "default": files.moved(kind, value) if kind else value}
    return turned


def _moved_outputs(outputs: dict[str, Any], files: _Files) -> dict[str, Any]:
    return {
        name: {**output, "icc": files.moved(Kind.COLOR_PROFILE, output["icc"])}
        if isinstance(output, dict) and "icc" in output
        else output
        for name, output in outputs.items()
    }


def _moved_steps(pipes: dict[str, Any], files: _Files) -> dict[str, Any]:
    steps = registered_steps()

    def moved(step: str, settings: Any) -> Any:
        if step not in steps or not isinstance(settings, dict):
            return settings
        kinds = {name: setting.kind for name, setting in steps[step].settings.items() if setting.kind in _ROLES}
        return {name: files.moved(kinds[name], value) if name in kinds else value for name, value in settings.items()}

    def moved_call(call: Any) -> Any:
        return {step: moved(step, settings) for step, settings in call.items()} if isinstance(call, dict) else call

    return {name: [*map(moved_call, pipe)] if isinstance(pipe, list) else pipe for name, pipe in pipes.items()}


def _moved_sweep(sweep: Any, params: Mapping[str, Any], free: Collection[str], files: _Files) -> Any:
    """The sweep without the axes that the command line had fixed."""
    if isinstance(sweep, list):
        blocks = [_moved_sweep(block, params, free, files) for block in sweep]
        return [block for block in blocks if block.keys() - {"mode"}]
    kinds = {name: PATH_KINDS.get(str(param.get("type"))) for name, param in params.items()}
    return {
        name: files.moved(kind, value) if (kind := kinds.get(name)) else value
        for name, value in sweep.items()
        if name in free or name == "mode"
    }


def _heading(provenance: Provenance, doubts: Sequence[str]) -> str:
    told = label_of(provenance.variant)
    lines = [f"{provenance.title or provenance.recipe_name}{f', {told}' if told else ''}", *doubts]
    return "".join(f"# {_one_line(line)}\n" for line in lines)


def _one_line(text: str) -> str:
    """A comment ends where its line does, and takes no control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _without_empty(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value not in ({}, [], None)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from _texts(each)
