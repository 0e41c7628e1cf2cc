"""What every class-activation method starts from: a layer's feature maps, and how the class score moves with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.values import FeatureMaps, Image
from artforge.engine.attention.at_once import pictures_at_once
from artforge.engine.attention.cut import Cut, split_at
from artforge.engine.attention.finite import check_finite
from artforge.engine.attention.inputs import check_inputs
from artforge.engine.attention.kept import Kept
from artforge.engine.attention.layers import layer_named, layers_named
from artforge.engine.attention.map_sizes import map_size, shapes_for
from artforge.engine.attention.targets import Targets, class_weights
from artforge.engine.backend import load_keras, to_array
from artforge.engine.gradients import Compiled, compile_function, compile_gradient
from artforge.engine.models.card import LayerInfo
from artforge.engine.models.graph import Graph, run_calls
from artforge.engine.models.handle import Model
from artforge.engine.models.head import as_class_scores


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
        ModelError: the network gives numbers that are not finite.
    """
    name = layer_named(layer, model=model).name
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
        ModelError: the network gives numbers that are not finite.
    """
    found: list[dict[str, Evidence]] = [{} for _ in images]
    for position, by_layer in each_evidence(images, model=model, layers=layers, targets=targets):
        found[position] = by_layer
    return found


def each_evidence(
    images: Sequence[Image], *, model: Model, layers: Sequence[str], targets: Targets = None
) -> Iterator[tuple[int, dict[str, Evidence]]]:
    """As `gather_evidence_of_layers`, batch by batch, each with the picture's position.

    Whoever makes a map of each and lets the Evidence go holds the feature maps of a batch or two, not of all pictures.
    """
    check_inputs(images, model=model)
    infos = layers_named(layers, model=model)
    weights = class_weights(targets, model=model, num_images=len(images))
    pieces, long_run = pieces_of(model, tuple(infos)), model.is_long_run(len(images))
    for seen in _batches_seen(images, infos, pieces, model=model):
        yield from _evidence_of(seen, weights[seen.positions], infos, pieces, model=model, long_run=long_run)


@dataclass(frozen=True, eq=False)
class SeenBatch:
    """A batch behind the trunk: the positions of its pictures, their number of rows and columns, and what crosses."""

    positions: list[int]
    batch: NDArray[np.float32]
    carried: list[Any]

    @property
    def picture_size(self) -> tuple[int, int]:
        """(height, width) at which the network sees these pictures."""
        return self.batch.shape[1], self.batch.shape[2]


@dataclass(frozen=True, eq=False)
class Seen:
    """Pictures that have gone through the network up to some layers: asking about another class costs little now.

    It holds their feature maps, and is no longer true once the network's weights change.

    Attributes:
        model: the network.
        infos: the layers, by name.
        num_images: how many pictures there are.
        batches: the pictures behind the trunk.
        pieces: the compiled parts of the model.
    """

    model: Model
    infos: dict[str, LayerInfo]
    num_images: int
    batches: list[SeenBatch]
    pieces: Pieces

    def evidence(self, targets: Targets = None) -> list[dict[str, Evidence]]:
        """For each picture, by layer, its Evidence: one backward pass a batch, from the score to the layers.

        Args:
            targets: a class or mix for all, a list of one for each picture, or None for the predicted class.

        Raises:
            ChoiceError: unknown class.
            ShapeError: the number of targets is not the number of pictures.
            ModelError: the network gives numbers that are not finite.
        """
        return self.evidence_for(class_weights(targets, model=self.model, num_images=self.num_images))

    def evidence_for(self, weights: NDArray[np.float32]) -> list[dict[str, Evidence]]:
        """As `evidence`, for targets already told as weights of the class scores, float32 (num_images, classes)."""
        long_run = self.model.is_long_run(self.num_images)
        found: list[dict[str, Evidence]] = [{} for _ in range(self.num_images)]
        for seen in self.batches:
            asked = weights[seen.positions]
            for position, by_layer in _evidence_of(
                seen, asked, self.infos, self.pieces, model=self.model, long_run=long_run
            ):
                found[position] = by_layer
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
    check_inputs(images, model=model)
    infos = layers_named(layers, model=model)
    pieces = pieces_of(model, tuple(infos))
    return Seen(model, infos, len(images), list(_batches_seen(images, infos, pieces, model=model)), pieces)


def maps_behind_trunk(seen: Seen) -> list[FeatureMaps]:
    """The feature maps of the pictures at the one layer they were sent to, in order; the head does not run.

    Args:
        seen: as `see` gives it, of a single layer.

    Returns:
        for each picture float32 (h, w, channels).

    Raises:
        ModelError: the network gives numbers that are not finite.
    """
    [name] = seen.infos
    found: list[FeatureMaps] = [np.empty(0, np.float32)] * seen.num_images
    for batch in seen.batches:
        maps = to_array(batch.carried[0])
        check_finite(f"activations at layer {name!r}", maps, model=seen.model)
        for position, one in zip(batch.positions, as_maps(maps, seen.model, name, batch.picture_size), strict=True):
            found[position] = one
    return found


def _batches_seen(
    images: Sequence[Image], infos: Mapping[str, LayerInfo], pieces: Pieces, *, model: Model
) -> Iterator[SeenBatch]:
    long_run = model.is_long_run(len(images))
    sizes = {model.working_size(image) for image in images}
    at_most = pictures_at_once(list(infos.values()), sizes, model=model, copies=2)
    for positions, batch in model.batches(images, at_most=at_most):
        yield SeenBatch(positions, batch, pieces.run_trunk(batch, long_run=long_run))


def _evidence_of(
    seen: SeenBatch,
    weights: NDArray[np.float32],
    infos: Mapping[str, LayerInfo],
    pieces: Pieces,
    *,
    model: Model,
    long_run: bool,
) -> Iterator[tuple[int, dict[str, Evidence]]]:
    shapes = shapes_for(model, seen.picture_size) if pieces.cut.inner else {}
    scores, maps, gradients = pieces.differentiate(seen, weights, shapes, long_run=long_run)
    check_finite("class scores", scores, model=model)
    by_layer = {}
    for name in infos:
        check_finite(f"activations at layer {name!r}", maps[name], model=model)
        check_finite(f"gradients at layer {name!r}", gradients[name], model=model)
        by_layer[name] = [as_maps(values[name], model, name, seen.picture_size) for values in (maps, gradients)]
    for row, (position, score) in enumerate(zip(seen.positions, scores, strict=True)):
        yield (
            position,
            {name: Evidence(own[row], slopes[row], float(score)) for name, (own, slopes) in by_layer.items()},
        )


def as_maps(
    values: NDArray[np.float32], model: Model, layer: str, picture_size: tuple[int, int]
) -> NDArray[np.float32]:
    """A layer's batch as maps (n, h, w, channels): tokens take their places in the grid, the network's own drop out.

    Args:
        values: (n, h, w, channels) as they are, or (n, tokens, channels).
        model: the network.
        layer: the layer's own name.
        picture_size: (height, width) of the pictures of this very batch.
    """
    if values.ndim == 4:
        return values
    height, width = map_size(model, layer, picture_size)
    return values[:, values.shape[1] - height * width :].reshape(len(values), height, width, -1)


class Pieces:
    """A model cut at some layers, compiled: kept so that a hundred pictures build it once.

    The trunk runs forward only. Of the layers cut at, those that depend on others are reached in the head by adding a
    zero of their shape to what they put out: the gradient for that zero is the gradient for their feature maps.
    """

    def __init__(self, model: Model, layers: tuple[str, ...]) -> None:
        graph = model.graph
        self.cut = split_at(graph, layers)
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
        self,
        seen: SeenBatch,
        weights: NDArray[np.float32],
        shapes: Mapping[int, Sequence[int | None]],
        *,
        long_run: bool = False,
    ) -> tuple[NDArray[np.float32], dict[str, NDArray[np.float32]], dict[str, NDArray[np.float32]]]:
        """Scores (n,), and by layer its feature maps and the gradients of the score for them.

        Args:
            seen: a batch behind the trunk.
            weights: float32 (n, classes); a row of zeros asks about the predicted class.
            shapes: of every value of the network, for pictures of this size.
            long_run: whether many such batches are to come.
        """
        roots, crossing = seen.carried[: len(self.cut.roots)], seen.carried[len(self.cut.roots) :]
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


_PIECES: Kept[Pieces] = Kept(most=16)  # a sweep over many sets of layers must not fill the memory


def pieces_of(model: Model, layers: tuple[str, ...]) -> Pieces:
    """The model cut at some layers, in whatever order, and compiled; built at the first use."""
    return _PIECES.get(model, frozenset(layers), lambda: Pieces(model, tuple(sorted(layers))))


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
