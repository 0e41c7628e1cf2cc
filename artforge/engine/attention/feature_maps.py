"""What the layers of a network put out for a picture."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from artforge.core.errors import ChoiceError
from artforge.core.steps import step
from artforge.core.values import FeatureMaps, Image, LayerName
from artforge.engine.attention.channels import Channels, chosen_maps
from artforge.engine.attention.evidence import as_maps, gather_evidence
from artforge.engine.backend import to_array
from artforge.engine.gradients import Compiled, compile_function
from artforge.engine.models.graph import run_calls
from artforge.engine.models.handle import Model

_VIEWS: WeakKeyDictionary[Model, dict[tuple[str, ...], Compiled]] = WeakKeyDictionary()


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
    """
    name = model.find_layer(layer).name
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
    """
    infos = {info.name: info for info in map(model.find_layer, layers)}
    if not infos:
        raise ChoiceError(f"no layers given: expected some of {', '.join(model.layer_names)}")
    view = _view_of(model, tuple(infos))
    found: list[dict[str, FeatureMaps]] = [{} for _ in images]
    for positions, batch in model.batches(images):
        for (name, info), tensor in zip(infos.items(), view(batch), strict=True):
            for position, maps in zip(positions, as_maps(to_array(tensor), info), strict=True):
                found[position][name] = maps
    return found


def _view_of(model: Model, names: tuple[str, ...]) -> Compiled:
    by_names = _VIEWS.setdefault(model, {})
    if names not in by_names:
        graph = model.graph
        wanted = [graph.value_of[name] for name in names]
        calls = graph.calls_leading_to(wanted)
        by_names[names] = compile_function(
            lambda batch: run_calls(calls, {graph.picture: batch}, wanted),
            graph.variables,
            [graph.tensor(graph.picture)],
        )
    return by_names[names]
