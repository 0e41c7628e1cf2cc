"""What an objective measures, one function a measure, as Keras operations.

Each takes what the network puts out, a tensor (views, n, h, w, channels) of one layer or (views, n, classes), and gives
a tensor (views, n): a value for each picture as seen in each view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from artforge.engine.ascent.objectives import (
    Alignment,
    ClassScore,
    Direction,
    Diversity,
    Energy,
    Likeness,
    Measure,
    Probability,
    Response,
)
from artforge.engine.backend import load_keras

_TINY = 1e-8
LEAST_COSINE = 0.1
"""A direction or likeness never counts for less than this, or it could not be found from afar."""
NUM_NEIGHBOURS = 4
"""How far along a film its pictures are held together."""


class Asked(NamedTuple):
    """What one measure is asked, as tensors; None where it has no use for it.

    Attributes:
        power: of directions and likenesses.
        weights: (n, channels) or (n, classes).
        cells: (n, h, w), how much each cell of the map counts; they add up to 1.
        chosen: (n,), which of the references each picture is held against.
        references: (views, references, h, w, channels), the layer's maps of the pictures that likenesses look at.
    """

    power: float
    weights: Any
    cells: Any
    chosen: Any
    references: Any


def _response(seen: Any, asked: Asked) -> Any:
    ops = load_keras().ops
    num, height, width, channels = ops.shape(seen)[1:]
    rows = ops.reshape(seen, (-1, num, height * width, channels))
    pooled = ops.matmul(ops.reshape(asked.cells, (1, num, 1, height * width)), rows)[:, :, 0]
    return ops.sum(pooled * asked.weights, axis=-1)


def _energy(seen: Any, asked: Asked) -> Any:
    ops = load_keras().ops
    return ops.sum(ops.mean(ops.square(seen), axis=-1) * asked.cells, axis=(2, 3))


def _direction(seen: Any, asked: Asked) -> Any:
    ops = load_keras().ops
    along = ops.einsum("vnhwc,nc->vnhw", seen, asked.weights)
    if asked.power:
        lengths = ops.sqrt(ops.sum(ops.square(seen), axis=-1) + _TINY)
        length = ops.sqrt(ops.sum(ops.square(asked.weights), axis=-1) + _TINY)
        cosine = along / (lengths * ops.reshape(length, (-1, 1, 1)))
        along = along * ops.maximum(cosine, LEAST_COSINE) ** asked.power
    return ops.sum(along * asked.cells, axis=(2, 3))


def _class_score(seen: Any, asked: Asked) -> Any:
    return load_keras().ops.sum(seen * asked.weights, axis=-1)


def _likeness(seen: Any, asked: Asked) -> Any:
    ops = load_keras().ops
    model_of = ops.take(ops.stop_gradient(asked.references), asked.chosen, axis=1)
    axes = tuple(range(2, len(seen.shape)))
    squared = ops.sum(ops.square(model_of), axis=axes) + _TINY
    along = ops.sum(seen * model_of, axis=axes) / squared
    length = ops.sqrt(ops.sum(ops.square(seen), axis=axes) + _TINY)
    cosine = along * ops.sqrt(squared) / length
    return along * ops.maximum(cosine, LEAST_COSINE) ** asked.power


def _diversity(seen: Any, _: Asked) -> Any:
    ops = load_keras().ops
    gram = ops.einsum("vnhwc,vnhwd->vncd", seen, seen)
    gram = gram / (ops.sqrt(ops.sum(ops.square(gram), axis=(2, 3), keepdims=True)) + _TINY)
    alike = ops.einsum("vncd,vmcd->vnm", gram, gram)
    return 1 / ops.cast(ops.shape(seen)[1], "float32") - ops.mean(alike, axis=-1)  # but for its likeness to itself


def _alignment(seen: Any, _: Asked) -> Any:
    ops = load_keras().ops
    num = ops.shape(seen)[1]
    places = ops.arange(num)
    total = ops.zeros_like(seen[:, :, 0, 0, 0])
    for distance in range(1, NUM_NEIGHBOURS + 1):
        neighbours = ops.take(seen, ops.minimum(places + distance, num - 1), axis=1)
        differs = ops.mean(ops.square(seen - neighbours), axis=(2, 3, 4))
        has_neighbour = ops.cast(places + distance < num, "float32")
        total = total - differs * has_neighbour / 2**distance
    return total


MEASURED: dict[type[Measure], Callable[[Any, Asked], Any]] = {
    Response: _response,
    Energy: _energy,
    Direction: _direction,
    ClassScore: _class_score,
    Probability: _class_score,
    Likeness: _likeness,
    Diversity: _diversity,
    Alignment: _alignment,
}
"""By kind of measure, its function. A probability is a class score of what is behind the softmax or sigmoid."""
