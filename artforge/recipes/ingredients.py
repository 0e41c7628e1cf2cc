"""The files that went into a work, found again by their base name and content."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from artforge.core.errors import ArtforgeError
from artforge.core.files import sha256_of, sha256_of_all
from artforge.core.pictures import pictures_in
from artforge.core.provenance import Ingredient
from artforge.engine.models.store import MODEL_SUFFIXES, resolve_model

MAX_LOOKED_AT = 100_000
"""Files and folders that are looked at in each place."""


@dataclass(frozen=True)
class Found:
    """An ingredient and the file or folder that stands for it; `exact` where its content is the recorded one."""

    ingredient: Ingredient
    path: Path
    exact: bool


def find_ingredients(
    ingredients: Sequence[Ingredient], beside: Path, places: Sequence[Path]
) -> tuple[list[Found], list[Ingredient]]:
    """Look for ingredients.

    Args:
        ingredients: of a work's record.
        beside: the folder of the work, whose own files are looked at.
        places: further folders, looked through with all below them.

    Returns:
        (what was found, what was not); where only another content goes by the name, that is what is found.
    """
    found, missing = [], []
    for ingredient in ingredients:
        one = _find(ingredient, beside, places)
        if one is None:
            missing.append(ingredient)
        else:
            found.append(one)
    return found, missing


def _find(ingredient: Ingredient, beside: Path, places: Sequence[Path]) -> Found | None:
    other: Path | None = None
    for path in _candidates(ingredient, beside, places):
        if _digest(ingredient, path) == ingredient.sha256:
            return Found(ingredient, path, exact=True)
        other = other or path
    if ingredient.role == "model":  # known by its weights, whatever its folder is called now
        for path in _models_in(places):
            if sha256_of(path) == ingredient.sha256:
                return Found(ingredient, path, exact=True)
    return None if other is None else Found(ingredient, other, exact=False)


def _candidates(ingredient: Ingredient, beside: Path, places: Sequence[Path]) -> Iterator[Path]:
    name = ingredient.name
    if name in ("", ".", "..") or "/" in name or "\\" in name or "\0" in name:
        return  # no base name: a record that wants to lead elsewhere
    if ingredient.role == "model":
        shipped = shipped_model(name)
        if shipped is not None:
            yield shipped
    for place in (beside, *places):
        yield from _fitting(ingredient, place / name)
    for place in places:
        for folder, folders, files in islice(os.walk(place), MAX_LOOKED_AT):
            if name in files or name in folders:
                yield from _fitting(ingredient, Path(folder, name))


def _models_in(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        for folder, _, files in islice(os.walk(place), MAX_LOOKED_AT):
            yield from (Path(folder, name) for name in files if Path(name).suffix in MODEL_SUFFIXES)


def _fitting(ingredient: Ingredient, path: Path) -> Iterator[Path]:
    if ingredient.role == "folder":
        yield from [path] if path.is_dir() else []
    elif path.is_file():
        yield path
    elif ingredient.role == "model" and (path / "model.keras").is_file():
        yield path / "model.keras"


def shipped_model(name: str) -> Path | None:
    """The file of a model that comes with artforge, or None."""
    try:
        path = resolve_model(name, base=Path(os.devnull))
    except ArtforgeError:
        return None
    return None if Path(name).is_absolute() else path


def _digest(ingredient: Ingredient, path: Path) -> str:
    return sha256_of_all(pictures_in(path)) if ingredient.role == "folder" else sha256_of(path)
