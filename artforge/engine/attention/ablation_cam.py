"""Ablation-CAM: switch one channel off; it counts by how far the class score falls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, LayerName
from artforge.engine.attention.cam import add_up_chosen
from artforge.engine.attention.channels import Channels, as_channels
from artforge.engine.attention.evidence import Seen, maps_behind_trunk, see
from artforge.engine.attention.inputs import check_inputs
from artforge.engine.attention.layers import layer_named
from artforge.engine.attention.scores import head_scores, settled_weights
from artforge.engine.attention.targets import ClassTarget, Targets, class_weights
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.models.handle import BATCH, Model


def ablation_cam_batch(
    images: Sequence[Image],
    *,
    model: Model,
    layer: LayerName = "last_conv",
    targets: Targets = None,
    channels: Channels | None = None,
) -> list[Heatmap]:
    """Raw Ablation-CAM maps of several pictures: the part of the network behind the layer runs once a living channel.

    Args:
        images: pictures in [0, 1], of any sizes.
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        targets: a class or mix for all, a list of one for each picture, or None for the predicted class.
        channels: which channels have a say; None means all.

    Returns:
        one float32 (h, w) map for each picture, at the layer's resolution, signed and unnormalised.

    Raises:
        ChoiceError: unknown layer or class, or channels that the layer does not have.
        ShapeError: the number of targets is not the number of pictures.
        ModelError: the network gives numbers that are not finite.
    """
    check_inputs(images, model=model)
    name, channels = layer_named(layer, model=model).name, as_channels(channels)
    by_gradient = channels is not None and channels.rank == "gradient"
    found = []
    for image, row in zip(images, class_weights(targets, model=model, num_images=len(images)), strict=True):
        seen = see([image], model=model, layers=[name])
        [maps] = maps_behind_trunk(seen)
        asked = settled_weights(seen.batches[0].batch, row[None], model=model)[0]
        gradients = seen.evidence_for(asked[None])[0][name].gradients if by_gradient else None
        shares = maps * ablation_cam_weights(seen, asked)
        found.append(add_up_chosen(shares, channels, feature_maps=maps, gradients=gradients))
    return found


def ablation_cam_weights(seen: Seen, class_weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """The weight of each channel: (y - y without it) / |y|, y being the class score.

    The paper divides by y itself. For a class with a negative logit that would turn every sign, so that evidence for
    the class would count against it; for a positive one the two are the same.

    Args:
        seen: one picture at one layer, as `see` gives it.
        class_weights: float32 (classes,), settled: the weight of each class score in y.

    Returns:
        float64 (channels,), signed; 0 for dead channels. Where y is 0 the falls themselves, undivided.

    Raises:
        ModelError: the network gives numbers that are not finite.
    """
    [feature_maps] = maps_behind_trunk(seen)
    living = np.flatnonzero((feature_maps != 0).any(axis=(0, 1)))
    [score] = head_scores(seen, feature_maps[None], class_weights)
    weights = np.zeros(feature_maps.shape[-1])
    for start in range(0, len(living), BATCH):
        chunk = living[start : start + BATCH]
        without = np.repeat(feature_maps[None], len(chunk), axis=0)
        without[np.arange(len(chunk)), :, :, chunk] = 0
        left = head_scores(seen, without, class_weights)
        weights[chunk] = float(score) - left.astype(np.float64)
    return weights / abs(float(score)) if score else weights


@step("ablation_cam", version=1)
def ablation_cam(
    image: Image,
    *,
    model: Model,
    layer: LayerName = "last_conv",
    target: ClassTarget | None = None,
    channels: Channels | None = None,
) -> Heatmap:
    """Where the network sees a class, by switching channels off: each counts by how far the class score falls.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        target: the class asked about, several, or a weighted mix; None asks about the one the network predicts.
        channels: which channels have a say; None means all.

    Returns:
        float32 (H, W), of the picture's size, signed and unnormalised.

    Raises:
        ChoiceError: unknown layer or class, or channels that the layer does not have.

    Source: Desai and Ramaswamy, Ablation-CAM (2020), https://doi.org/10.1109/WACV45572.2020.9093360
    """
    [raw] = ablation_cam_batch([image], model=model, layer=layer, targets=[target], channels=channels)
    return upsample_heatmap(raw, image.shape[:2])
