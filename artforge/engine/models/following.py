"""What a layer's or a model's own `call` does, followed with symbolic tensors and leaving no trace in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from artforge.core.errors import ModelError
from artforge.engine.backend import load_keras, no_warnings
from artforge.engine.models.calls import Call, Graph, Slot

TRACE_FAULTS = (
    *(AttributeError, AssertionError, ImportError, IndexError, KeyError, NotImplementedError, RuntimeError),
    *(TypeError, ValueError),
)
"""What a model's own Python code raises when it is given symbolic tensors that it cannot work on."""


def follow_call(keras_model: Any, input_size: tuple[int, int] | None) -> tuple[list[Any], list[Any]]:
    """The picture that a model with a `call` of its own is given, and what comes out, as symbolic tensors.

    Args:
        keras_model: the model.
        input_size: (height, width) where it has not seen a picture yet.

    Raises:
        ModelError: it has never seen a picture, or works on real ones only.
    """
    keras = load_keras()
    name = getattr(keras_model, "name", type(keras_model).__name__)
    shape = _built_shape(keras_model)
    if shape is None and (input_size is not None or keras_model.built):
        # Keras keeps no shape of a model that it could not follow itself: trying again at any size tells why
        shape = (*(input_size or (None, None)), 3)
    way_out = "Build it with keras.Sequential (starting with keras.Input) or with the functional API."
    if shape is None:
        raise ModelError(
            f"the model {name!r} has no graph of layers to look into: it has never seen a picture. "
            f"Call it once on a batch of pictures, or name its input size. Or: {way_out}"
        )
    picture = keras.KerasTensor((None, *shape), dtype="float32", name="picture")
    try:
        outputs = results_of_call(keras_model, (picture,), {})
    except TRACE_FAULTS as error:
        raise ModelError(
            f"the model {name!r} cannot be followed layer by layer: its call() does something that only works on real "
            f"pictures ({type(error).__name__}: {str(error).partition(chr(10))[0][:160]}). Use Keras layers and "
            f"keras.ops in it. Or: {way_out}"
        ) from error
    return [picture], outputs


def _built_shape(keras_model: Any) -> tuple[int | None, ...] | None:
    """(height, width, channels) that a model with a `call` of its own has been built for, or None."""
    inputs = getattr(keras_model, "inputs", None)
    shape = inputs[0].shape if inputs else (keras_model.get_build_config() or {}).get("input_shape")
    return tuple(shape[1:]) if isinstance(shape, list | tuple) and len(shape) == 4 else None


def results_of_call(layer: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """What a layer's own `call` makes of symbolic tensors, without training behaviour."""
    others = {name: value for name, value in kwargs.items() if name != "training"}
    if layer._call_has_training_arg:
        others["training"] = False
    with no_warnings():
        return list(load_keras().tree.flatten(layer.call(*args, **others)))


def last_operation_within(call: Call, graph: Graph) -> Any | None:
    """The operation with which a layer's own code ends, or None where that cannot be followed."""
    args, kwargs = load_keras().tree.map_structure(
        lambda leaf: graph.tensor(leaf.number) if isinstance(leaf, Slot) else leaf, call.arguments
    )
    with leaving_no_nodes(call.operation):
        try:
            [result] = results_of_call(call.operation, args, kwargs)
            return result._keras_history.operation
        except TRACE_FAULTS:
            return None


@contextmanager
def leaving_no_nodes(keras_model: Any) -> Iterator[None]:
    """Take back what following a `call` writes into each layer's record of its calls, which `layer.output` reads."""
    before = {id(record): len(record) for record in _records_of_calls(keras_model)}
    try:
        yield
    finally:
        for record in _records_of_calls(keras_model):
            record[before.get(id(record), 0) :] = []


def _records_of_calls(keras_model: Any) -> Iterator[list[Any]]:
    for layer in keras_model._flatten_layers():
        for operation in (layer, *getattr(layer, "operations", ())):
            if isinstance(operation, load_keras().Operation):
                yield operation._inbound_nodes
                yield operation._outbound_nodes
