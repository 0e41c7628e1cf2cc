"""Occlusion: cover a piece of the picture and see how far the class score falls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import Heatmap, Image
from artforge.engine.attention.baselines import Baseline, baseline_of, check_baseline
from artforge.engine.attention.finite import as_heatmap
from artforge.engine.attention.inputs import maps_wanted
from artforge.engine.attention.scores import batches_asked, target_scores
from artforge.engine.attention.settings import check_range
from artforge.engine.attention.targets import ClassTarget, Targets
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.models.handle import BATCH, Model

_PatchShare = Annotated[float, Field(gt=0, le=1)]


def occlusion_batch(
    images: Sequence[Image],
    *,
    model: Model,
    targets: Targets = None,
    patch: float = 0.2,
    stride: float = 0.25,
    fill: Baseline = "mean",
) -> list[Heatmap]:
    """Raw occlusion maps of several pictures.

    Args:
        images: pictures in [0, 1], of any sizes.
        model: the network to look through.
        targets: a class or mix for all, a list of one for each picture, or None for the predicted class.
        patch: edge of the square cover, as a share of the picture's short edge.
        stride: how far it moves each time, as a share of its own edge.
        fill: what the cover shows.

    Returns:
        one float32 (h, w) for each picture at the size the network sees it at, signed: how far the class score falls,
        on average over the covers that lie on a pixel; negative where the score rises. A network gives its scores in
        float32: the falls are exact to a ten-millionth of the score itself, so a bias of hundreds leaves less of them.

    Raises:
        ChoiceError: unknown class or filling, or a patch or stride beyond (0, 1].
        ShapeError: the number of targets is not the number of pictures.
        ModelError: the network gives numbers that are not finite.
    """
    check_range("patch", patch, "(0, 1]")
    check_range("stride", stride, "(0, 1]")
    check_baseline("fill", fill)
    found = maps_wanted(images, model=model)
    for positions, batch, weights in batches_asked(images, model=model, targets=targets):
        for position, picture, row in zip(positions, batch, weights, strict=True):
            cover = baseline_of(picture, fill, model=model)
            found[position] = _drops(picture, cover, row, model=model, patch=patch, stride=stride)
    return found


def _drops(
    picture: NDArray[np.float32],
    cover: NDArray[np.float32],
    weights: NDArray[np.float32],
    *,
    model: Model,
    patch: float,
    stride: float,
) -> Heatmap:
    height, width = picture.shape[:2]
    edge = max(1, round(patch * min(height, width)))
    hop = max(1, round(stride * edge))
    corners = [(top, left) for top in _starts(height, edge, hop) for left in _starts(width, edge, hop)]
    whole = float(target_scores(picture[None], weights, model=model)[0])
    fallen, times = np.zeros((height, width)), np.zeros((height, width))
    long_run = model.is_long_run(len(corners))
    for first in range(0, len(corners), BATCH):
        chunk = corners[first : first + BATCH]
        covered = np.repeat(picture[None], len(chunk), axis=0)
        for one, (top, left) in zip(covered, chunk, strict=True):
            place = np.s_[top : top + edge, left : left + edge]
            one[place] = cover[place]
        scores = target_scores(covered, weights, model=model, long_run=long_run)
        for score, (top, left) in zip(scores, chunk, strict=True):
            fallen[top : top + edge, left : left + edge] += whole - float(score)
            times[top : top + edge, left : left + edge] += 1
    return as_heatmap(fallen / times)


def _starts(length: int, edge: int, hop: int) -> list[int]:
    """Where covers begin along one side: every `hop` pixels, the last one flush with the end."""
    return sorted({*range(0, length - edge + 1, hop), length - edge})


@step("occlusion", version=2)
def occlusion(
    image: Image,
    *,
    model: Model,
    target: ClassTarget | None = None,
    patch: _PatchShare = 0.2,
    stride: _PatchShare = 0.25,
    fill: Baseline = "mean",
) -> Heatmap:
    """Cover the picture piece by piece: where the class score falls, the network looked there.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        target: the class asked about, several, or a weighted mix; None asks about the one the network predicts.
        patch: edge of the square cover, as a share of the picture's short edge.
        stride: how far it moves each time, as a share of its own edge.
        fill: what the cover shows: `black`, `grey`, `white`, the picture's `mean` colour, or the picture `blurred`.

    Returns:
        float32 (H, W), of the picture's size, signed, in class score: how far it falls where a pixel is covered.

    Raises:
        ChoiceError: unknown class.

    Source: Zeiler and Fergus, Visualizing and Understanding Convolutional Networks (2013),
    https://arxiv.org/abs/1311.2901
    """
    [raw] = occlusion_batch([image], model=model, targets=[target], patch=patch, stride=stride, fill=fill)
    return upsample_heatmap(raw, image.shape[:2])
