"""Which pixels a cell of a layer's map depends on, read off the network's calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from artforge.core.errors import ModelError
from artforge.engine.models.graph import Call, Graph, shapes_at


class Span(NamedTuple):
    """Cell i of a map sees the pixels from i · stride + first to i · stride + last, both included, along one axis."""

    stride: int
    first: int
    last: int

    @property
    def size(self) -> int:
        """How many pixels a cell sees."""
        return self.last - self.first + 1


class Field(NamedTuple):
    """The receptive field of a layer for pictures of one size, down and across; it may reach beyond the picture."""

    down: Span
    across: Span


def receptive_field(graph: Graph, layer: str, size: tuple[int, int]) -> Field:
    """The receptive field of a layer's cells.

    Args:
        graph: the network.
        layer: the path of one of its layers.
        size: (height, width) of the pictures: where paddings lie may depend on it.

    Raises:
        ModelError: a call on the way sees the whole picture at once, or what it sees cannot be told.
    """
    wanted = graph.value_of[layer]
    calls = graph.calls_leading_to([wanted])
    shapes = shapes_at(graph, size, calls=calls)
    fields = {graph.picture: Field(Span(1, 0, 0), Span(1, 0, 0))}
    for call in calls:
        sources = [fields[source] for source in call.sources]
        grown = [_through(call, sources, shapes, axis, graph.name) for axis in (0, 1)]
        fields.update(dict.fromkeys(call.results, Field(*grown)))
    return fields[wanted]


_CELL_BY_CELL = frozenset(
    {
        *("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Relu"),
        *("Relu6", "Rescaling", "Dropout", "SpatialDropout2D", "BatchNormalization", "GaussianNoise"),
        *("Identity", "Sigmoid", "Silu", "Gelu", "Elu", "Tanh"),
        *("HardSigmoid", "HardSwish", "HardSilu", "Softplus", "Add", "Subtract"),
        *("Multiply", "Divide", "TrueDivide", "Average", "Maximum", "Minimum"),
        *("Concatenate", "Cast", "Normalization", "Negative", "Abs", "Absolute"),
        *("Square", "Sqrt", "Clip"),
    }
)
"""Layers and operations whose every cell is made of the same cell of what comes in."""


def _through(
    call: Call, sources: Sequence[Field], shapes: Mapping[int, tuple[int | None, ...]], axis: int, network: str
) -> Span:
    """The span behind a call."""
    spans = [field[axis] for field in sources]
    operation = call.operation
    kind = type(operation).__name__
    if kind in _CELL_BY_CELL or (kind == "Flip" and operation.axis in (-1, 3)):
        strides = {span.stride for span in spans}
        if len(strides) == 1:
            return Span(strides.pop(), min(span.first for span in spans), max(span.last for span in spans))
    if kind in ("Conv2D", "DepthwiseConv2D", "SeparableConv2D"):
        reach = (operation.kernel_size[axis] - 1) * operation.dilation_rate[axis] + 1
        return _windowed(spans[0], reach, operation.strides[axis], operation.padding, shapes[call.sources[0]][1 + axis])
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        size = shapes[call.sources[0]][1 + axis]
        return _windowed(spans[0], operation.pool_size[axis], operation.strides[axis], operation.padding, size)
    if kind in ("ZeroPadding2D", "Cropping2D"):
        before = operation.padding[axis][0] if kind == "ZeroPadding2D" else -operation.cropping[axis][0]
        [span] = spans
        return Span(span.stride, span.first - before * span.stride, span.last - before * span.stride)
    raise ModelError(
        f"the network {network!r} cannot be run tile by tile: at {call.path} ({kind}) a cell may depend on the whole "
        "picture. Look at an earlier layer, or make the picture smaller."
    )


def _windowed(span: Span, reach: int, stride: int, padding: str, size: Any) -> Span:
    """The span behind a window of `reach` cells that moves by `stride`."""
    before = 0
    if padding == "same":
        before = max((-(-int(size) // stride) - 1) * stride + reach - int(size), 0) // 2
    first = span.first - before * span.stride
    return Span(span.stride * stride, first, first + (span.last - span.first) + (reach - 1) * span.stride)
