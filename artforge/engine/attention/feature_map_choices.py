"""Feature maps chosen across layers: one channel through the network, the strongest of each layer, a single map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from artforge.core.errors import ChoiceError, check_choice
from artforge.core.steps import step
from artforge.core.values import ChannelNumber, FeatureMaps, Heatmap, Image, LayerName
from artforge.engine.attention.channels import Channels, choose_channels
from artforge.engine.attention.evidence import gather_evidence_of_layers
from artforge.engine.attention.feature_maps import feature_maps, feature_maps_of_layers
from artforge.engine.attention.inputs import check_inputs
from artforge.engine.attention.layers import in_order, layer_named
from artforge.engine.attention.settings import check_count
from artforge.engine.attention.targets import ClassTarget
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.models.card import LAST_CONV
from artforge.engine.models.handle import Model

_Strength = Literal["energy", "gradient"]


@step("feature_map", version=2)
def feature_map(image: Image, *, model: Model, channel: ChannelNumber, layer: LayerName = "last_conv") -> Heatmap:
    """One channel of one layer, at the picture's size.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        channel: its number, counted from 0.
        layer: a layer's name, or `last_conv`.

    Returns:
        float32 (H, W), as the layer gives it, unnormalised.

    Raises:
        ChoiceError: unknown layer, or a channel that it does not have.
    """
    check_count("channel", channel, least=0)
    maps = feature_maps(image, model=model, layer=layer)
    _check_channel(channel, layer_named(layer, model=model).name, maps)
    return upsample_heatmap(maps[..., channel], image.shape[:2])


@step("channel_across_layers", version=1)
def channel_across_layers(
    image: Image, *, model: Model, channel: ChannelNumber, layers: list[LayerName] | None = None
) -> FeatureMaps:
    """The channel of one number in every layer: the same place in the row, from edges to things.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        channel: its number, counted from 0.
        layers: layer names; None takes every layer that has such a channel.

    Returns:
        float32 (h, w, layers) in the order of computation, unnormalised, all as high as the highest map and as wide as
        the widest.

    Raises:
        ChoiceError: unknown layer, a layer that does not have the channel, or no layer that has it.
    """
    check_inputs([image], model=model)
    check_count("channel", channel, least=0)
    names = _layers_with(channel, model) if layers is None else in_order(layers, model=model)
    [by_layer] = feature_maps_of_layers(model, [image], names)
    for name, maps in by_layer.items():
        _check_channel(channel, name, maps)
    return _stacked([maps[..., channel] for maps in by_layer.values()])


@step("strongest_per_layer", version=1)
def strongest_per_layer(
    image: Image,
    *,
    model: Model,
    layers: list[LayerName] | None = None,
    by: _Strength = "energy",
    target: ClassTarget | None = None,
) -> FeatureMaps:
    """The strongest channel of every layer: what each stage of the network finds most striking.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        layers: layer names; None takes every convolution.
        by: `energy`, the sum of squares of a channel's map, or `gradient`, how much it moves the class score.
        target: the class asked about by `gradient`; None asks about the one the network predicts.

    Returns:
        float32 (h, w, layers) in the order of computation, unnormalised, all as high as the highest map and as wide as
        the widest.

    Raises:
        ChoiceError: unknown layer or class, or no such way to choose.
    """
    check_inputs([image], model=model)
    check_choice("by", by, get_args(_Strength))
    names = _convolutions_of(model) if layers is None else in_order(layers, model=model)
    choice = Channels(rank=by, count=1)
    chosen = []
    if by == "energy":
        [maps_of] = feature_maps_of_layers(model, [image], names)
        pairs: list[tuple[FeatureMaps, FeatureMaps | None]] = [(maps, None) for maps in maps_of.values()]
    else:
        [found] = gather_evidence_of_layers([image], model=model, layers=names, targets=[target])
        pairs = [(evidence.feature_maps, evidence.gradients) for evidence in found.values()]
    for maps, gradients in pairs:
        [strongest] = choose_channels(choice, feature_maps=maps, gradients=gradients)
        chosen.append(maps[..., strongest])
    return _stacked(chosen)


def _layers_with(channel: int, model: Model) -> list[str]:
    names = [info.name for info in model.layers if info.channels > channel]
    if not names:
        widest = max((info.channels for info in model.layers), default=0)
        raise ChoiceError(f"no layer has a channel {channel}; the widest has {widest} (numbers 0 to {widest - 1})")
    return names


def _convolutions_of(model: Model) -> list[str]:
    convolutions = [info.name for info in model.layers if info.kind == "convolution"]
    return convolutions or [layer_named(LAST_CONV, model=model).name]


def _check_channel(channel: int, layer: str, maps: FeatureMaps) -> None:
    if channel >= maps.shape[-1]:
        raise ChoiceError(
            f"layer {layer!r} has no channel {channel}; it has {maps.shape[-1]} (numbers 0 to {maps.shape[-1] - 1})"
        )


def _stacked(maps: Sequence[Heatmap]) -> FeatureMaps:
    """Maps of several sizes as one stack, as high as the highest and as wide as the widest."""
    size = max(one.shape[0] for one in maps), max(one.shape[1] for one in maps)
    return np.stack([upsample_heatmap(one, size) for one in maps], axis=-1)
