"""Which layers of a network one can look at: those with one map per channel, and the tokens of a transformer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from artforge.engine.models.card import LayerInfo, LayerKind
from artforge.engine.models.graph import Call, Graph, shapes_at

MOST_PREFIX_TOKENS = 8
"""A transformer may put this many tokens of its own (class, registers) before those of the picture."""

_ACTIVATION_LAYERS = frozenset({"Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"})
_ACTIVATION_OPERATIONS = frozenset(
    {"Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Gelu", "Silu", "Mish", "Softplus", "Sigmoid", "Tanh", "HardSilu"}
)
_MERGES = frozenset({"Add", "Concatenate", "Multiply", "Average", "Maximum", "Minimum", "Subtract"})
SELF_ATTENTION_LAYERS = frozenset({"MultiHeadAttention", "GroupedQueryAttention", "GroupQueryAttention"})


def layers_to_look_at(graph: Graph, input_size: tuple[int, int]) -> tuple[LayerInfo, ...]:
    """The layers with maps on the way to the output, in the order they are computed.

    A transformer's tokens count as maps too: one cell a patch, its own tokens (class, registers) left out.

    Args:
        graph: input (n, height, width, channels) -> output.
        input_size: (height, width) for which the sizes of the maps are told.
    """
    found = list(_calls_with_maps(graph, shapes_at(graph, input_size)))
    reads = _read_by_self_attention(graph, [call for call, _ in found])
    return tuple(
        LayerInfo(
            name=call.path,
            channels=channels,
            size=(height, width),
            kind=kind_of(call.operation),
            reads=reads.get(call.path),
        )
        for call, (height, width, channels) in found
    )


def _read_by_self_attention(graph: Graph, with_maps: Sequence[Call]) -> dict[str, str]:
    """Path of each self-attention -> of the last layer with maps before it that it depends on."""
    listed = {call.path for call in with_maps}
    reads = {}
    for call in with_maps:
        if kind_of(call.operation) == "self_attention":
            before = graph.calls_leading_to(call.sources)
            nearest = [earlier.path for earlier in before if earlier.path in listed]
            reads.update({call.path: nearest[-1]} if nearest else {})
    return reads


def multiply_adds_of(graph: Graph, input_size: tuple[int, int]) -> int:
    """About how many multiplications one picture costs: each weight of a layer is used once a cell of its map.

    A dense layer on features has one cell; what self-attention multiplies token by token is not counted.
    """
    shapes = shapes_at(graph, input_size)
    return sum(_num_cells(shapes[call.results[0]]) * _num_weights(call.operation) for call in graph.calls)


def _num_cells(shape: tuple[int | None, ...]) -> int:
    return math.prod(length or 1 for length in shape[1:-1])


def _num_weights(operation: Any) -> int:
    return int(operation.count_params()) if hasattr(operation, "count_params") else 0


def _calls_with_maps(
    graph: Graph, shapes: Mapping[int, tuple[int | None, ...]]
) -> Iterator[tuple[Call, tuple[int, int, int]]]:
    """The calls with one map per channel, and (height, width, channels) of their maps."""
    cells: tuple[int, int] | None = None
    grid: tuple[int, int] | None = None
    for call in graph.calls:
        shape = shapes[call.results[0]] if len(call.results) == 1 else ()
        if None in shape[1:]:
            continue
        if len(shape) == 4 and (grid is None or shape[1:3] == grid):
            # once a picture is tokens, four axes are heads of self-attention, not maps, unless they are the grid again
            height, width, channels = (int(length or 0) for length in shape[1:])
            cells = (height, width)
            yield call, (height, width, channels)
        elif len(shape) == 3 and cells is not None:
            num_tokens, channels = (int(length or 0) for length in shape[1:])
            if grid is None and num_tokens == cells[0] * cells[1] > 1:
                grid = cells
            if grid is not None and 0 <= num_tokens - grid[0] * grid[1] <= MOST_PREFIX_TOKENS:
                yield call, (*grid, channels)


def kind_of(operation: Any) -> LayerKind:
    """What sort of layer it is."""
    name = type(operation).__name__
    if name in SELF_ATTENTION_LAYERS:
        return "self_attention"
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
