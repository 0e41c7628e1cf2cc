"""A network as one flat list of calls, nested models seen through: the one place that reads Keras' private graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from artforge.core.errors import ModelError
from artforge.engine.backend import load_keras, no_warnings

TRACE_FAULTS = (
    *(AttributeError, AssertionError, ImportError, IndexError, KeyError, NotImplementedError, RuntimeError),
    *(TypeError, ValueError),
)
"""What a model's own Python code raises when it is given symbolic tensors that it cannot work on."""


@dataclass(frozen=True)
class Slot:
    """The place of a value in a call's arguments."""

    number: int


@dataclass(frozen=True, eq=False)
class Call:
    """One operation applied once.

    Attributes:
        path: the operation's name behind those of the models and layers around it: `base/block5_conv3`. Where one
            operation is used again, `#2` and so on is added.
        operation: the Keras layer or operation.
        arguments: (args, kwargs) of the call, a `Slot` in place of every tensor.
        sources, results: the numbers of the values that go in and come out.
    """

    path: str
    operation: Any
    arguments: tuple[Any, Any]
    sources: tuple[int, ...]
    results: tuple[int, ...]


Runs = Callable[[Call, Any, Any], Any]
"""How a call is carried out: (call, args, kwargs) -> what the operation gives."""


@dataclass(frozen=True, eq=False)
class Graph:
    """A network from its picture to its output.

    Attributes:
        name: the network's own.
        calls: in the order of computation; every one leads to the output.
        picture, output: the numbers of the first and the last value.
        shapes: by number of value, None where a size is not fixed; the number of pictures never is.
        dtypes: by number of value; that of the picture is always one of floats, or no gradient would reach it.
    """

    name: str
    calls: tuple[Call, ...]
    picture: int
    output: int
    shapes: Mapping[int, tuple[int | None, ...]]
    dtypes: Mapping[int, str]

    @cached_property
    def variables(self) -> list[Any]:
        """Every weight of the network, each once."""
        listed = (variable for call in self.calls for variable in getattr(call.operation, "variables", ()))
        return list({id(variable): variable for variable in listed}.values())

    @cached_property
    def value_of(self) -> dict[str, int]:
        """Path -> the number of the value that this call gives; calls with several results are left out."""
        return {call.path: call.results[0] for call in self.calls if len(call.results) == 1}

    def calls_leading_to(self, wanted: Sequence[int]) -> list[Call]:
        """The calls that some values depend on, in the order of computation."""
        return _leading_to(wanted, self.calls)

    def tensor(self, number: int) -> Any:
        """Shape and dtype of a value, as the compiler wants them told."""
        return load_keras().KerasTensor(self.shapes[number], dtype=self.dtypes[number])


def plainly(call: Call, args: Any, kwargs: Any) -> Any:
    """The operation as it is, without training behaviour."""
    return call.operation(*args, **kwargs)


def run_calls(
    calls: Sequence[Call], values: Mapping[int, Any], wanted: Sequence[int], *, runs: Runs = plainly
) -> list[Any]:
    """Carry out calls one after the other.

    Args:
        calls: in the order of computation.
        values: by number, the tensors that the calls start from.
        wanted: the numbers of the values to give back.
        runs: how a call is carried out.

    Returns:
        the wanted tensors, in order.
    """
    tree = load_keras().tree
    held = dict(values)
    last_use = {source: position for position, call in enumerate(calls) for source in call.sources}
    for position, call in enumerate(calls):
        args, kwargs = tree.map_structure(
            lambda leaf: held[leaf.number] if isinstance(leaf, Slot) else leaf, call.arguments
        )
        if _knows_training(call.operation):
            kwargs = {**kwargs, "training": False}
        held.update(zip(call.results, tree.flatten(runs(call, args, kwargs)), strict=True))
        for source in call.sources:  # what nothing reads any more is let go, or a batch would hold every layer's maps
            if last_use[source] == position and source not in wanted:
                held.pop(source, None)
    return [held[number] for number in wanted]


def _knows_training(operation: Any) -> bool:
    return bool(getattr(operation, "_call_has_training_arg", False)) or "training" in getattr(
        operation, "_call_context_args", ()
    )


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
    with _leaving_no_nodes(keras_model):
        if len(inputs) <= 1 and not _is_what_keras_stored(keras_model):
            inputs, outputs = _follow_call(keras_model, input_size)
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
        calls=tuple(_leading_to([output], reader.calls)),
        picture=picture,
        output=output,
        shapes=_with_any_number_of_pictures(reader.shapes, inputs[0].shape[0]),
        dtypes=reader.dtypes,
    )


