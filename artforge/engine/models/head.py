"""Class scores are logits: a twin of the network without its last sigmoid or softmax.

A probability near 1 hardly moves, so its gradient vanishes and a heatmap made from it fades to noise; the logit
below it always moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError
from artforge.engine.backend import load_keras, to_array
from artforge.engine.models.graph import Call, as_functional, calls_of

FinalActivation = Literal["sigmoid", "softmax", "linear"]
_KEEPS_VALUES = frozenset({"Reshape", "Flatten", "Dropout", "Identity"})


@dataclass(frozen=True)
class LogitsTwin:
    """A network that ends in logits, weights shared with the original.

    Attributes:
        network: functional model, picture batch -> (n, outputs) logits.
        activation: what was taken off the end.
    """

    network: Any
    activation: FinalActivation


def logits_twin(keras_model: Any) -> LogitsTwin:
    """The same network without its final sigmoid or softmax; the original is left as it is.

    Fused activations (`Dense(..., activation="softmax")`), layers of their own, and heads inside a nested model
    are all found; a network that already ends in logits is taken as it is.

    Raises:
        ModelError: it is no classifier (not one list of scores a picture), or its head cannot be rebuilt.
    """
    functional = as_functional(keras_model)
    if len(functional.outputs[0].shape) != 2:
        shape = tuple(functional.outputs[0].shape)
        raise ModelError(
            f"the model {keras_model.name!r} is no classifier: it puts out {shape}, expected (pictures, classes)"
        )
    return _without_activation(functional)


def _without_activation(functional: Any) -> LogitsTwin:
    keras = load_keras()
    producers = {id(tensor): call for call in calls_of(functional) for tensor in call.outputs}
    tensor = functional.outputs[0]
    passed: list[Call] = []
    while (call := producers.get(id(tensor))) and _keeps_values(call):
        passed.append(call)
        tensor = call.inputs[0]
    if call is None:
        return LogitsTwin(functional, "linear")
    if hasattr(call.operation, "layers"):
        inner = _without_activation(as_functional(call.operation))
        activation, logits = inner.activation, inner.network(call.inputs[0])
    else:
        activation, logits = _bare_output(call)
    if activation == "linear":
        return LogitsTwin(functional, "linear")
    for later in reversed(passed):
        logits = later.operation(logits)
    return LogitsTwin(keras.Model(functional.inputs[0], logits, name=functional.name), activation)


def _keeps_values(call: Call) -> bool:
    operation = call.operation
    return type(operation).__name__ in _KEEPS_VALUES or (
        type(operation).__name__ == "Activation" and _activation_of(operation) == "linear"
    )


def _activation_of(operation: Any) -> FinalActivation:
    keras = load_keras()
    name = type(operation).__name__
    function = getattr(operation, "activation", None)
    if name == "Softmax" or function is keras.activations.softmax:
        return "softmax"
    if name == "Sigmoid" or function is keras.activations.sigmoid:
        return "sigmoid"
    return "linear"


def _bare_output(call: Call) -> tuple[FinalActivation, Any]:
    """The activation of the last call, and the tensor as it is before that activation."""
    operation = call.operation
    activation = _activation_of(operation)
    if activation == "linear":
        return activation, call.outputs[0]
    if type(operation).__name__ in ("Activation", "Softmax", "Sigmoid"):
        return activation, call.inputs[0]
    config = operation.get_config()
    if "activation" not in config:
        raise ModelError(
            f"the last layer {operation.name!r} hides its {activation}, so class scores cannot be read from it. "
            f"Give the {activation} a layer of its own."
        )
    bare = type(operation).from_config({**config, "activation": "linear", "name": f"{operation.name}_logits"})
    logits = bare(call.inputs[0])
    for copied, original in zip(bare.weights, operation.weights, strict=True):
        copied.assign(to_array(original.value).copy())  # JAX gives buffers away: two variables must not share one
    return activation, logits


def as_class_scores(logits: Any) -> Any:
    """Backend tensor (n, outputs) -> float32 (n, classes); a single output z becomes the two columns -z and z.

    So the one sigmoid of a two-class model speaks for both classes, and what speaks for one speaks against the other.
    """
    ops = load_keras().ops
    scores = ops.cast(logits, "float32")
    return ops.concatenate([-scores, scores], axis=-1) if scores.shape[-1] == 1 else scores


def probabilities_from(class_scores: NDArray[np.float32], *, twin: LogitsTwin) -> NDArray[np.float32]:
    """Class scores (n, classes) -> probabilities (n, classes), as the network itself would put them.

    One sigmoid: (1 - p, p). Several sigmoids (classes that do not exclude each other): each by itself.
    Softmax, or bare logits for several classes: softmax.
    """
    scores = class_scores.astype(np.float64)
    if twin.activation == "sigmoid" or twin.network.outputs[0].shape[-1] == 1:
        return (0.5 * (1 + np.tanh(scores / 2))).astype(np.float32)  # the sigmoid, written so that nothing overflows
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)
