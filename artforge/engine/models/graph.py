"""A network as a list of calls, in the order they are computed: the one place that reads Keras' private graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from artforge.core.errors import ModelError
from artforge.engine.backend import load_keras
from artforge.engine.models.card import LayerInfo, LayerKind

_ACTIVATION_LAYERS = frozenset({"Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"})
_ACTIVATION_OPERATIONS = frozenset(
    {"Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Gelu", "Silu", "Mish", "Softplus", "Sigmoid", "Tanh", "HardSilu"}
)
_MERGES = frozenset({"Add", "Concatenate", "Multiply", "Average", "Maximum", "Minimum", "Subtract"})


@dataclass(frozen=True)
class Call:
    """One operation applied once.

    Attributes:
        operation: the Keras layer or operation.
        inputs, outputs: the symbolic tensors that go in and come out.
    """

    operation: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]

    @property
    def name(self) -> str:
        """The layer's name."""
        return str(self.operation.name)


def as_functional(keras_model: Any) -> Any:
    """The same network, weights shared, as a functional model.

    Raises:
        ModelError: it has no graph (a subclassed or unbuilt model), or not exactly one input and one output.
    """
    keras = load_keras()
    inputs, outputs = getattr(keras_model, "inputs", None), getattr(keras_model, "outputs", None)
    if not inputs or not outputs:
        raise ModelError(
            f"the model {keras_model.name!r} has no graph of layers to look into. "
            "Build it with keras.Sequential (starting with keras.Input) or with the functional API."
        )
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelError(
            f"the model {keras_model.name!r} has {len(inputs)} inputs and {len(outputs)} outputs, "
            "expected one picture in and one list of class scores out"
        )
    return keras.Model(inputs[0], outputs[0], name=keras_model.name)


def calls_of(functional_model: Any) -> list[Call]:
    """Every call of a functional model from the input towards the output, the input's own left out."""
    nodes_by_depth = functional_model._nodes_by_depth  # Keras has no public way to walk its graph
    return [
        Call(node.operation, tuple(node.input_tensors), tuple(node.output_tensors))
        for depth in sorted(nodes_by_depth, reverse=True)
        for node in nodes_by_depth[depth]
        if not node.is_input
    ]


def run_to_list(network: Any, tensors: Any) -> list[Any]:
    """Run a network without training behaviour; its outputs as a list, also where Keras unwraps a list of one."""
    outputs = network(tensors, training=False)
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


def layers_to_look_at(functional_model: Any, input_size: tuple[int, int]) -> tuple[LayerInfo, ...]:
    """The layers with one map per channel on the way to the output, in the order they are computed.

    Args:
        functional_model: input (1, height, width, channels) -> output.
        input_size: (height, width) for which the sizes of the maps are told.
    """
    return tuple(
        LayerInfo(name=call.name, channels=channels, size=(height, width), kind=_kind(call.operation))
        for call, (height, width, channels) in _spatial_calls(functional_model, input_size)
    )


def multiply_adds_of(functional_model: Any, input_size: tuple[int, int]) -> int:
    """About how many multiplications one picture costs: each weight of a layer is used once a cell of its map."""
    spatial = _spatial_calls(functional_model, input_size)
    return sum(height * width * _num_weights(call.operation) for call, (height, width, _) in spatial)


def _num_weights(operation: Any) -> int:
    return int(operation.count_params()) if hasattr(operation, "count_params") else 0


def _spatial_calls(functional_model: Any, input_size: tuple[int, int]) -> list[tuple[Call, tuple[int, int, int]]]:
    """The calls with one map per channel, and (height, width, channels) of their maps at `input_size`."""
    calls = calls_of(functional_model)
    spatial = [call for call in calls if len(call.outputs) == 1 and len(call.outputs[0].shape) == 4]
    if not spatial:
        return []
    probe = load_keras().Model(functional_model.inputs[0], [call.outputs[0] for call in spatial])
    shapes: Sequence[tuple[int, ...]] = probe.compute_output_shape(
        (1, *input_size, functional_model.inputs[0].shape[-1])
    )
    return [(call, (shape[1], shape[2], shape[3])) for call, shape in zip(spatial, shapes, strict=True)]


def _kind(operation: Any) -> LayerKind:
    name = type(operation).__name__
    if hasattr(operation, "layers"):
        return "model"
    if "Pool" in name:
        return "pooling"
    if "Conv" in name:
        return "convolution"
    if name in _ACTIVATION_LAYERS | _ACTIVATION_OPERATIONS:
        return "activation"
    if name.endswith("Normalization") and name != "Normalization":  # the bare one scales pictures before the network
        return "normalisation"
    if name in _MERGES:
        return "merge"
    return "other"
