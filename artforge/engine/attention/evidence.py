"""What every class-activation method starts from: a layer's feature maps, and how the class score moves with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.values import FeatureMaps, Image
from artforge.engine.attention.at_once import pictures_at_once
from artforge.engine.attention.finite import check_finite
from artforge.engine.attention.inputs import check_inputs
from artforge.engine.attention.layers import layer_named, layers_named
from artforge.engine.attention.map_sizes import map_size, shapes_for
from artforge.engine.attention.pieces import Pieces, SeenBatch, pieces_of, weighted_score
from artforge.engine.attention.targets import Targets, class_weights
from artforge.engine.backend import to_array
from artforge.engine.models.card import LayerInfo
from artforge.engine.models.handle import Model

__all__ = [
    "Evidence",
    "Pieces",
    "Seen",
    "SeenBatch",
    "as_maps",
    "each_evidence",
    "gather_evidence",
    "gather_evidence_of_layers",
    "maps_behind_trunk",
    "pieces_of",
    "see",
    "weighted_score",
]


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
