"""A network read as one flat list of calls, nested models seen through, from the private graph that Keras keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from artforge.core.errors import ModelError
from artforge.engine.backend import load_keras
from artforge.engine.models.call_shapes import shapes_at
from artforge.engine.models.calls import Call, Graph, Runs, Slot, leading_to, plainly, run_calls, with_activation
from artforge.engine.models.following import (
    TRACE_FAULTS,
    follow_call,
    last_operation_within,
    leaving_no_nodes,
    results_of_call,
)

__all__ = [
    "Call",
    "Graph",
    "Runs",
    "Slot",
    "last_operation_within",
    "plainly",
    "read_graph",
    "run_calls",
    "shapes_at",
    "with_activation",
]


def read_graph(keras_model: Any, *, input_size: tuple[int, int] | None = None) -> Graph:
    """The network as a flat list of calls.

    Models inside the model, and layers of the user's own that are made of layers, are seen through; what cannot be
    followed with symbolic tensors stays one call. The model is not changed, its weights are shared.

    Args:
        keras_model: Sequential, functional, or subclassed; one picture in, one output.
        input_size: (height, width) for a model without `keras.Input` that has not seen a picture yet.

    Raises:
        ModelError: it has no graph and cannot be followed, or not exactly one input and one output.
    """
    inputs, outputs = (list(getattr(keras_model, side, None) or ()) for side in ("inputs", "outputs"))
    with leaving_no_nodes(keras_model):
        if len(inputs) <= 1 and not _is_what_keras_stored(keras_model):
            inputs, outputs = follow_call(keras_model, input_size)
        if len(inputs) != 1 or len(outputs) != 1:
            raise ModelError(
                f"the model {keras_model.name!r} has {len(inputs)} inputs and {len(outputs)} outputs, "
                "expected one picture in and one list of class scores out. "
                "Make a model of one of each: keras.Model(picture, scores)"
            )
        reader = _Reader()
        picture = reader.new_value(inputs[0])
        [output] = reader.read(inputs, outputs, [picture], prefix="")
    if not load_keras().backend.is_float_dtype(reader.dtypes[picture]):
        reader.dtypes[picture] = "float32"
    return Graph(
        name=str(keras_model.name),
        calls=tuple(leading_to([output], reader.calls)),
        picture=picture,
        output=output,
        shapes=_with_any_number_of_pictures(reader.shapes, inputs[0].shape[0]),
        dtypes=reader.dtypes,
    )


def _is_what_keras_stored(model: Any) -> bool:
    """Whether a model computes the graph that Keras holds of it; one with a `call` of its own may do anything else."""
    stored = getattr(model, "inputs", None) and getattr(model, "outputs", None)
    return bool(stored) and str(model.call.__module__).startswith("keras.")


def _with_any_number_of_pictures(
    shapes: Mapping[int, tuple[int | None, ...]], number: int | None
) -> dict[int, tuple[int | None, ...]]:
    """The shapes of a network that was built for batches of one `number`, that number left open."""
    return {value: (None, *shape[1:]) if shape and shape[0] == number else shape for value, shape in shapes.items()}


class _Reader:
    """Walks symbolic tensors back to where they come from, and numbers every value on the way."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.shapes: dict[int, tuple[int | None, ...]] = {}
        self.dtypes: dict[int, str] = {}
        self._paths: dict[str, int] = {}

    def new_value(self, tensor: Any) -> int:
        number = len(self.shapes)
        self.shapes[number], self.dtypes[number] = tuple(tensor.shape), str(tensor.dtype)
        return number

    def read(self, inputs: Sequence[Any], outputs: Sequence[Any], numbers: Sequence[int], prefix: str) -> list[int]:
        """Add the calls between `inputs`, whose values have these numbers, and `outputs`; the outputs' numbers."""
        known = {id(tensor): number for tensor, number in zip(inputs, numbers, strict=True)}
        for node in _nodes_between(inputs, outputs):
            operation = node.operation
            arguments = _with_slots(node.arguments, known)
            results = self._see_through(operation, node, known, f"{prefix}{operation.name}/")
            if results is None:
                sources = tuple(known[id(tensor)] for tensor in node.arguments.keras_tensors)
                results = [self.new_value(tensor) for tensor in node.outputs]
                path = self._unique(f"{prefix}{operation.name}")
                self.calls.append(Call(path, operation, arguments, sources, tuple(results)))
            known.update({id(tensor): number for tensor, number in zip(node.outputs, results, strict=True)})
        return [known[id(tensor)] for tensor in outputs]

    def _see_through(self, operation: Any, node: Any, known: Mapping[int, int], prefix: str) -> list[int] | None:
        """The numbers of a model's outputs, its inside read; None for what is a single operation."""
        received = node.arguments.keras_tensors
        numbers = [known[id(tensor)] for tensor in received]
        if _is_what_keras_stored(operation):
            if not _are_given_as_built(operation, node.arguments):
                return None
            return self.read(operation.inputs, operation.outputs, numbers, prefix)
        if not _is_composite(operation):
            return None
        inputs = [load_keras().KerasTensor(tensor.shape, dtype=tensor.dtype) for tensor in received]
        stand_ins = {id(tensor): stand_in for tensor, stand_in in zip(received, inputs, strict=True)}
        args, kwargs = load_keras().tree.map_structure(
            lambda leaf: stand_ins.get(id(leaf), leaf), (node.arguments.args, node.arguments.kwargs)
        )
        try:
            outputs = results_of_call(operation, args, kwargs)
            reachable = all(hasattr(tensor, "_keras_history") for tensor in outputs) and len(outputs) == len(
                node.outputs
            )
            return self.read(inputs, outputs, numbers, prefix) if reachable else None
        except TRACE_FAULTS:
            return None  # its own code wants real tensors: it stays one call

    def _unique(self, path: str) -> str:
        self._paths[path] = self._paths.get(path, 0) + 1
        return path if self._paths[path] == 1 else f"{path}#{self._paths[path]}"


