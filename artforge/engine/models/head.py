"""Class scores are logits: a twin of the network without its last sigmoid or softmax.

A probability near 1 hardly moves, so its gradient vanishes and a heatmap made from it fades to noise; the logit
below it always moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError
from artforge.engine.backend import load_keras
from artforge.engine.models.activations import activation_name, is_activation_alone
from artforge.engine.models.graph import Call, Graph, Slot, last_operation_within, with_activation

FinalActivation = Literal["sigmoid", "softmax", "linear"]
_TAKEN_OFF: dict[str, FinalActivation] = {
    "softmax": "softmax",
    "logsoftmax": "softmax",
    "sigmoid": "sigmoid",
    "logsigmoid": "sigmoid",
}
"""Activations that make probabilities, or their logarithms, of logits, and what those logits belong to."""
_HIDES_LOGITS = frozenset({"hardsigmoid", "sparsesigmoid", "sparsemax", "lambda"})
_KEEPS_VALUES = frozenset({"Reshape", "Flatten", "Squeeze", "GetItem", "Cast", "Dropout", "Identity"})


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

    @property
    def is_sigmoid(self) -> bool:
        """Whether each logit becomes a probability by itself, not all of them together by a softmax."""
        return self.activation == "sigmoid" or self.num_outputs == 1


def logits_twin(graph: Graph) -> LogitsTwin:
    """The same network without its final sigmoid or softmax; the original is left as it is.

    Fused activations (`Dense(..., activation="softmax")`), given by name, as a function or as a layer, layers of their
    own, and heads inside a nested model are all found, and so are the logarithms of both. A network that ends
    in any other activation of Keras (none, ReLU, tanh) is taken as it is: what it puts out are its class scores.

    Raises:
        ModelError: it is no classifier (not one list of scores a picture), its head hides its activation, or its
            scores are made of probabilities, so that there is no logit of a class.
    """
    shape = graph.shapes[graph.output]
    if len(shape) != 2 or shape[-1] is None:
        raise ModelError(
            f"the model {graph.name!r} is no classifier: it puts out {shape}, expected (pictures, classes). "
            "Put a Flatten layer, or pooling and a Dense layer, behind it"
        )
    makers = {result: call for call in graph.calls for result in call.results}
    number = graph.output
    while number in makers and _keeps_values(makers[number]):
        number = makers[number].sources[0]
    last = makers.get(number)
    activation = _final_activation(last, graph) if last else "linear"
    is_whole = activation == "sigmoid" or graph.shapes[number][-1] == shape[-1]  # a softmax is of all classes at once
    if not is_whole or activation == "linear":
        _check_not_probabilities(graph.output, makers, graph.name)
    if last is None or activation == "linear":
        return LogitsTwin(graph, "linear")
    bare = _without_activation(last, activation, graph)
    return LogitsTwin(replace(graph, calls=tuple(bare if call is last else call for call in graph.calls)), activation)


def _keeps_values(call: Call) -> bool:
    operation = call.operation
    return type(operation).__name__ in _KEEPS_VALUES or (
        is_activation_alone(operation) and activation_name(operation) == "linear"
    )


def _final_activation(call: Call, graph: Graph) -> FinalActivation:
    """What has to be taken off a network's last layer.

    Raises:
        ModelError: it ends in code of someone's own, or in what keeps nothing of the logits.
    """
    name = activation_name(_inner(call.operation))
    hidden = name in _HIDES_LOGITS or (name is None and not _computes_scores(call.operation))
    if hidden:
        received = "Python code of its own" if name in (None, "lambda") else repr(name)
        raise ModelError(
            f"the last layer {call.path!r} ends in {received}, from which no class scores before it can be read. "
            "Expected softmax, sigmoid or no activation: set layer.activation to one of them, or put such a layer "
            "in its place"
        )
    if name is None and activation_name(last_operation_within(call, graph)) in _TAKEN_OFF:
        raise ModelError(_hides(call, str(activation_name(last_operation_within(call, graph)))))
    return _TAKEN_OFF.get(name or "", "linear")


def _inner(operation: Any) -> Any:
    """The layer whose activation counts: that within, of a layer that only wraps another (`SpectralNormalization`)."""
    return operation.layer if isinstance(operation, load_keras().layers.Wrapper) else operation


def _computes_scores(operation: Any) -> bool:
    """Whether a layer of someone's own makes scores by its weights; one without is itself an activation."""
    return bool(getattr(operation, "weights", ())) and not callable(getattr(operation, "activation", None))


def _check_not_probabilities(output: int, makers: Mapping[int, Call], name: str) -> None:
    """Raise where the class scores are means, parts or sums of probabilities."""
    if _is_of_probabilities(output, makers):
        raise ModelError(
            f"the model {name!r} makes its class scores ({makers[output].path}) of probabilities, so no class has a "
            "logit of its own. Let it work on the numbers before the softmax or sigmoid, and put that last"
        )


def _is_of_probabilities(number: int, makers: Mapping[int, Call]) -> bool:
    """Whether a value is nothing but probabilities, or what operations without weights have made of them alone."""
    call = makers.get(number)
    if call is None:
        return False
    if activation_name(_inner(call.operation)) in _TAKEN_OFF:
        return True
    has_weights = bool(getattr(call.operation, "weights", ()))
    sources = set(call.sources)
    return bool(sources) and not has_weights and all(_is_of_probabilities(source, makers) for source in sources)


def _without_activation(call: Call, activation: FinalActivation, graph: Graph) -> Call:
    operation = call.operation
    keras = load_keras()
    if is_activation_alone(operation) and operation is _inner(operation):
        dtype = graph.dtypes[call.sources[0]]  # by default it would be that of whatever policy is set now
        unchanged = keras.layers.Identity(name=f"{operation.name}_left_out", dtype=dtype)
        return replace(call, operation=unchanged, arguments=((Slot(call.sources[0]),), {}))
    # not read from __dict__: torch keeps layers that are attributes elsewhere. A property cannot be replaced
    if not callable(getattr(operation, "activation", None)) or hasattr(type(operation), "activation"):
        raise ModelError(_hides(call, activation))
    return replace(call, operation=with_activation(operation, keras.activations.linear))


def _hides(call: Call, activation: str) -> str:
    return (
        f"the last layer {call.path!r} hides its {activation}, so class scores cannot be read from it. "
        f"Give the {activation} a layer of its own."
    )


def as_class_scores(logits: Any) -> Any:
    """Backend tensor (n, outputs) -> float32 (n, classes); a single output z becomes the two columns -z and z.

    So the one sigmoid of a two-class model speaks for both classes, and what speaks for one speaks against the other.
    """
    ops = load_keras().ops
    scores = ops.cast(logits, "float32")
    return ops.concatenate([-scores, scores], axis=-1) if scores.shape[-1] == 1 else scores


def probabilities_from(
    class_scores: NDArray[np.float32], *, twin: LogitsTwin, temperature: float = 1.0
) -> NDArray[np.float32]:
    """Class scores (n, classes) -> probabilities (n, classes), as the network itself would put them.

    One sigmoid: (1 - p, p). Several sigmoids (classes that do not exclude each other): each by itself.
    Softmax, or bare logits for several classes: softmax.

    Args:
        class_scores: float32 (n, classes), logits.
        twin: knows what the network ends in.
        temperature: by which the logits are divided first; above 1 makes it less sure, and never changes the order.
    """
    scores = class_scores.astype(np.float64) / temperature
    if twin.is_sigmoid:
        return (0.5 * (1 + np.tanh(scores / 2))).astype(np.float32)  # the sigmoid, written so that nothing overflows
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)
