"""A stranger's recipe in a folder of its own, with the files that it reads at the paths where it looks for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from artforge.core.errors import UsageError
from artforge.core.pictures import pictures_in
from artforge.core.provenance import Provenance
from artforge.core.steps import registered_steps
from artforge.core.values import Kind
from artforge.engine.models.card import card_path, has_card
from artforge.recipes.ingredients import Found, shipped_model
from artforge.recipes.portable import is_absolute, portable
from artforge.recipes.recipe import PATH_KINDS

MAX_CLIMB = 16
"""How many folders up a recipe's paths may lead."""

_ROLES = {
    Kind.PICTURE_SOURCE: "picture",
    Kind.PICTURE_FOLDER: "folder",
    Kind.MODEL: "model",
    Kind.COLOR_PROFILE: "profile",
}


@dataclass(frozen=True)
class Stage:
    """Where a recipe is put up.

    Attributes:
        project: the folder that none of its paths may leave.
        found: what stands for its ingredients.
        given: what the person sets params of pictures and models to.
    """

    project: Path
    found: Sequence[Found]
    given: Mapping[str, str]

    def set_up(self, data: dict[str, Any], provenance: Provenance) -> tuple[dict[str, Any], Path]:
        """Put files where the recipe reads them.

        Returns:
            The recipe as it is to be checked, and the folder it is to stand in.
        """
        data = self._with_set_paths(data, provenance)
        paths = [(kind, path) for kind, path in _paths(data) if not is_absolute(path)]  # those are refused by the check
        climb = max((PurePosixPath(path).parts.count("..") for _, path in paths), default=0)
        if climb > MAX_CLIMB:
            raise UsageError(f"the recipe inside leads {climb} folders up, more than {MAX_CLIMB}")
        home = self.project.joinpath(*["recipe"] * (climb + 1))
        home.mkdir(parents=True)
        for kind, path in paths:
            self._put(kind, path, home, provenance)
        return data, home

    def _with_set_paths(self, data: dict[str, Any], provenance: Provenance) -> dict[str, Any]:
        """Params that name other files than the recipe says, as the record or the person has them."""
        params = data.get("params")
        if not isinstance(params, dict):
            return data
        changed = dict(params)
        for name, param in params.items():
            kind = PATH_KINDS.get(str(param.get("type"))) if isinstance(param, dict) else None
            recorded = provenance.params.get(name)
            if kind is None:
                continue
            if name in self.given:
                value = self.given[name]
                path = value if _needs_no_file(kind, value) else f"set/{name}/{Path(value).name}"
                changed[name] = {**param, "default": path}
            elif (
                isinstance(recorded, str)
                and not _is_swept(provenance, name)
                and portable(kind, param.get("default")) != recorded
            ):
                path = recorded if _needs_no_file(kind, recorded) else f"set/{name}/{recorded}"
                changed[name] = {**param, "default": path}
        return {**data, "params": changed}

    def _put(self, kind: Kind, path: str, home: Path, provenance: Provenance) -> None:
        place = Path(os.path.normpath(home / path))
        if _needs_no_file(kind, path) or not place.is_relative_to(self.project) or place.exists():
            return
        parts = PurePosixPath(path).parts
        _make_way(home, parts[:-1])
        if len(parts) == 3 and parts[0] == "set" and parts[1] in self.given:
            given = Path(self.given[parts[1]])
            is_run = kind is Kind.MODEL and given.is_dir()
            _link_all(given / "model.keras" if is_run else given, place / "model.keras" if is_run else place)
            return
        name = portable(kind, path if kind is not Kind.MODEL else f"./{path}")
        for one in self.found:
            if one.ingredient.role == _ROLES[kind] and one.ingredient.name == name:
                is_folder = kind is Kind.MODEL and place.suffix == ""
                _link_all(one.path, place / "model.keras" if is_folder else place)
                return
        if kind is Kind.PICTURE_SOURCE and not place.suffix:  # a folder of sources, of which the work shows some
            shown = {str(value) for value in provenance.variant.values()}
            for one in self.found:
                if one.ingredient.role == "picture" and one.ingredient.name in shown:
                    _link_all(one.path, place / one.ingredient.name)


def _paths(data: dict[str, Any]) -> Iterator[tuple[Kind, str]]:
    """Every file or folder that the recipe names, with what it is."""
    written = data.get("params")
    params: dict[str, Any] = written if isinstance(written, dict) else {}
    kinds = {
        name: PATH_KINDS[str(param.get("type"))]
        for name, param in params.items()
        if isinstance(param, dict) and str(param.get("type")) in PATH_KINDS
    }
    for name, kind in kinds.items():
        yield from _each(kind, params[name].get("default"))
        for block in _blocks(data.get("sweep")):
            yield from _each(kind, block.get(name))
    outputs = data.get("outputs")
    for output in outputs.values() if isinstance(outputs, dict) else []:
        yield from _each(Kind.COLOR_PROFILE, output.get("icc") if isinstance(output, dict) else None)
    steps = registered_steps()
    for pipe in data["steps"].values():
        for call in pipe if isinstance(pipe, list) else []:
            for step_name, settings in call.items() if isinstance(call, dict) else []:
                step = steps.get(step_name)
                if step is None or not isinstance(settings, dict):
                    continue
                for name, value in settings.items():
                    setting = step.settings.get(name)
                    if setting is not None and setting.kind in _ROLES:
                        yield from _each(setting.kind, value)


def _blocks(sweep: Any) -> Iterator[dict[str, Any]]:
    for block in sweep if isinstance(sweep, list) else [sweep]:
        if isinstance(block, dict):
            yield block


def _each(kind: Kind, value: Any) -> Iterator[tuple[Kind, str]]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str) and one and not one.startswith(("$", "=")) and "\0" not in one:
            yield kind, one


def _make_way(home: Path, parts: Sequence[str]) -> None:
    """Folders that a path goes through, those that it leaves again too: `more/../two.png` needs `more`."""
    place = home
    for part in parts:
        place = place.parent if part == ".." else place / part
        place.mkdir(parents=True, exist_ok=True)


def _needs_no_file(kind: Kind, value: str) -> bool:
    """Whether it comes with artforge."""
    return value.startswith("embedded:") or (kind is Kind.MODEL and shipped_model(value) is not None)


def _is_swept(provenance: Provenance, name: str) -> bool:
    """Whether a param's value is one of a sweep's, or one of a folder of pictures."""
    return name in provenance.variant or any(name in swept for swept in provenance.sweep)


def _link_all(source: Path, place: Path) -> None:
    """A file with what belongs to it, or the pictures of a folder; linked where that is possible, else copied."""
    if source.is_dir():
        for picture in pictures_in(source):
            _link(picture, place / picture.relative_to(source))
        return
    _link(source, place)
    if source.suffix in (".keras", ".h5") and has_card(source):
        _link(card_path(source), card_path(place))


def _link(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):
        os.link(source.resolve(), place)
        return
    shutil.copyfile(source, place)