def _are_given_as_built(model: Any, arguments: Any) -> bool:
    """Whether a model's inputs come in the order it was built with; Keras also takes a dictionary for a list."""
    if len(arguments.keras_tensors) != len(model.inputs) or len(model.inputs) == 1:
        return len(arguments.keras_tensors) == len(model.inputs)
    tree = load_keras().tree
    given = next(iter((*arguments.args, *arguments.kwargs.values())))
    try:
        tree.assert_same_structure(tree.lists_to_tuples(given), tree.lists_to_tuples(model.input))
    except ValueError:
        return False
    return True


def _is_composite(operation: Any) -> bool:
    """Whether it is a layer of someone's own that is made of layers; those of Keras are single operations."""
    own = not type(operation).__module__.startswith("keras.")
    flatten = getattr(operation, "_flatten_layers", None)
    return own and flatten is not None and any(True for _ in flatten(include_self=False, recursive=False))


def _with_slots(arguments: Any, known: Mapping[int, int]) -> tuple[Any, Any]:
    keras = load_keras()

    def slot(leaf: Any) -> Any:
        return Slot(known[id(leaf)]) if isinstance(leaf, keras.KerasTensor) else leaf

    args, kwargs = keras.tree.map_structure(slot, (arguments.args, arguments.kwargs))
    return args, kwargs


def _nodes_between(inputs: Sequence[Any], outputs: Sequence[Any]) -> Iterator[Any]:
    """The nodes that lead from the inputs to the outputs, sources first; one branch after the other."""
    given = {id(tensor) for tensor in inputs}
    done: set[int] = set()
    stack = [(node, False) for node in reversed(list(_nodes_of(outputs, given)))]
    while stack:
        node, opened = stack.pop()
        if id(node) in done:
            continue
        if opened:
            done.add(id(node))
            yield node
            continue
        stack.append((node, True))
        stack.extend((source, False) for source in reversed(list(_nodes_of(node.arguments.keras_tensors, given))))


def _nodes_of(tensors: Iterable[Any], given: set[int]) -> Iterator[Any]:
    """The node that made each tensor, the given ones left out."""
    for tensor in tensors:
        if id(tensor) in given:
            continue
        history = getattr(tensor, "_keras_history", None)
        if history is None or history.operation is None:
            raise ModelError("the network reads a tensor that does not come from its picture, so it cannot be followed")
        yield history.operation._inbound_nodes[history.node_index]
