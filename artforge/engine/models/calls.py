"""A network as a flat list of calls, and how they are carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from artforge.engine.backend import load_keras


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
        return leading_to(wanted, self.calls)

    def tensor(self, number: int) -> Any:
        """Shape and dtype of a value, as the compiler wants them told."""
        return load_keras().KerasTensor(self.shapes[number], dtype=self.dtypes[number])


def leading_to(wanted: Sequence[int], calls: Sequence[Call]) -> list[Call]:
    """The calls that the wanted values depend on: an inner model may have outputs that nobody reads."""
    needed, leading = set(wanted), []
    for call in reversed(calls):
        if needed.intersection(call.results):
            needed.update(call.sources)
            leading.append(call)
    return leading[::-1]


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


def with_activation(layer: Any, activation: Callable[[Any], Any]) -> Any:
    """The same layer, weights shared, under another activation; the original is left as it is."""
    view = object.__new__(type(layer))  # copy.copy would pickle the layer, weights and all
    view.__dict__.update(layer.__dict__)
    view.__dict__["activation"] = activation
    return view
