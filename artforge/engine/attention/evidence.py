"""What every class-activation method starts from: a layer's feature maps, and how the class score moves with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError
from artforge.core.values import FeatureMaps, Image
from artforge.engine.attention.cut import Cut, split_at
from artforge.engine.attention.targets import Targets, class_weights
from artforge.engine.backend import load_keras, to_array
from artforge.engine.gradients import Compiled, compile_function, compile_gradient
from artforge.engine.models.card import LayerInfo
from artforge.engine.models.graph import Graph, run_calls, shapes_at
from artforge.engine.models.handle import BATCH, Model
from artforge.engine.models.head import as_class_scores

BATCH_BYTES = 400_000_000
"""A batch is made smaller where the feature maps of all layers asked for would be larger than this."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """One picture, seen at one layer, asked about one class.

    Attributes:
        feature_maps: float32 (h, w, channels), the layer's activations. Of a transformer: one cell a patch.
        gradients: same shape, d(class score)/d(feature_maps).
        class_score: the logit of the class asked about, or of the mix of classes.
    """

    feature_maps: FeatureMaps
    gradients: FeatureMaps
    class_score: float


def gather_evidence(
    images: Sequence[Image], *, model: Model, layer: str = "last_conv", targets: Targets = None
) -> list[Evidence]:
    """Feature maps and gradients of several pictures: one forward and one backward pass a batch.

    Args:
        images: pictures in [0, 1], of any sizes.
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        targets: a class or mix for all, a list of one for each picture, or None for the predicted class.

    Returns:
        one Evidence for each picture, in order.

    Raises:
        ChoiceError: unknown layer or class.
        ShapeError: the number of targets is not the number of pictures.
    """
    name = model.find_layer(layer).name
    by_layer = gather_evidence_of_layers(images, model=model, layers=[name], targets=targets)
    return [evidence[name] for evidence in by_layer]


def gather_evidence_of_layers(
    images: Sequence[Image], *, model: Model, layers: Sequence[str], targets: Targets = None
) -> list[dict[str, Evidence]]:
    """Feature maps and gradients of several pictures at several layers: one forward and one backward pass for all.

    Args:
        images: pictures in [0, 1], of any sizes.
        model: the network to look through.
        layers: layer names, or `last_conv`.
        targets: a class or mix for all, a list of one for each picture, or None for the predicted class.

    Returns:
        for each picture, by the layer's own name: its Evidence.

    Raises:
        ChoiceError: unknown layer or class, or no layers given.
        ShapeError: the number of targets is not the number of pictures.
    """
    return see(images, model=model, layers=layers).evidence(targets)


@dataclass(frozen=True, eq=False)
class SeenBatch:
    """A batch behind the trunk: the positions of its pictures, their number of rows and columns, and what crosses."""

    positions: list[int]
    batch: NDArray[np.float32]
    carried: list[Any]


@dataclass(frozen=True, eq=False)
class Seen:
    """Pictures that have gone through the network up to some layers: asking about another class costs little now.

    It holds their feature maps, and is no longer true once the network's weights change.
    """

    model: Model
    infos: tuple[LayerInfo, ...]
    num_images: int
    batches: list[SeenBatch]

    @property
    def pieces(self) -> Pieces:
        """The compiled parts of the model."""
        return pieces_of(self.model, tuple(info.name for info in self.infos))

    def evidence(self, targets: Targets = None) -> list[dict[str, Evidence]]:
        """For each picture, by layer, its Evidence: one backward pass a batch, from the score to the layers.

        Args:
            targets: a class or mix for all, a list of one for each picture, or None for the predicted class.

        Raises:
            ChoiceError: unknown class.
            ShapeError: the number of targets is not the number of pictures.
        """
        weights = class_weights(targets, model=self.model, num_images=self.num_images)
        long_run = self.model.is_long_run(self.num_images)
        found: list[dict[str, Evidence]] = [{} for _ in range(self.num_images)]
        for seen in self.batches:
            scores, maps, gradients = self.pieces.differentiate(seen, weights[seen.positions], long_run=long_run)
            for info in self.infos:
                arrays = as_maps(maps[info.name], info), as_maps(gradients[info.name], info)
                for position, one_map, slopes, score in zip(seen.positions, *arrays, scores, strict=True):
                    found[position][info.name] = Evidence(one_map, slopes, float(score))
        return found


def see(images: Sequence[Image], *, model: Model, layers: Sequence[str]) -> Seen:
    """Send pictures through the network up to some layers.

    Args:
        images: pictures in [0, 1], of any sizes.
        model: the network to look through.
        layers: layer names, or `last_conv`.

    Raises:
        ChoiceError: unknown layer, or no layers given.
    """
    infos = {info.name: info for info in map(model.find_layer, layers)}
    if not infos:
        raise ChoiceError(f"no layers given: expected some of {', '.join(model.layer_names)}")
    pieces = pieces_of(model, tuple(infos))
    long_run = model.is_long_run(len(images))
    batches = [
        SeenBatch(positions, batch, pieces.run_trunk(batch, long_run=long_run))
        for positions, batch in model.batches(images, at_most=_batch_size(list(infos.values())))
    ]
    return Seen(model, tuple(infos.values()), len(images), batches)


def _batch_size(infos: Sequence[LayerInfo]) -> int:
    cells = sum(info.channels * info.size[0] * info.size[1] for info in infos if info.size)
    return int(np.clip(BATCH_BYTES // (2 * 4 * max(cells, 1)), 1, BATCH))


def as_maps(values: NDArray[np.float32], info: LayerInfo) -> NDArray[np.float32]:
    """A layer's batch as maps (n, h, w, channels): tokens take their places in the grid, the network's own drop out."""
    if values.ndim == 4:
        return values
    height, width = info.size or (1, values.shape[1])
    return values[:, values.shape[1] - height * width :].reshape(len(values), height, width, -1)


class Pieces:
    """A model cut at some layers, compiled: kept so that a hundred pictures build it once.

    The trunk runs forward only. Of the layers cut at, those that depend on others are reached in the head by adding a
    zero of their shape to what they put out: the gradient for that zero is the gradient for their feature maps.
    """

    def __init__(self, model: Model, layers: tuple[str, ...]) -> None:
        graph = model.graph
        self.cut = split_at(graph, layers)
        self._graph = graph
        self._layers = {graph.value_of[layer]: layer for layer in layers}
        carried = [*self.cut.roots, *self.cut.crossing]
        weights = load_keras().KerasTensor((None, len(model.class_names)), dtype="float32")
        tensors = [graph.tensor(number) for number in (*self.cut.roots, *self.cut.inner)]
        self._trunk = compile_function(
            lambda batch: run_calls(self.cut.trunk, {graph.picture: batch}, carried),
            graph.variables,
            [graph.tensor(graph.picture)],
        )
        others = [weights, *(graph.tensor(number) for number in self.cut.crossing)]
        self._gradient = compile_gradient(
            _score_through(graph, self.cut), graph.variables, [*tensors, *others], num_inputs=len(tensors)
        )
        head_tensors = [graph.tensor(number) for number in carried]
        self._scores = compile_function(_scores_of_head(graph, self.cut), graph.variables, [*head_tensors, weights])

    @property
    def programs(self) -> dict[str, Compiled]:
        """The compiled parts, by name."""
        return {"trunk": self._trunk, "gradient": self._gradient, "head": self._scores}

    def run_trunk(self, batch: NDArray[np.float32], *, long_run: bool = False) -> list[Any]:
        """The roots' feature maps, and what crosses the cut beside them."""
        return list(self._trunk(batch, long_run=long_run))

    def differentiate(
        self, seen: SeenBatch, weights: NDArray[np.float32], *, long_run: bool = False
    ) -> tuple[NDArray[np.float32], dict[str, NDArray[np.float32]], dict[str, NDArray[np.float32]]]:
        """Scores (n,), and by layer its feature maps and the gradients of the score for them."""
        roots, crossing = seen.carried[: len(self.cut.roots)], seen.carried[len(self.cut.roots) :]
        size = (seen.batch.shape[1], seen.batch.shape[2])
        shapes = shapes_at(self._graph, size) if self.cut.inner else {}
        zeros = [np.zeros((len(seen.batch), *_fixed(shapes[number])), np.float32) for number in self.cut.inner]
        scores, gradients, inner = self._gradient(*roots, *zeros, weights, *crossing, long_run=long_run)
        names = [self._layers[number] for number in (*self.cut.roots, *self.cut.inner)]
        maps = dict(zip(names, map(to_array, [*roots, *inner]), strict=True))
        slopes = dict(zip(names, map(to_array, gradients), strict=True))
        return to_array(scores), maps, slopes

    def scores_of(
        self, carried: Sequence[NDArray[np.float32] | Any], weights: NDArray[np.float32], *, long_run: bool = False
    ) -> NDArray[np.float32]:
        """Scores (n,) of values put in place of what the trunk gives."""
        return to_array(self._scores(*carried, weights, long_run=long_run))