def _is_what_keras_stored(model: Any) -> bool:
    """Whether a model computes the graph that Keras holds of it; one with a `call` of its own may do anything else."""
    stored = getattr(model, "inputs", None) and getattr(model, "outputs", None)
    return bool(stored) and str(model.call.__module__).startswith("keras.")


@contextmanager
def _leaving_no_nodes(keras_model: Any) -> Iterator[None]:
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


def _with_any_number_of_pictures(
    shapes: Mapping[int, tuple[int | None, ...]], number: int | None
) -> dict[int, tuple[int | None, ...]]:
    """The shapes of a network that was built for batches of one `number`, that number left open."""
    return {value: (None, *shape[1:]) if shape and shape[0] == number else shape for value, shape in shapes.items()}


def _leading_to(wanted: Sequence[int], calls: Sequence[Call]) -> list[Call]:
    """The calls that the wanted values depend on: an inner model may have outputs that nobody reads."""
    needed, leading = set(wanted), []
    for call in reversed(calls):
        if needed.intersection(call.results):
            needed.update(call.sources)
            leading.append(call)
    return leading[::-1]


def _follow_call(keras_model: Any, input_size: tuple[int, int] | None) -> tuple[list[Any], list[Any]]:
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
        outputs = _results_of_call(keras_model, (picture,), {})
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


def _results_of_call(layer: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """What a layer's own `call` makes of symbolic tensors, without training behaviour."""
    others = {name: value for name, value in kwargs.items() if name != "training"}
    if layer._call_has_training_arg:
        others["training"] = False
    with no_warnings():
        return list(load_keras().tree.flatten(layer.call(*args, **others)))


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
            outputs = _results_of_call(operation, args, kwargs)
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


def last_operation_within(call: Call, graph: Graph) -> Any | None:
    """The operation with which a layer's own code ends, or None where that cannot be followed."""
    args, kwargs = load_keras().tree.map_structure(
        lambda leaf: graph.tensor(leaf.number) if isinstance(leaf, Slot) else leaf, call.arguments
    )
    with _leaving_no_nodes(call.operation):
        try:
            [result] = _results_of_call(call.operation, args, kwargs)
            return result._keras_history.operation
        except TRACE_FAULTS:
            return None


def with_activation(layer: Any, activation: Callable[[Any], Any]) -> Any:
    """The same layer, weights shared, under another activation; the original is left as it is."""
    view = object.__new__(type(layer))  # copy.copy would pickle the layer, weights and all
    view.__dict__.update(layer.__dict__)
    view.__dict__["activation"] = activation
    return view


def shapes_at(
    graph: Graph, input_size: tuple[int, int], *, calls: Sequence[Call] | None = None
) -> dict[int, tuple[int | None, ...]]:
    """The shape of every value for pictures of one size, the number of pictures left open.

    Args:
        graph: the network.
        input_size: (height, width) of the pictures.
        calls: only these, which may take pictures of sizes that the whole network does not; None is all.

    Raises:
        ModelError: a call cannot work on pictures of this size.
    """
    height, width = graph.shapes[graph.picture][1:3]
    if calls is None and height is not None and width is not None:
        input_size = (height, width)
    if (height, width) == tuple(input_size) and all(None not in shape[1:] for shape in graph.shapes.values()):
        return dict(graph.shapes)
    keras = load_keras()
    channels = graph.shapes[graph.picture][-1]
    specs = {graph.picture: keras.KerasTensor((None, *input_size, channels), dtype=graph.dtypes[graph.picture])}
    for call in graph.calls if calls is None else calls:
        args, kwargs = keras.tree.map_structure(
            lambda leaf: specs[leaf.number] if isinstance(leaf, Slot) else leaf, call.arguments
        )
        try:
            _check_input_spec(call.operation, [specs[source].shape for source in call.sources])
            with no_warnings():
                given = keras.tree.flatten(call.operation.compute_output_spec(*args, **kwargs))
        except TRACE_FAULTS as error:
            raise ModelError(
                f"the network {graph.name!r} cannot see pictures of {input_size[0]}x{input_size[1]} pixels: "
                f"its {call.path} does not take them"
            ) from error
        specs.update(zip(call.results, given, strict=True))
    return {number: tuple(spec.shape) for number, spec in specs.items()}


def _check_input_spec(operation: Any, shapes: Sequence[Sequence[int | None]]) -> None:
    """Raise ValueError where a layer's weights have been built for another size; its shape arithmetic does not look."""
    specs = load_keras().tree.flatten(getattr(operation, "input_spec", None))
    for spec, shape in zip(specs, shapes, strict=False):
        for axis, size in (getattr(spec, "axes", None) or {}).items():
            if size is not None and shape[int(axis)] not in (None, size):
                raise ValueError(f"{size} expected along axis {axis}, received {shape[int(axis)]}")
