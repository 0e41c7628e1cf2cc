"""Score-CAM: show the network only what one channel lights up; the channel counts by the score that this gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import FeatureMaps, Heatmap, Image, LayerName
from artforge.engine.attention.baselines import baseline_of
from artforge.engine.attention.cam import add_up_chosen, maps_to_weigh
from artforge.engine.attention.channels import Channels
from artforge.engine.attention.inputs import maps_wanted
from artforge.engine.attention.scores import settled_weights, target_scores
from artforge.engine.attention.settings import check_count
from artforge.engine.attention.targets import ClassTarget, Targets, class_weights
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.models.handle import BATCH, Model

_Count = Annotated[int, Field(ge=1)]
_FLAT = 1e-6


def score_cam_batch(
    images: Sequence[Image],
    *,
    model: Model,
    layer: LayerName = "last_conv",
    targets: Targets = None,
    channels: Channels | None = None,
    top: int | None = None,
) -> list[Heatmap]:
    """Raw Score-CAM maps of several pictures: one forward pass for every living channel of each.

    Args:
        images: pictures in [0, 1], of any sizes.
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        targets: a class or mix for all, a list of one for each picture, or None for the predicted class.
        channels: which channels have a say; the weights are those among all, so maps of parts add up to the whole.
        top: try only so many channels, those that differ most over the picture; None tries all.

    Returns:
        one float32 (h, w) map for each picture, at the layer's resolution, unnormalised.

    Raises:
        ChoiceError: unknown layer or class, channels that the layer does not have, or a `top` below 1.
        ShapeError: the number of targets is not the number of pictures.
        ModelError: the network gives numbers that are not finite.
    """
    if top is not None:
        check_count("top", top)
    found = maps_wanted(images, model=model)
    rows = class_weights(targets, model=model, num_images=len(images))
    for position, maps, gradients in maps_to_weigh(
        images, model=model, layer=layer, targets=targets, channels=channels
    ):
        weights = score_cam_weights(images[position], maps, rows[position], model=model, top=top)
        found[position] = add_up_chosen(maps * weights, channels, feature_maps=maps, gradients=gradients)
    return found


def score_cam_weights(
    image: Image, feature_maps: FeatureMaps, class_weights: NDArray[np.float32], *, model: Model, top: int | None = None
) -> NDArray[np.float64]:
    """The weight of each channel: softmax over the channels of score(masked picture) - score(black picture).

    Args:
        image: float32 (H, W, 3) in [0, 1].
        feature_maps: float32 (h, w, channels) of that picture.
        class_weights: float32 (classes,), zeros for the predicted class.
        model: the network.
        top: try only so many channels, at least 1, those with the largest standard deviation over the picture.

    Returns:
        float64 (channels,), at least 0, 1 in sum; 0 for channels that are flat (they mask nothing) or not tried, and
        0 everywhere where no channel is left.

    Raises:
        ModelError: the network gives numbers that are not finite.
    """
    batch = model.prepare(image)
    asked = settled_weights(batch, class_weights[None], model=model)[0]
    tried = _channels_to_try(feature_maps, top)
    weights = np.zeros(feature_maps.shape[-1])
    if not len(tried):
        return weights
    black = baseline_of(batch[0], "black", model=model)
    nothing = float(target_scores(black[None], asked, model=model)[0])
    lit = batch[0] - black
    rises = np.empty(len(tried))
    long_run = model.is_long_run(len(tried))
    for start in range(0, len(tried), BATCH):
        masks = _masks(feature_maps[..., tried[start : start + BATCH]], (batch.shape[1], batch.shape[2]))
        scores = target_scores(black + masks[..., None] * lit, asked, model=model, long_run=long_run)
        rises[start : start + BATCH] = scores.astype(np.float64) - nothing
    shares = np.exp(rises - rises.max())
    weights[tried] = shares / shares.sum()
    return weights


def _channels_to_try(feature_maps: FeatureMaps, top: int | None) -> NDArray[np.intp]:
    spread = feature_maps.std(axis=(0, 1), dtype=np.float64)
    living = np.flatnonzero(spread > _FLAT * np.abs(feature_maps).max(axis=(0, 1)))
    if top is None or top >= len(living):
        return living
    return np.sort(living[np.argsort(-spread[living], kind="stable")[:top]])


def _masks(maps: FeatureMaps, size: tuple[int, int]) -> NDArray[np.float32]:
    """Each channel at the picture's size, from 0 to 1: float32 (channels, height, width)."""
    rows, columns = (_linear_weights(cells, pixels) for cells, pixels in zip(maps.shape[:2], size, strict=True))
    masks = np.einsum("yh,khw,xw->kyx", rows, np.moveaxis(maps, -1, 0), columns, optimize=True)
    low, high = (extreme(masks, axis=(1, 2), keepdims=True) for extreme in (np.min, np.max))
    return np.asarray((masks - low) / np.where(high > low, high - low, 1), np.float32)


def _linear_weights(num_cells: int, num_pixels: int) -> NDArray[np.float32]:
    """float32 (num_pixels, num_cells): linear interpolation between the middles of cells."""
    centres = np.clip((np.arange(num_pixels) + 0.5) * num_cells / num_pixels - 0.5, 0, num_cells - 1)
    distance = np.abs(centres[:, None] - np.arange(num_cells))
    return np.asarray(np.clip(1 - distance, 0, None), np.float32)


@step("score_cam", version=1)
def score_cam(
    image: Image,
    *,
    model: Model,
    layer: LayerName = "last_conv",
    target: ClassTarget | None = None,
    channels: Channels | None = None,
    top: _Count | None = None,
) -> Heatmap:
    """Where the network sees a class, found without gradients: each channel counts by the score of what it lights up.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        target: the class asked about, several, or a weighted mix; None asks about the one the network predicts.
        channels: which channels have a say; None means all.
        top: try only so many channels, those that differ most over the picture: much faster, nearly the same map.

    Returns:
        float32 (H, W), of the picture's size, unnormalised.

    Raises:
        ChoiceError: unknown layer or class, or channels that the layer does not have.

    Source: Wang et al., Score-CAM (2019), https://arxiv.org/abs/1910.01279
    """
    [raw] = score_cam_batch([image], model=model, layer=layer, targets=[target], channels=channels, top=top)
    return upsample_heatmap(raw, image.shape[:2])
