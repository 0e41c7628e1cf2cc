"""A small picture of every filter of a network, so that an artist can find filters by eye."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from artforge.core.errors import ModelError
from artforge.core.values import Image, LayerName
from artforge.engine.ascent.ascend import ascend
from artforge.engine.ascent.checkpoint import Checkpoint, State, StateFile
from artforge.engine.ascent.groups import groups_of
from artforge.engine.ascent.look import Look, look_of
from artforge.engine.ascent.objectives import channel
from artforge.engine.ascent.optimisers import Adam
from artforge.engine.ascent.presets import lucid
from artforge.engine.ascent.settings import Ascent
from artforge.engine.ascent.transforms import Jitter, Pad, Rotate
from artforge.engine.models.handle import Model

THUMBNAIL = 64
"""Edge of a thumbnail in pixels."""
THUMBNAIL_STEPS = 64
MOST_AT_ONCE = 16

OnFilter = Callable[[int, int], None]
"""Told after each batch: how many filters are done, of how many."""


@dataclass(frozen=True, eq=False)
class AtlasEntry:
    """One filter.

    Attributes:
        layer, index: which.
        picture: float32 (H, W, 3) in [0, 1].
        look: how it looks.
        value: mean activation reached.
        is_dead: whether nothing moves it.
        is_broken: whether the network's gradient for it is not a number.
    """

    layer: str
    index: int
    picture: Image
    look: Look
    value: float
    is_dead: bool
    is_broken: bool


def thumbnail_ascent() -> Ascent:
    """A short climb that shows what a filter is about."""
    quick = replace(lucid(num_steps=THUMBNAIL_STEPS), optimiser=Adam(0.1))
    return replace(quick, transforms=(Pad(6), Jitter(4), Rotate(6)))


def filter_layers(model: Model) -> list[str]:
    """The layers that have filters of their own: the convolutions."""
    return [layer.name for layer in model.layers if layer.kind == "convolution"]


def atlas(
    model: Model,
    *,
    layers: Sequence[LayerName] | None = None,
    edge: int = THUMBNAIL,
    ascent: Ascent | None = None,
    seed: int = 0,
    on_filter: OnFilter | None = None,
    state_file: StateFile | None = None,
) -> list[AtlasEntry]:
    """A small picture of every filter, by layer and number.

    All begin with the same noise: what differs is the filters.

    Args:
        model: the network.
        layers: which; None is every convolution.
        edge: of a picture, in pixels.
        ascent: how they climb; None is `thumbnail_ascent`.
        seed: of the noise and the transforms.
        on_filter: told of the progress.
        state_file: where the pictures are kept on the way, so that an atlas that was stopped goes on; whoever asks for
            it removes the file when the sheet stands.

    Raises:
        ChoiceError: unknown layer.
        ModelError: no layers named, and the network has no convolution.
        OutputError: a state file that is damaged or of another atlas, and not spare.
    """
    infos = [model.find_layer(name) for name in (filter_layers(model) if layers is None else layers)]
    if not infos:
        raise ModelError(
            f"the model {model.name!r} has no convolution whose filters could be shown; name one of its layers: "
            f"{', '.join(model.layer_names) or 'it has none with maps'}"
        )
    filters = [(info.name, index) for info in infos for index in range(info.channels)]
    ascent = ascent or thumbnail_ascent()
    described = repr((model.name, model.sha256, filters, edge, ascent, seed))
    keeper = None if state_file is None else Checkpoint(state_file, hashlib.sha256(described.encode()).hexdigest())
    entries = _entries_of(filters, None if keeper is None else keeper.load())
    for info in infos:
        for group in groups_of(info.channels, (edge, edge), most=MOST_AT_ONCE):
            if (info.name, group[-1]) in filters[: len(entries)]:
                continue
            objectives = [channel(info.name, index) for index in group]
            results = ascend(objectives, model=model, ascent=ascent, size=(edge, edge), seed=seed)
            for index, result in zip(group, results, strict=True):
                value = result.values[-1] if result.values else 0.0
                look = look_of(result.picture)
                entries.append(
                    AtlasEntry(info.name, index, result.picture, look, value, result.is_dead, result.is_untouched)
                )
            if keeper is not None and keeper.is_due():
                keeper.save(_state_of(entries))
            if on_filter is not None:
                on_filter(len(entries), len(filters))
    return entries


def _state_of(entries: Sequence[AtlasEntry]) -> State:
    return {
        "pictures": np.stack([entry.picture for entry in entries]),
        "values": np.asarray([entry.value for entry in entries]),
        "dead": np.asarray([entry.is_dead for entry in entries]),
        "broken": np.asarray([entry.is_broken for entry in entries]),
    }


def _entries_of(filters: Sequence[tuple[str, int]], state: State | None) -> list[AtlasEntry]:
    """Those that a state holds, the first of all filters."""
    if state is None:
        return []
    pictures = np.asarray(state["pictures"], np.float32)
    told = (state[name] for name in ("values", "dead", "broken"))
    found = zip(filters, pictures, *told, strict=False)  # those that follow are not done yet
    return [
        AtlasEntry(layer, index, picture, look_of(picture), float(value), bool(is_dead), bool(is_broken))
        for (layer, index), picture, value, is_dead, is_broken in found
    ]
