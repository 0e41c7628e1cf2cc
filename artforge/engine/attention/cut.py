"""Cut a network in two at a layer, through every tensor that crosses the cut."""

from __future__ import annotations

from typing import Any, NamedTuple

from artforge.core.errors import ModelError, check_choice
from artforge.engine.backend import load_keras
from artforge.engine.models.graph import Call, as_functional, calls_of


class Cut(NamedTuple):
    """A network in two parts; head(trunk(x)) is the network.

    Attributes:
        trunk: input -> list of tensors: the layer's output first, then the others that cross.
        head: that list -> the network's output.
        crossing: the symbolic tensors of the list.
    """

    trunk: Any
    head: Any
    crossing: tuple[Any, ...]


def split_at(network: Any, layer: str) -> Cut:
    """Split a network behind `layer`.

    Inside a residual block the shortcut does not pass through the layer: it crosses the cut beside it, and the head
    takes it as a further input. So a gradient taken from the head is the gradient of the whole network.

    Args:
        network: a functional or Sequential Keras model with one input and one output.
        layer: name of a layer used once, with one output.

    Raises:
        ChoiceError: no such layer.
        ModelError: the layer is used several times, has several outputs, or does not lead to the output.
    """
    keras = load_keras()
    functional = as_functional(network)
    calls = calls_of(functional)
    tensor = _output_of(layer, calls)
    behind = _depending_on(tensor, calls)
    output = functional.outputs[0]
    if output is not tensor and id(output) not in behind:
        raise ModelError(
            f"layer {layer!r} does not lead to the class scores, so nothing can be said of what it adds to them"
        )
    crossing: dict[int, Any] = {id(tensor): tensor}
    for call in calls:
        if any(id(result) in behind for result in call.outputs):
            crossing.update({id(source): source for source in call.inputs if id(source) not in behind})
    tensors = list(crossing.values())
    return Cut(keras.Model(functional.inputs[0], tensors), keras.Model(tensors, output), tuple(tensors))


def _output_of(layer: str, calls: list[Call]) -> Any:
    named = [call for call in calls if call.name == layer]
    if not named:
        check_choice("layer", layer, [call.name for call in calls])
    if len(named) > 1:
        raise ModelError(
            f"layer {layer!r} is used {len(named)} times in the network: which of its maps is meant is not clear"
        )
    if len(named[0].outputs) != 1:
        raise ModelError(f"layer {layer!r} puts out {len(named[0].outputs)} tensors, expected one")
    return named[0].outputs[0]


def _depending_on(tensor: Any, calls: list[Call]) -> set[int]:
    """Ids of the tensors computed from `tensor`, itself left out; `calls` are in the order of computation."""
    sources = {id(tensor)}
    for call in calls:
        if any(id(source) in sources for source in call.inputs):
            sources.update(id(result) for result in call.outputs)
    return sources - {id(tensor)}
