"""What every class-activation method starts from: a layer's feature maps, and how the class score moves with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError
from artforge.core.values import FeatureMaps, Image
from artforge.engine.attention.cut import split_at
from artforge.engine.attention.gradients import Compiled, compile_function, compile_gradient
from artforge.engine.backend import load_keras, to_array
from artforge.engine.models.graph import run_to_list
from artforge.engine.models.handle import Model
from artforge.engine.models.head import as_class_scores

PREDICTED = -1
"""In place of a class number: the class that the network itself predicts."""

LONG_RUN = 5e11
"""Multiplications in one call from which seconds of deeper compiling pay for themselves on a CPU."""

Targets = str | int | None | Sequence[str | int | None]


@dataclass(frozen=True, eq=False)
class Evidence:
    """One picture, seen at one layer, asked about one class.

    Attributes:
        feature_maps: float32 (h, w, channels), the layer's activations.
        gradients: same shape, d(class score)/d(feature_maps).
        class_score: the logit of the class asked about.
    """

    feature_maps: FeatureMaps
    gradients: FeatureMaps
    class_score: float


@dataclass(frozen=True, eq=False)
class Pieces:
    """A model cut at a layer, compiled: kept so that a hundred pictures build it once."""

    trunk: Compiled
    gradient: Compiled


_PIECES: WeakKeyDictionary[Model, dict[str, Pieces]] = WeakKeyDictionary()


def gather_evidence(
    images: Sequence[Image], *, model: Model, layer: str = "last_conv", targets: Targets = None
) -> list[Evidence]:
    """Feature maps and gradients of several pictures: one forward and one backward pass a batch.

    Args:
        images: pictures in [0, 1], of any sizes.
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        targets: a class (name or number) for all, one for each picture, or None for the predicted class.

    Returns:
        one Evidence for each picture, in order.

    Raises:
        ChoiceError: unknown layer or class.
        ShapeError: the number of targets is not the number of pictures.
    """
    pieces = pieces_of(model, model.find_layer(layer).name)
    indices = class_indices(targets, model=model, num_images=len(images))
    long_run = len(images) * model.multiply_adds >= LONG_RUN
    found: list[Evidence | None] = [None] * len(images)
    for positions, batch in model.batches(images):
        feature_maps, *others = pieces.trunk(batch, long_run=long_run)
        scores, gradients = pieces.gradient(feature_maps, indices[positions], *others, long_run=long_run)
        arrays = [to_array(tensor) for tensor in (feature_maps, gradients, scores)]
        for position, maps, slopes, score in zip(positions, *arrays, strict=True):
            found[position] = Evidence(maps, slopes, float(score))
    return [evidence for evidence in found if evidence is not None]


def class_indices(targets: Targets, *, model: Model, num_images: int) -> NDArray[np.int32]:
    """Targets as class numbers, one for each picture, `PREDICTED` where none was asked for.

    Raises:
        ChoiceError: unknown class.
        ShapeError: as many targets as pictures were expected.
    """
    listed = [targets] * num_images if targets is None or isinstance(targets, str | int) else list(targets)
    if len(listed) != num_images:
        raise ShapeError(f"{len(listed)} targets for {num_images} pictures: expected one for each, or one for all")
    numbers = [model.class_index(target) for target in listed]
    return np.asarray([PREDICTED if number is None else number for number in numbers], np.int32)


def pieces_of(model: Model, layer: str) -> Pieces:
    """The model cut at `layer` and compiled; built at the first use, kept as long as the handle lives."""
    by_layer = _PIECES.setdefault(model, {})
    if layer not in by_layer:
        by_layer[layer] = _build_pieces(model.twin.network, layer)
    return by_layer[layer]


def _build_pieces(network: Any, layer: str) -> Pieces:
    trunk, head, (feature_maps, *others) = split_at(network, layer)
    index = load_keras().KerasTensor((None,), dtype="int32")
    return Pieces(
        compile_function(lambda batch: run_to_list(trunk, batch), [trunk], trunk.inputs),
        compile_gradient(_score_of_class(head), [head], [feature_maps, index, *others]),
    )


def _score_of_class(head: Any) -> Callable[..., Any]:
    ops = load_keras().ops

    def score(feature_maps: Any, index: Any, *others: Any) -> Any:
        [logits] = run_to_list(head, [feature_maps, *others])
        scores = as_class_scores(logits)
        predicted = ops.cast(ops.argmax(scores, axis=-1), "int32")
        chosen = ops.where(index < 0, predicted, index)
        return ops.take_along_axis(scores, chosen[:, None], axis=1)[:, 0]

    return score
