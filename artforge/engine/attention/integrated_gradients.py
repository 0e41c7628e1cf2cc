"""Integrated gradients: the class score, shared out among the pixels without a remainder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import Heatmap, Image
from artforge.engine.attention.baselines import Baseline, baseline_of, check_baseline
from artforge.engine.attention.finite import as_heatmap
from artforge.engine.attention.inputs import maps_wanted
from artforge.engine.attention.scores import batches_asked, mean_gradient, target_scores
from artforge.engine.attention.settings import check_count
from artforge.engine.attention.targets import ClassTarget, Targets
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.models.handle import BATCH, Model

_Count = Annotated[int, Field(ge=1)]


def integrated_gradients_batch(
    images: Sequence[Image],
    *,
    model: Model,
    targets: Targets = None,
    num_steps: int = 64,
    baseline: Baseline = "black",
) -> list[Heatmap]:
    """Raw maps of several pictures.

    Args:
        images: pictures in [0, 1], of any sizes.
        model: the network to look through.
        targets: a class or mix for all, a list of one for each picture, or None for the predicted class.
        num_steps: points on the straight way from the baseline to the picture (midpoint rule).
        baseline: the picture that is thought to show nothing.

    Returns:
        one float32 (h, w) for each picture at the size the network sees it at, signed. Its sum is the class score of
        the picture minus that of the baseline, up to what too few steps leave open (`completeness_gap`).

    Raises:
        ChoiceError: unknown class or baseline, or no steps.
        ShapeError: the number of targets is not the number of pictures.
        ModelError: the network gives numbers that are not finite.
    """
    check_count("num_steps", num_steps)
    check_baseline("baseline", baseline)
    found = maps_wanted(images, model=model)
    shares = ((np.arange(num_steps) + 0.5) / num_steps).astype(np.float32)
    for positions, batch, weights in batches_asked(images, model=model, targets=targets):
        for position, picture, row in zip(positions, batch, weights, strict=True):
            start = baseline_of(picture, baseline, model=model)
            points = (
                start + shares[first : first + BATCH, None, None, None] * (picture - start)
                for first in range(0, num_steps, BATCH)
            )
            mean = mean_gradient(points, row, model=model, long_run=model.is_long_run(2 * num_steps))
            low, high = model.value_range
            way = (picture.astype(np.float64) - start) / (high - low)  # gradients are per unit of [0, 1]
            found[position] = as_heatmap((way * mean).sum(axis=-1))
    return found


def completeness_gap(
    image: Image,
    heatmap: Heatmap,
    *,
    model: Model,
    target: ClassTarget | int | None = None,
    baseline: Baseline = "black",
) -> float:
    """How far a raw map is from sharing out the whole difference in score: |sum - difference| / |difference|.

    Args:
        image: the picture, float32 (H, W, 3) in [0, 1].
        heatmap: its map as `integrated_gradients_batch` gives it.
        model, target, baseline: those of the map.

    Returns:
        the gap as a share of the difference; take more steps where it is more than a few percent.
    """
    [(_, batch, weights)] = list(batches_asked([image], model=model, targets=[target]))
    pair = np.stack([batch[0], baseline_of(batch[0], baseline, model=model)])
    score, nothing = target_scores(pair, weights, model=model)
    difference = float(score) - float(nothing)
    gap = abs(float(heatmap.sum(dtype=np.float64)) - difference)
    return gap / abs(difference) if difference else gap


@step("integrated_gradients", version=2)
def integrated_gradients(
    image: Image,
    *,
    model: Model,
    target: ClassTarget | None = None,
    num_steps: _Count = 64,
    baseline: Baseline = "black",
) -> Heatmap:
    """The class score shared out among the pixels: what each adds on the way from nothing to the picture.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        target: the class asked about, several, or a weighted mix; None asks about the one the network predicts.
        num_steps: points on the way; more are more exact.
        baseline: what shows nothing: `black`, `grey`, `white`, the picture's `mean` colour, or the picture `blurred`.

    Returns:
        float32 (H, W), of the picture's size, signed and unnormalised.

    Raises:
        ChoiceError: unknown class.

    Source: Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks (2017), https://arxiv.org/abs/1703.01365
    """
    [raw] = integrated_gradients_batch([image], model=model, targets=[target], num_steps=num_steps, baseline=baseline)
    return upsample_heatmap(raw, image.shape[:2])
