"""Class scores are logits: a twin of the network without its last sigmoid or softmax.

A probability near 1 hardly moves, so its gradient vanishes and a heatmap made from it fades to noise; the logit
below it always moves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError
from artforge.engine.backend import load_keras
from artforge.engine.models.graph import Call, Graph, Slot, with_activation

FinalActivation = Literal["sigmoid", "softmax", "linear"]
_KEEPS_VALUES = frozenset({"Reshape", "Flatten", "Dropout", "Identity"})


@dataclass(frozen=True)
class LogitsTwin:
    """A network that ends in logits, weights shared with the original.

    Attributes:
        graph: picture batch -> (n, outputs) logits.
        activation: what was taken off the end.
    """

    graph: Graph
    activation: FinalActivation

    @property
    def num_outputs(self) -> int:
        """How many logits it puts out."""
        return int(self.graph.shapes[self.graph.output][-1] or 0)


def logits_twin(graph: Graph) -> LogitsTwin:
    """The same network without its final sigmoid or softmax; the original is left as it is.

    Fused activations (`Dense(..., activation="softmax")`), layers of their own, and heads inside a nested model
    are all found; a network that already ends in logits is taken as it is.

    Raises:
        ModelError: it is no classifier (not one list of scores a picture), or its head hides its activation.
    """
    shape = graph.shapes[graph.output]
    if len(shape) != 2 or shape[-1] is None:
        raise ModelError(
            f"the model {graph.name!r} is no classifier: it puts out {shape}, expected (pictures, classes)"
        )
    makers = {result: position for position, call in enumerate(graph.calls) for result in call.results}
    number = graph.output
    while (position := makers.get(number)) is not None and _keeps_values(graph.calls[position]):
        number = graph.calls[position].sources[0]
    activation = _activation_of(graph.calls[position].operation) if position is not None else "linear"
    if position is None or activation == "linear":
        return LogitsTwin(graph, "linear")
    bare = _without_activation(graph.calls[position], activation)
    calls = (*graph.calls[:position], bare, *graph.calls[position + 1 :])
    return LogitsTwin(replace(graph, calls=calls), activation)


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


def _without_activation(call: Call, activation: FinalActivation) -> Call:
    operation = call.operation
    keras = load_keras()
    if type(operation).__name__ in ("Activation", "Softmax", "Sigmoid"):
        unchanged = keras.layers.Identity(name=f"{operation.name}_left_out")
        return replace(call, operation=unchanged, arguments=((Slot(call.sources[0]),), {}))
    if "activation" not in operation.__dict__:
        raise ModelError(
            f"the last layer {call.path!r} hides its {activation}, so class scores cannot be read from it. "
            f"Give the {activation} a layer of its own."
        )
    return replace(call, operation=with_activation(operation, keras.activations.linear))


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
    if twin.activation == "sigmoid" or twin.num_outputs == 1:
        return (0.5 * (1 + np.tanh(scores / 2))).astype(np.float32)  # the sigmoid, written so that nothing overflows
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)
