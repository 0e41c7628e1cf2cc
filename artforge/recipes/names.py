"""The things a recipe calls by name or number: pictures, models, layers, classes, channels, colormaps; looked up
without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from artforge.core.errors import ArtforgeError, choice_message, did_you_mean, listing
from artforge.core.pictures import PICTURE_SUFFIXES, pictures_in
from artforge.core.values import Kind
from artforge.engine.attention.channels import Channels, choose_channels
from artforge.engine.models.card import LAST_CONV, ModelCard, has_card, layer_fault, read_card
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
    if kind in (Kind.COLORMAP, Kind.PALETTE):
        return _fault_of(lambda: check_colormap(name))
    if kind is Kind.MODEL:
        return _fault_of(lambda: resolve_model(name, base=base))
    if model is None or kind not in (Kind.LAYER, Kind.CLASS_NAME):
        return None
    card = _card_of(*model)
    if card is None:  # a foreign model, or one already reported: its names are only known once it is loaded
        return None
    if kind is Kind.LAYER:
        return layer_fault(name, card)
    return None if name in card.class_names else choice_message("class", name, card.class_names)


def channel_fault(chosen: object, layers: Sequence[str] | None, model: tuple[str, Path] | None) -> str | None:
    """What is wrong with channels asked for by number or by a choice, or None.

    Args:
        chosen: as the step gets it: a number, a list of them, a mapping whose keys are numbers, or `Channels`.
        layers: the names of the layers beside it; None stands for every layer that has such a channel.
        model: the name and base folder of the model beside it.
    """
    card = _card_of(*model) if model else None
    if card is None or not card.layers:
        return None
    num_channels = {layer.name: layer.channels for layer in card.layers}
    if layers is None:
        widest = max(num_channels, key=lambda name: num_channels[name])
        return _channel_fault_at(f"the widest layer {widest!r}", chosen, num_channels[widest])
    names = [card.last_conv if name == LAST_CONV else name for name in layers]
    faults = (
        _channel_fault_at(f"layer {name!r}", chosen, num_channels[name]) for name in names if name in num_channels
    )
    return next((fault for fault in faults if fault is not None), None)


def _channel_fault_at(layer: str, chosen: object, num_channels: int) -> str | None:
    if isinstance(chosen, Channels):  # on maps of no evidence, whose number is all that can be wrong
        maps = np.zeros((1, 1, num_channels), np.float32)
        fault = _fault_of(lambda: choose_channels(chosen, feature_maps=maps, gradients=maps))
        return fault and f"{layer}: {fault.removeprefix('channels: ')}"
    numbers = [str(number) for number in (chosen if isinstance(chosen, list | dict) else [chosen])]
    beyond = listing([number for number in numbers if number.isdecimal() and int(number) >= num_channels])
    fault = f"{layer} has no channel {beyond}; it has {num_channels} (numbers 0 to {num_channels - 1})"
    return fault if beyond else None


def class_number_fault(value: object, model: tuple[str, Path] | None) -> str | None:
    """What to write where a class is asked for by a bare number, or None where none is.

    Args:
        value: as written: a number, or a list in which there is one.
        model: the name and base folder of the model beside it.
    """
    listed = value if isinstance(value, list) else [value]
    numbers = [f"{one:g}" for one in listed if isinstance(one, int | float) and not isinstance(one, bool)]
    if not numbers:
        return None
    number, card = numbers[0], _card_of(*model) if model else None
    if card is None:
        return f'classes go by name, received the number {number}: where that is a name, write "{number}" in quotes'
    if number in card.class_names:
        return f'classes go by name: write "{number}" in quotes'
    return f"classes go by name, received the number {number}; they are: {listing(card.class_names)}"


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
        if not pictures_in(path):
            return f"there are no pictures in the folder {source!r} or below it"
        return f"{source!r} is a folder: it can stand as the default of a param of type image, or be set by --set"
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
