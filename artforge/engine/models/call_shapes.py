"""How large each value of a network is for pictures of one size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from artforge.core.errors import ModelError
from artforge.engine.backend import load_keras, no_warnings
from artforge.engine.models.calls import Call, Graph, Slot
from artforge.engine.models.following import TRACE_FAULTS


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
