"""The sanity check with randomised weights: a map that stays the same shows the picture, not what was learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError, ShapeError
from artforge.core.seeds import derive_seed, generator
from artforge.core.values import Heatmap
from artforge.engine.attention.settings import check_count
from artforge.engine.backend import to_array
from artforge.engine.models.handle import Model

_STATISTICS = frozenset({"moving_mean", "moving_variance", "mean", "variance", "count"})
"""Variables that hold the scale of the signal, by name: those of BatchNormalization and of Normalization."""


def learned_weights(operation: Any) -> list[Any]:
    """The Keras variables of an operation that were learned, whether it is frozen or not.

    Left out are running statistics, which belong to the scale of the signal and not to what it means, and what is not
    made of floating point numbers, such as the state of a random generator.
    """
    return [
        variable
        for variable in getattr(operation, "weights", ())
        if variable.name not in _STATISTICS and "float" in str(variable.dtype)
    ]


def layers_with_weights(model: Model) -> list[str]:
    """The paths of the layers that learned something, the one nearest to the class scores first."""
    return [call.path for call in reversed(model.graph.calls) if learned_weights(call.operation)]


@contextmanager
def randomised_weights(model: Model, layers: Sequence[str], *, seed: int = 0) -> Iterator[None]:
    """Shuffle the weights of some layers for as long as the block lasts; then they are as before, bit for bit.

    Shuffling keeps the mean, the spread and every other statistic of each weight, and destroys what was learned.

    Args:
        model: its weights change in place: nothing else should use it meanwhile.
        layers: paths of layers, frozen or not.
        seed: another seed, another shuffle.
    """
    wanted = set(layers)
    listed = (
        variable for call in model.graph.calls if call.path in wanted for variable in learned_weights(call.operation)
    )
    variables = list({id(variable): variable for variable in listed}.values())
    kept: list[NDArray[np.float32]] = [to_array(variable).copy() for variable in variables]
    rng = generator(derive_seed(seed, "randomised_weights"))
    try:
        for variable, value in zip(variables, kept, strict=True):
            variable.assign(rng.permutation(value.ravel()).reshape(value.shape))
        yield
    finally:
        for variable, value in zip(variables, kept, strict=True):
            variable.assign(value)


def sanity_check(
    model: Model, heatmap_of: Callable[[], Heatmap], *, num_stages: int = 3, seed: int = 0
) -> list[tuple[float, float]]:
    """Randomise a network from the class scores down, in stages, and compare the maps with the true one.

    Args:
        model: the network; it is as before afterwards.
        heatmap_of: makes the raw map with the network as it is then; it must ask about a fixed class.
        num_stages: how many, at least 1; the first one of several randomises the last layer, the last one every layer.
        seed: of the shuffle.

    Returns:
        for each stage, the share of layers randomised, and the rank correlation (Spearman) of its map with the true
        one: near 1 the map does not depend on those weights, near 0 it does.

    Raises:
        ChoiceError: no stages.
        ModelError: the network has no weights that could be shuffled.

    Source: Adebayo et al., Sanity Checks for Saliency Maps (2018), https://arxiv.org/abs/1810.03292
    """
    check_count("num_stages", num_stages)
    layers = layers_with_weights(model)
    if not layers:
        raise ModelError(
            f"the model {model.name!r} has no weights that could be shuffled, so whether a map depends on them cannot "
            "be asked; expected at least one layer that learned something"
        )
    true = heatmap_of()
    found = []
    for count in _layers_by_stage(len(layers), num_stages):
        with randomised_weights(model, layers[:count], seed=seed):
            found.append((count / len(layers), rank_correlation(true, heatmap_of())))
    return found


def _layers_by_stage(num_layers: int, num_stages: int) -> list[int]:
    """How many layers each stage randomises: one at first, in the end all."""
    counts = [max(1, round(num_layers * stage / num_stages)) for stage in range(1, num_stages + 1)]
    return counts if num_stages == 1 else [1, *counts[1:]]


def rank_correlation(first: Heatmap, second: Heatmap) -> float:
    """Spearman's correlation of two maps.

    Args:
        first, second: float32 (h, w), of one size; equal values share their mean rank.

    Returns:
        [-1, 1]; 0 where a map is flat, and has no ranks to compare.

    Raises:
        ShapeError: the maps are of two sizes.
    """
    if first.shape != second.shape:
        raise ShapeError(f"maps are compared where they are of one size, received {first.shape} and {second.shape}")
    ranks = [_mean_ranks(one.ravel()) for one in (first, second)]
    centred = [one - one.mean() for one in ranks]
    size = float(np.linalg.norm(centred[0]) * np.linalg.norm(centred[1]))
    return float(np.clip(centred[0] @ centred[1] / size, -1, 1)) if size else 0.0


def _mean_ranks(values: NDArray[np.float32]) -> NDArray[np.float64]:
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[group.ravel()], np.float64)
