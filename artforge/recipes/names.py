"""The things a recipe calls by name: pictures, models, layers, classes, colormaps; looked up without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from artforge.core.errors import ArtforgeError, choice_message, did_you_mean, nearest_first
from artforge.core.pictures import PICTURE_SUFFIXES, pictures_in
from artforge.core.values import Kind
from artforge.engine.models.card import LAST_CONV, ModelCard, has_card, read_card
from artforge.engine.models.store import resolve_model
from artforge.ops.colormaps import check_colormap
from artforge.ops.embedded import parse_embedded


def named_thing_fault(kind: Kind, name: str, base: Path, model: tuple[str, Path] | None) -> str | None:
    """What is wrong with a name, or None.

    Args:
        kind: what the name stands for; kinds without names are never wrong.
        name: as written.
        base: where a relative path starts.
        model: the name and base folder of the model beside it, for layers and classes.
    """
    if kind is Kind.PICTURE_SOURCE:
        return picture_fault(name, base)
    if kind is Kind.PICTURE_FOLDER:
        return folder_fault(name, base)
    if kind is Kind.COLORMAP:
        return _fault_of(lambda: check_colormap(name))
    if kind is Kind.MODEL:
        return _fault_of(lambda: resolve_model(name, base=base))
    if model is None or kind not in (Kind.LAYER, Kind.CLASS_NAME):
        return None
    card = _card_of(*model)
    if card is None:  # a foreign model, or one already reported: its names are only known once it is loaded
        return None
    if kind is Kind.LAYER:
        allowed = [LAST_CONV, *card.layer_names]
        known = name in allowed or not card.layers
        return None if known else choice_message("layer", name, nearest_first(name, allowed))
    return None if name in card.class_names else choice_message("class", name, card.class_names)


def picture_fault(source: str, base: Path) -> str | None:
    """What is wrong with a picture source, or None: it is an embedded picture, or a file that exists."""
    try:
        if parse_embedded(source) is not None:
            return None
    except ArtforgeError as error:
        return str(error)
    path = base / source
    if path.is_file():
        return None
    if path.is_dir():
        return f"{source!r} is a folder; a picture file is wanted"
    neighbours = _pictures_in(path.parent)
    hint = did_you_mean(path.name, neighbours)
    return f"there is no picture {source!r} (looked in {path.parent}){hint}"


def folder_fault(name: str, base: Path) -> str | None:
    """What is wrong with a folder of pictures, or None."""
    folder = base / name
    if folder.is_dir():
        return None if pictures_in(folder) else f"there are no pictures in the folder {name!r} or below it"
    if folder.is_file():
        return f"{name!r} is a file; a folder of pictures is wanted"
    beside = [path.name for path in folder.parent.iterdir() if path.is_dir()] if folder.parent.is_dir() else []
    return f"there is no folder {name!r} (looked in {folder.parent}){did_you_mean(folder.name, beside)}"


@cache
def _card_of(name: str, base: Path) -> ModelCard | None:
    try:
        path = resolve_model(name, base=base)
        return read_card(path) if has_card(path) else None
    except ArtforgeError:
        return None


def _pictures_in(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return [path.name for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES]


def _fault_of(check: Callable[[], object]) -> str | None:
    try:
        check()
    except ArtforgeError as error:
        return str(error)
    return None
