"""Running a step, once or for each item where several values flow into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.drawings import Drawing, Value
from artforge.core.errors import ShapeError, StepError
from artforge.core.seeds import derive_seed, generator
from artforge.core.steps import Input
from artforge.core.values import Kind, array_fault, size_text
from artforge.recipes.nodes import Node

MAX_STACK_BYTES = 4_000_000_000
"""Of several pictures or maps that are held at once."""


def run_step(node: Node, inputs: Mapping[str, Value], settings: Mapping[str, Any]) -> Any:
    """What the step gives: one value, or one for each item of the inputs that are mapped, put together.

    A step that draws by chance has a seed of its own for each item.

    Args:
        node: what is to be run.
        inputs: arrays or drawings, named as the node names them.
        settings: as the function takes them.

    Raises:
        ShapeError: inputs with different numbers of items, or several values or results of different sizes.
        StepError: a result is no value of its kind, or all of them together are too large.
    """
    inputs = _together(node, inputs)
    if not node.mapped:
        return node.step.function(**inputs, **settings, **_chance(node.seed))
    kinds = {wanted.name: wanted.kind for wanted in node.step.inputs}
    items = {name: _items(inputs[name], kinds[name]) for name in node.mapped}
    counts = {name: len(each) for name, each in items.items()}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise ShapeError(f"values that go together one by one must be as many: {told}")
    count = next(iter(counts.values()))
    results: list[NDArray[np.float32]] = []
    for index in range(count):
        own = {name: np.ascontiguousarray(each[index]) for name, each in items.items()}
        seed = derive_seed(node.seed, index) if node.seed is not None else None
        result = node.step.function(**{**inputs, **own}, **settings, **_chance(seed))
        fault = array_fault(result, node.step.output)
        if fault is not None:
            raise StepError(f"gave a wrong result for item {index}: {fault}")
        _check_bytes(count, result, "take fewer (take_channels), or make them smaller")
        if results and result.shape != results[0].shape:
            raise ShapeError(f"results of one size are wanted, received {results[0].shape} and {result.shape}")
        results.append(result)
    return np.stack(results, axis=0 if node.step.output is Kind.IMAGE else -1)


_WAY_OUT = "put '- fit: {like: $one_of_them}' behind the others"


def _together(node: Node, inputs: Mapping[str, Value]) -> dict[str, Value]:
    """The values by input; several that go into one are stacked."""
    found: dict[str, Value] = {}
    for wanted in node.step.inputs:
        several = [value for name, value in inputs.items() if name.startswith(f"{wanted.name} ")]
        if several:
            found[wanted.name] = _stacked(wanted, several)
        elif wanted.name in inputs:
            found[wanted.name] = inputs[wanted.name]
    return found


def _stacked(wanted: Input, values: Sequence[Any]) -> NDArray[np.float32]:
    sizes = list(dict.fromkeys(size_text(value) for value in values))
    if len(sizes) > 1:
        raise ShapeError(
            f"{wanted.name} must be of one size to be put together, received {' and '.join(sizes)}: {_WAY_OUT}"
        )
    _check_bytes(len(values), values[0], "take fewer, or make them smaller")
    return np.stack(values, axis=0 if wanted.kind is Kind.IMAGES else -1)


def _check_bytes(count: int, one: NDArray[np.float32], way_out: str) -> None:
    if one.nbytes * count > MAX_STACK_BYTES:
        size = f"{one.nbytes * count / 1e9:.1f} GB"
        raise StepError(f"{count} of {one.shape[1]} x {one.shape[0]} are {size} together: {way_out}")


def _items(stack: Value, kind: Kind) -> NDArray[np.float32]:
    """The items along the first axis: pictures stand so, maps along the last."""
    if isinstance(stack, Drawing):
        raise AssertionError("no kind of value holds several drawings")
    return stack if kind is Kind.IMAGE else np.moveaxis(stack, -1, 0)


def _chance(seed: int | None) -> dict[str, Any]:
    return {} if seed is None else {"rng": generator(seed)}
