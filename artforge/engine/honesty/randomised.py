"""The sanity check with randomised weights: a map that stays the same shows the picture, not what was learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from artforge.core.seeds import derive_seed, generator
from artforge.core.values import Heatmap
from artforge.engine.backend import to_array
from artforge.engine.models.handle import Model


def layers_with_weights(model: Model) -> list[str]:
    """The paths of the layers that learned something, the one nearest to the class scores first."""
    return [call.path for call in reversed(model.graph.calls) if getattr(call.operation, "trainable_variables", ())]


@contextmanager
def randomised_weights(model: Model, layers: Sequence[str], *, seed: int = 0) -> Iterator[None]:
    """Shuffle the weights of some layers for as long as the block lasts; then they are as before, bit for bit.

    Shuffling keeps the mean, the spread and every other statistic of each weight, and destroys what was learned.
    Running statistics of batch normalisation stay: they belong to the scale of the signal, not to what it means.

    Args:
        model: its weights change in place: nothing else should use it meanwhile.
        layers: paths of layers.
        seed: another seed, another shuffle.
    """
    wanted = set(layers)
    variables = [
        variable
        for call in model.graph.calls
        if call.path in wanted
        for variable in getattr(call.operation, "trainable_variables", ())
    ]
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
        num_stages: stages; the last one randomises every layer.
        seed: of the shuffle.

    Returns:
        for each stage, the share of layers randomised, and the rank correlation (Spearman) of its map with the true
        one: near 1 the map does not depend on those weights, near 0 it does.

    Source: Adebayo et al., Sanity Checks for Saliency Maps (2018), https://arxiv.org/abs/1810.03292
    """
    layers = layers_with_weights(model)
    true = heatmap_of()
    found = []
    for stage in range(1, num_stages + 1):
        count = max(1, round(len(layers) * stage / num_stages)) if stage > 1 else 1
        with randomised_weights(model, layers[:count], seed=seed):
            found.append((count / max(len(layers), 1), rank_correlation(true, heatmap_of())))
    return found


def rank_correlation(first: Heatmap, second: Heatmap) -> float:
    """Spearman's correlation of two maps of one size, [-1, 1]; equal values share their mean rank; 0 for a flat map."""
    ranks = [_mean_ranks(one.ravel()) for one in (first, second)]
    centred = [one - one.mean() for one in ranks]
    size = float(np.linalg.norm(centred[0]) * np.linalg.norm(centred[1]))
    return float(np.clip(centred[0] @ centred[1] / size, -1, 1)) if size else 0.0


def _mean_ranks(values: NDArray[np.float32]) -> NDArray[np.float64]:
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[group.ravel()], np.float64)
