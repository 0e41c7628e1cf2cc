"""The score that a map speaks for, of changed pictures or changed feature maps, and its gradient for the picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError, ShapeError
from artforge.core.values import FeatureMaps, Image
from artforge.engine.attention.at_once import pictures_at_once
from artforge.engine.attention.evidence import Seen, weighted_score
from artforge.engine.attention.finite import check_finite
from artforge.engine.attention.inputs import check_inputs
from artforge.engine.attention.kept import Kept
from artforge.engine.attention.targets import Target, Targets, class_weights, weights_of_target
from artforge.engine.backend import load_keras, to_array
from artforge.engine.gradients import Compiled, compile_gradient
from artforge.engine.models.graph import plainly, run_calls
from artforge.engine.models.handle import BATCH, Model
from artforge.engine.models.rectifiers import guided, limit_of, under_rectifier

Rectifier = Literal["plain", "guided"]


def batches_asked(
    images: Sequence[Image], *, model: Model, targets: Targets
) -> Iterator[tuple[list[int], NDArray[np.float32], NDArray[np.float32]]]:
    """Pictures as batches, each with the positions of its pictures and their settled weights.

    Raises:
        ChoiceError: unknown class.
        ShapeError: the number of targets is not the number of pictures.
    """
    check_inputs(images, model=model)
    weights = class_weights(targets, model=model, num_images=len(images))
    for positions, batch in model.batches(images):
        yield positions, batch, settled_weights(batch, weights[positions], model=model)


def target_scores(
    batch: NDArray[np.float32], weights: NDArray[np.float32], *, model: Model, long_run: bool | None = None
) -> NDArray[np.float32]:
    """The score asked about, for each picture of a batch.

    Args:
        batch: float32 (n, h, w, channels), as `Model.prepare` gives it; of any length.
        weights: float32 (n, classes) or (classes,): the weight of each class score, settled (see `settled_weights`).
        model: the network.
        long_run: whether many more pictures of this size are to come; None judges by the length of the batch.

    Returns:
        float32 (n,), the sum of class score x weight.

    Raises:
        ModelError: the network gives numbers that are not finite.
    """
    if long_run is None:
        long_run = model.is_long_run(len(batch))
    chunks = [
        model.class_scores(batch[start : start + BATCH], long_run=long_run) for start in range(0, len(batch), BATCH)
    ]
    if not chunks:
        return np.zeros(0, np.float32)
    scores = np.concatenate(chunks)
    check_finite("class scores", scores, model=model)
    return np.asarray((scores.astype(np.float64) * weights).sum(axis=-1), np.float32)


def settled_weights(batch: NDArray[np.float32], weights: NDArray[np.float32], *, model: Model) -> NDArray[np.float32]:
    """Weights in which a row of zeros (the predicted class) has become the class predicted for this very picture.

    A method that changes the picture must keep asking about one class, whatever the changed picture would be called.

    Args:
        batch: float32 (n, h, w, channels), as `Model.prepare` gives it.
        weights: float32 (n, classes), as `class_weights` gives it.
        model: the network.
    """
    open_rows = np.flatnonzero(~weights.any(axis=-1))
    if not len(open_rows):
        return weights
    settled = weights.copy()
    for start in range(0, len(open_rows), BATCH):
        rows = open_rows[start : start + BATCH]
        settled[rows, model.class_scores(batch[rows]).argmax(axis=-1)] = 1
    return settled


def settled_target(image: Image, target: Target | None, *, model: Model) -> dict[str, float]:
    """A target as class names to weights, the predicted class named: what is asked of parts and variants of a picture.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        target: a class or mix; None is the class predicted for this picture.
        model: the network.

    Raises:
        ChoiceError: unknown class.
    """
    check_inputs([image], model=model)
    [weights] = settled_weights(model.prepare(image), weights_of_target(target, model=model)[None], model=model)
    return {name: float(weight) for name, weight in zip(model.class_names, weights, strict=True) if weight}


def picture_gradients(
    batch: NDArray[np.float32],
    weights: NDArray[np.float32],
    *,
    model: Model,
    rectifier: Rectifier = "plain",
    long_run: bool | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The score asked about, and how it moves with every pixel.

    Args:
        batch: float32 (n, h, w, channels), as `Model.prepare` gives it; of any length.
        weights: float32 (n, classes); a row of zeros asks about the predicted class.
        model: the network.
        rectifier: `guided` lets a gradient pass a ReLU only where it is positive (guided backpropagation).
        long_run: whether many more pictures of this size are to come; None judges by the length of the batch.

    Returns:
        scores float32 (n,), and gradients float32 (n, h, w, channels) per unit of pixel values in [0, 1].

    Raises:
        ModelError: guided, and the network has no ReLU; or it gives numbers that are not finite.
    """
    program = _gradient_of(model, rectifier)
    if long_run is None:
        long_run = model.is_long_run(2 * len(batch))
    scores, gradients = [], []
    at_once = pictures_at_once(model.layers, [(batch.shape[1], batch.shape[2])], model=model, copies=1)
    for start in range(0, len(batch), at_once):
        chunk = slice(start, start + at_once)
        values, [slopes], _ = program(batch[chunk], weights[chunk], long_run=long_run)
        scores.append(to_array(values))
        gradients.append(to_array(slopes))
    check_finite("class scores", np.concatenate(scores), model=model)
    check_finite("gradients for the picture", np.concatenate(gradients), model=model)
    low, high = model.value_range
    return np.concatenate(scores), np.concatenate(gradients) * np.float32(high - low)


