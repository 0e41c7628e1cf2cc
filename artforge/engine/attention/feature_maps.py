"""What the layers of a network put out for a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from artforge.core.steps import step
from artforge.core.values import FeatureMaps, Image, LayerName
from artforge.engine.attention.at_once import pictures_at_once
from artforge.engine.attention.channels import Channels, as_channels, chosen_maps
from artforge.engine.attention.evidence import as_maps, gather_evidence
from artforge.engine.attention.finite import check_finite
from artforge.engine.attention.inputs import check_inputs
from artforge.engine.attention.kept import Kept
from artforge.engine.attention.layers import layer_named, layers_named
from artforge.engine.backend import to_array
from artforge.engine.gradients import Compiled, compile_function
from artforge.engine.models.graph import run_calls
from artforge.engine.models.handle import Model

_VIEWS: Kept[Compiled] = Kept(most=16)  # a sweep over many sets of layers must not fill the memory


@step("feature_maps", version=1)
def feature_maps(
    image: Image, *, model: Model, layer: LayerName = "last_conv", channels: Channels | None = None
) -> FeatureMaps:
    """The activations of one layer: one small picture a channel of what that channel found, and where.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        channels: which of them, in that order; None means all in the layer's own order. `rank: gradient` asks about
            the predicted class.

    Returns:
        float32 (h, w, channels), as the layer gives them.

    Raises:
        ChoiceError: unknown layer, or channels that it does not have.
        ModelError: the network gives numbers that are not finite.
    """
    name, channels = layer_named(layer, model=model).name, as_channels(channels)
    if channels is not None:
        [evidence] = gather_evidence([image], model=model, layer=name)
        return chosen_maps(evidence.feature_maps, channels, gradients=evidence.gradients)
    return feature_maps_of_layers(model, [image], [name])[0][name]


def feature_maps_of_layers(
    model: Model, images: Sequence[Image], layers: Sequence[LayerName]
) -> list[dict[str, FeatureMaps]]:
    """The activations of several layers for several pictures, one forward pass a batch for all layers together.

    Args:
        model: the network to look through.
        images: pictures in [0, 1], of any sizes.
        layers: layer names, or `last_conv`.

    Returns:
        for each picture, by the layer's own name: float32 (h, w, channels).

    Raises:
        ChoiceError: unknown layer, or none given.
        ModelError: the network gives numbers that are not finite.
    """
    found: list[dict[str, FeatureMaps]] = [{} for _ in images]
    for position, by_layer in each_feature_maps(model, images, layers):
        found[position] = by_layer
    return found


def each_feature_maps(
    model: Model, images: Sequence[Image], layers: Sequence[LayerName]
) -> Iterator[tuple[int, dict[str, FeatureMaps]]]:
    """As `feature_maps_of_layers`, batch by batch, each with the picture's position."""
    check_inputs(images, model=model)
    infos = layers_named(layers, model=model)
    names = sorted(infos)
    view = _view_of(model, tuple(names))
    sizes = {model.working_size(image) for image in images}
    at_most = pictures_at_once(list(infos.values()), sizes, model=model, copies=1)
    for positions, batch in model.batches(images, at_most=at_most):
        maps = dict(zip(names, map(to_array, view(batch)), strict=True))
        for name in infos:
            check_finite(f"activations at layer {name!r}", maps[name], model=model)
            maps[name] = as_maps(maps[name], model, name, (batch.shape[1], batch.shape[2]))
        for row, position in enumerate(positions):
            yield position, {name: maps[name][row] for name in infos}


def _view_of(model: Model, names: tuple[str, ...]) -> Compiled:
    return _VIEWS.get(model, names, lambda: _build_view(model, names))


def _build_view(model: Model, names: tuple[str, ...]) -> Compiled:
    graph = model.graph
    wanted = [graph.value_of[name] for name in names]
    calls = graph.calls_leading_to(wanted)
    return compile_function(
        lambda batch: run_calls(calls, {graph.picture: batch}, wanted),
        graph.variables,
        [graph.tensor(graph.picture)],
    )
