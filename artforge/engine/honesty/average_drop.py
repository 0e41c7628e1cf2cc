"""Average drop and increase in confidence: how much of its probability a class keeps, over a set of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from artforge.core.errors import ShapeError
from artforge.core.values import Heatmap, Image
from artforge.engine.attention.baselines import Baseline, baseline_of
from artforge.engine.attention.scores import batches_asked
from artforge.engine.attention.targets import Targets
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.honesty.drop import confidence_drop
from artforge.engine.honesty.probability import probability_of, watched_class
from artforge.engine.models.handle import Model


class AverageDrop(NamedTuple):
    """Both measures of a set of pictures.

    Attributes:
        drop: [0, 1], the mean share of the probability that is lost when only what is hot is seen; lower is better.
        increase: [0, 1], the share of the pictures for which it rises instead; higher is better.
    """

    drop: float
    increase: float


def average_drop(
    images: Sequence[Image],
    heatmaps: Sequence[Heatmap],
    *,
    model: Model,
    targets: Targets = None,
    baseline: Baseline = "mean",
) -> AverageDrop:
    """How sure the network stays of a set of pictures when it sees only what their heatmaps light up.

    Args:
        images: pictures in [0, 1], of any sizes, at least one.
        heatmaps: float32 (h, w), one for each picture, of any resolution.
        model: the network.
        targets: what the maps speak for: a class or mix for all, a list of one for each picture, or None for the
            predicted class. Of a mix, the class with the most weight is watched.
        baseline: what is seen where a map is cold; the paper multiplies by the map, which is `black`.

    Raises:
        ShapeError: no pictures, or not one heatmap for each.
        ChoiceError: unknown class or baseline, or a target that only speaks against classes.

    Source: Chattopadhay et al., Grad-CAM++ (2018), section 4.1, https://arxiv.org/abs/1710.11063
    """
    if not images or len(images) != len(heatmaps):
        raise ShapeError(f"expected pictures and a heatmap for each, received {len(images)} and {len(heatmaps)}")
    drops = []
    for positions, batch, weights in batches_asked(images, model=model, targets=targets):
        for position, picture, row in zip(positions, batch, weights, strict=True):
            heatmap = upsample_heatmap(heatmaps[position], picture.shape[:2])
            score = probability_of(watched_class(row, model=model), model=model)
            drops.append(confidence_drop(picture, heatmap, baseline_of(picture, baseline, model=model), score))
    return AverageDrop(float(np.mean([one.drop for one in drops])), float(np.mean([one.increases for one in drops])))