def mean_gradient(
    points: Iterable[NDArray[np.float32]], weights: NDArray[np.float32], *, model: Model, long_run: bool
) -> NDArray[np.float64]:
    """The mean over many pictures of the gradient of the score asked about.

    Args:
        points: batches float32 (n, h, w, channels), as `Model.prepare` gives them, of any lengths, at least one.
        weights: float32 (classes,), settled: the weight of each class score.
        model: the network.
        long_run: whether there are many.

    Returns:
        float64 (h, w, channels) per unit of pixel values in [0, 1].

    Raises:
        ModelError: the network gives numbers that are not finite.
    """
    total, num_points = np.float64(0), 0
    for batch in points:
        rows = np.repeat(weights[None], len(batch), axis=0)
        _, gradients = picture_gradients(batch, rows, model=model, long_run=long_run)
        total = total + gradients.sum(axis=0, dtype=np.float64)
        num_points += len(batch)
    return np.asarray(total / num_points)


def head_scores(seen: Seen, feature_maps: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """The score asked about, where other feature maps stand in place of a picture's own at one layer.

    Only what comes behind the layer is computed; what passes beside it (a shortcut) is the picture's own.

    Args:
        seen: one picture at one layer, as `see` gives it.
        feature_maps: float32 (n, h, w, channels), in place of the layer's own; of a transformer its picture's tokens.
        weights: float32 (classes,); zeros ask about the class predicted for each.

    Returns:
        float32 (n,).

    Raises:
        ShapeError: the feature maps are not shaped like the layer's own.
        ModelError: the network gives numbers that are not finite.
    """
    own, *crossing = map(to_array, seen.batches[0].carried)
    replaced = _in_place_of(own, feature_maps)
    beside = [np.repeat(other, len(feature_maps), axis=0) for other in crossing]
    asked = np.repeat(weights[None], len(feature_maps), axis=0)
    scores = seen.pieces.scores_of([replaced, *beside], asked)
    check_finite("class scores", scores, model=seen.model)
    return scores


def _in_place_of(own: NDArray[np.float32], feature_maps: FeatureMaps) -> NDArray[np.float32]:
    """Feature maps as the layer itself would give them: tokens in a row behind the network's own."""
    if own.ndim == 3:
        tokens = feature_maps.reshape(len(feature_maps), -1, feature_maps.shape[-1])
        prefix = np.repeat(own[:, : own.shape[1] - tokens.shape[1]], len(feature_maps), axis=0)
        feature_maps = np.concatenate([prefix, tokens], axis=1)
    if feature_maps.shape[1:] != own.shape[1:]:
        raise ShapeError(f"feature maps {feature_maps.shape[1:]} must match the layer's own {own.shape[1:]}")
    return feature_maps


_GRADIENTS: Kept[Compiled] = Kept(most=2)


def _gradient_of(model: Model, rectifier: Rectifier) -> Compiled:
    return _GRADIENTS.get(model, rectifier, lambda: _build_gradient(model, rectifier))


def _build_gradient(model: Model, rectifier: Rectifier) -> Compiled:
    graph = model.graph
    if rectifier == "guided" and not any(limit_of(call.operation) for call in graph.calls):
        raise ModelError(
            f"guided backpropagation changes how gradients pass a ReLU, and the model {model.name!r} has none; "
            "use saliency or integrated_gradients"
        )
    runs = under_rectifier(guided) if rectifier == "guided" else plainly

    def score(batch: Any, weights: Any) -> tuple[Any, list[Any]]:
        [logits] = run_calls(graph.calls, {graph.picture: batch}, [graph.output], runs=runs)
        return weighted_score(logits, weights), []

    weights = load_keras().KerasTensor((None, len(model.class_names)), dtype="float32")
    return compile_gradient(score, graph.variables, [graph.tensor(graph.picture), weights])
