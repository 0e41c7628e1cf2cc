"""Grad-CAM++: a channel counts by its positive gradients, each weighed so that several things of a class all show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from artforge.core.steps import step
from artforge.core.values import FeatureMaps, Heatmap, Image, LayerName
from artforge.engine.attention.cam import add_up, cam_batch, cam_heatmap, check_evidence_shapes
from artforge.engine.attention.channels import Channels
from artforge.engine.attention.targets import ClassTarget, Targets
from artforge.engine.models.handle import Model

_LEAST_DENOMINATOR = 1e-6


def grad_cam_plus_plus_weights(feature_maps: FeatureMaps, gradients: FeatureMaps) -> NDArray[np.float64]:
    """The weight of each channel, eq. 19 and 5 of the paper: sum over positions of alpha * max(gradient, 0).

    For a score that goes through an exponential, alpha = g^2 / (2 g^2 + g^3 sum(A)), which is 1 / (2 + g sum(A))
    where g is not 0. The exponential itself cancels, so nothing overflows however high the score.

    Args:
        feature_maps: float32 (h, w, channels).
        gradients: same shape, d(class score)/d(feature_maps).

    Returns:
        float64 (channels,), at least 0 for maps that are not negative. Positions where the denominator vanishes
        (maps from before a ReLU may have a negative sum; the paper has none) count as 0.

    Raises:
        ShapeError: the two shapes differ.
    """
    check_evidence_shapes(feature_maps, gradients)
    slopes = gradients.astype(np.float64)
    denominator = 2 + slopes * feature_maps.sum(axis=(0, 1), dtype=np.float64)
    stands = (np.abs(denominator) > _LEAST_DENOMINATOR) & (slopes != 0)
    alpha = np.where(stands, 1 / np.where(stands, denominator, 1), 0)
    return np.asarray((alpha * np.maximum(slopes, 0)).sum(axis=(0, 1)))


def grad_cam_plus_plus_shares(feature_maps: FeatureMaps, gradients: FeatureMaps) -> NDArray[np.float64]:
    """What each channel adds to the map: float64 (h, w, channels), its weight times its map.

    Raises:
        ShapeError: the two shapes differ.
    """
    return np.asarray(feature_maps * grad_cam_plus_plus_weights(feature_maps, gradients))


def grad_cam_plus_plus_map(feature_maps: FeatureMaps, gradients: FeatureMaps) -> Heatmap:
    """The raw map: float32 (h, w), unnormalised; arguments and errors as `grad_cam_plus_plus_shares`."""
    return add_up(grad_cam_plus_plus_shares(feature_maps, gradients))


def grad_cam_plus_plus_batch(
    images: Sequence[Image],
    *,
    model: Model,
    layer: LayerName = "last_conv",
    targets: Targets = None,
    channels: Channels | None = None,
) -> list[Heatmap]:
    """Raw Grad-CAM++ maps of several pictures, each (h, w) of the layer's cells; the rest as `cam_batch`."""
    return cam_batch(images, grad_cam_plus_plus_shares, model=model, layer=layer, targets=targets, channels=channels)


@step("grad_cam_plus_plus", version=1)
def grad_cam_plus_plus(
    image: Image,
    *,
    model: Model,
    layer: LayerName = "last_conv",
    target: ClassTarget | None = None,
    channels: Channels | None = None,
) -> Heatmap:
    """Where the network sees a class, every one of several things: the heatmap of Grad-CAM++.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        target: the class asked about, several, or a weighted mix; None asks about the one the network predicts.
        channels: which channels have a say; None means all.

    Returns:
        float32 (H, W), of the picture's size, signed and unnormalised; `normalize` with `negative: drop` is the
        paper's last ReLU.

    Raises:
        ChoiceError: unknown layer or class, or channels that the layer does not have.

    Source: Chattopadhay et al., Grad-CAM++ (2018), https://arxiv.org/abs/1710.11063
    """
    return cam_heatmap(image, grad_cam_plus_plus_shares, model=model, layer=layer, target=target, channels=channels)