_PIECES: WeakKeyDictionary[Model, dict[tuple[str, ...], Pieces]] = WeakKeyDictionary()


def pieces_of(model: Model, layers: tuple[str, ...]) -> Pieces:
    """The model cut at `layers` and compiled; built at the first use, kept as long as the handle lives."""
    by_layers = _PIECES.setdefault(model, {})
    if layers not in by_layers:
        by_layers[layers] = Pieces(model, layers)
    return by_layers[layers]


def _fixed(shape: Sequence[int | None]) -> Iterator[int]:
    return (int(length or 1) for length in shape[1:])


def _score_through(graph: Graph, cut: Cut) -> Callable[..., Any]:
    num_roots, num_inner = len(cut.roots), len(cut.inner)

    def score(*tensors: Any) -> tuple[Any, list[Any]]:
        roots, zeros = tensors[:num_roots], tensors[num_roots : num_roots + num_inner]
        weights, *crossing = tensors[num_roots + num_inner :]
        values = dict(zip((*cut.roots, *cut.crossing), (*roots, *crossing), strict=True))
        added = dict(zip(cut.inner, zeros, strict=True))
        inner: dict[int, Any] = {}

        def tapped(call: Any, args: Any, kwargs: Any) -> Any:
            given = call.operation(*args, **kwargs)
            number = call.results[0]
            if number in added:
                given = inner[number] = given + added[number]
            return given

        [logits] = run_calls(cut.head, values, [graph.output], runs=tapped)
        return weighted_score(logits, weights), [inner[number] for number in cut.inner]

    return score


def _scores_of_head(graph: Graph, cut: Cut) -> Callable[..., Any]:
    def scores(*tensors: Any) -> Any:
        *carried, weights = tensors
        values = dict(zip((*cut.roots, *cut.crossing), carried, strict=True))
        [logits] = run_calls(cut.head, values, [graph.output])
        return weighted_score(logits, weights)

    return scores


def weighted_score(logits: Any, weights: Any) -> Any:
    """Backend tensors (n, outputs) and (n, classes) -> (n,), the score asked about: the sum of class score x weight.

    A row of zeros asks about the class with the highest score.
    """
    ops = load_keras().ops
    scores = as_class_scores(logits)
    predicted = ops.one_hot(ops.argmax(scores, axis=-1), scores.shape[-1], dtype="float32")
    asked = ops.any(ops.not_equal(weights, 0), axis=-1, keepdims=True)
    return ops.sum(scores * ops.where(asked, weights, predicted), axis=-1)
