"""The baseline that every network should beat: principal components of the pixels and a logistic regression."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import DatasetError, check_choice
from artforge.engine.backend import load_keras
from artforge.engine.data.pictures import Pictures
from artforge.engine.models.architectures.architecture import CLASS_SCORES, Architecture, PictureShape
from artforge.engine.models.architectures.heads import probabilities

MOST_IN_MEMORY = 2**31
"""Bytes of float32 pixels that are decomposed at once; larger sets go through batch by batch."""

MOST_ITERATIONS = 5000
COMPONENTS = "components"
_CENTRE = 0.5
_NUM_COMPONENTS = (2, 5, 10, 20, 50, 100)


def pca_network(
    num_classes: int,
    *,
    picture_shape: PictureShape,
    dropout: float,
    output_bias: NDArray[np.float32],
    num_components: int,
) -> Any:
    """The network that a fitted baseline is written into: a picture's components, then a score for each class.

    Args:
        num_classes: two classes share one logit and a sigmoid; more have one logit each and a softmax.
        picture_shape: of the pictures.
        dropout: of no effect: nothing here is trained step by step.
        output_bias: float32 (1,) for two classes, else (num_classes,).
        num_components: how many.

    Returns:
        functional Keras model, (n, *picture_shape) in [0, 1] -> (n, 1) or (n, num_classes) probabilities.
    """
    del dropout
    keras = load_keras()
    picture = keras.Input(picture_shape, name="picture")
    # the pixels' means are taken off as a bias of the components: the nearer 0 they are, the less rounding
    centred = keras.layers.Rescaling(1.0, -_CENTRE, name="centre")(picture)
    flat = keras.layers.Flatten(name="pixels")(centred)
    components = keras.layers.Dense(num_components, name=COMPONENTS)(flat)
    return keras.Model(picture, probabilities(components, num_classes, output_bias), name=f"pca_{num_components}")


def fit_baseline(
    name: str,
    pictures: Pictures,
    labels: NDArray[np.int64],
    indices: NDArray[np.int64],
    *,
    num_classes: int,
    seed: int,
    class_weights: NDArray[np.float32] | None = None,
    most_in_memory: int = MOST_IN_MEMORY,
    progress: Callable[[int, int], None] | None = None,
) -> Any:
    """Fit principal components and a logistic regression by scikit-learn, and write them as a Keras model.

    The components are whitened, and found by a randomised SVD of all pictures at once, or, where these are too many
    for memory, by an incremental one.

    Args:
        name: `pca_2`, ..., `pca_100`: of so many components.
        pictures: all of a set, uint8 (n, height, width, channels).
        labels: int64 (n,), in [0, num_classes).
        indices: int64 (k,), those to fit on.
        num_classes: how many there are.
        seed: of the randomised SVD.
        class_weights: float32 (num_classes,), how much a picture of each counts in the regression; None: all alike.
        most_in_memory: bytes of float32 pixels that may be held at once.
        progress: hears how many pictures of how many have been read.

    Returns:
        functional Keras model, (n, height, width, channels) in [0, 1] -> (n, 1) or (n, num_classes) probabilities,
        those of scikit-learn.

    Raises:
        ChoiceError: no baseline of this name.
        DatasetError: fewer pictures than components, or a class without any.

    Sources: Halko et al. (2009), https://arxiv.org/abs/0909.4061 (randomised SVD); Ross et al. (2008),
        https://doi.org/10.1007/s11263-007-0075-7 (incremental)
    """
    by_name = {f"pca_{count}": count for count in _NUM_COMPONENTS}
    check_choice("baseline", name, list(by_name))
    num_components = by_name[name]
    _check_enough(name, num_components, pictures.shape, labels[indices], num_classes)
    pixels = _Pixels(pictures, indices, most_in_memory, progress)
    decomposed, reduced = pixels.decompose(num_components, seed)
    regression = _regression(reduced, labels[indices], class_weights)
    network = pca_network(
        num_classes,
        picture_shape=pictures.shape[1:],
        dropout=0.0,
        output_bias=np.asarray(regression.intercept_, np.float32),
        num_components=num_components,
    )
    scale = np.maximum(np.sqrt(decomposed.explained_variance_.astype(np.float64)), np.finfo(np.float32).eps)
    kernel = decomposed.components_.astype(np.float64).T / scale
    network.get_layer(COMPONENTS).set_weights([kernel, -decomposed.mean_.astype(np.float64) @ kernel])
    network.get_layer(CLASS_SCORES).set_weights([regression.coef_.T, regression.intercept_])
    return network


class _Pixels:
    """The chosen pictures as rows of centred float32 pixels, a batch at a time."""

    def __init__(
        self,
        pictures: Pictures,
        indices: NDArray[np.int64],
        most_in_memory: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._pictures, self._indices = pictures, indices
        self._num_features = int(np.prod(pictures.shape[1:]))
        self._rows_at_once = max(1, most_in_memory // (4 * self._num_features))
        self._progress = progress

    def decompose(self, num_components: int, seed: int) -> tuple[Any, NDArray[np.float32]]:
        """The fitted decomposition, and the components of every picture: float32 (k, num_components)."""
        from sklearn.decomposition import PCA, IncrementalPCA

        if len(self._indices) <= self._rows_at_once:
            [rows] = self._batches(len(self._indices))
            whole = PCA(num_components, whiten=True, svd_solver="randomized", random_state=seed % 2**32)
            return whole, whole.fit_transform(rows)
        incremental = IncrementalPCA(num_components, whiten=True, copy=False)
        # the step holds a batch twice, and cannot begin with fewer rows than components
        count = max(num_components, self._rows_at_once // 2)
        for rows in self._batches(count):
            if len(rows) >= num_components:  # the few that are left over teach nothing more
                incremental.partial_fit(rows)
        return incremental, np.concatenate([incremental.transform(rows) for rows in self._batches(count)])

    def _batches(self, count: int) -> Iterator[NDArray[np.float32]]:
        total = len(self._indices)
        for start in range(0, total, count):
            chunk = self._pictures[self._indices[start : start + count]]
            if self._progress is not None:
                self._progress(min(start + count, total), total)
            yield chunk.reshape(len(chunk), -1).astype(np.float32) / np.float32(255) - np.float32(_CENTRE)


def _regression(
    reduced: NDArray[np.float32], labels: NDArray[np.int64], class_weights: NDArray[np.float32] | None
) -> Any:
    from sklearn.linear_model import LogisticRegression

    weights = None if class_weights is None else class_weights[labels]
    return LogisticRegression(max_iter=MOST_ITERATIONS).fit(reduced.astype(np.float64), labels, sample_weight=weights)


def _check_enough(
    name: str, num_components: int, shape: tuple[int, ...], labels: NDArray[np.int64], num_classes: int
) -> None:
    most = min(len(labels), int(np.prod(shape[1:])))
    if most < num_components:
        raise DatasetError(
            f"{name} needs at least {num_components} training pictures of as many pixels, received {len(labels)} of "
            f"{int(np.prod(shape[1:]))}: take more pictures, or fewer components (pca_{_NUM_COMPONENTS[0]}, ...)"
        )
    absent = sorted(set(range(num_classes)) - set(labels.tolist()))
    if absent:
        raise DatasetError(
            f"no training pictures of class number {', '.join(map(str, absent))}: {name} cannot be fitted"
        )


def _declared(num_components: int) -> Architecture:
    image_size = 64
    return Architecture(
        name=f"pca_{num_components}",
        title=f"baseline: {num_components} principal components of the pixels and a logistic regression",
        origin="scikit-learn",
        source="Pearson (1901) and Hotelling (1933) for the components; fitted by scikit-learn",
        build=partial(pca_network, num_components=num_components),
        num_parameters=num_components * (3 * image_size**2 + 1) + num_components + 1,
        image_size=image_size,
        recipe="pca",
        trained_by="fit",
    )


BASELINES = tuple(map(_declared, _NUM_COMPONENTS))
