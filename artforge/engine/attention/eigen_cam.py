"""Eigen-CAM: the one pattern that most of a layer's channels share; no class is asked about."""

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


def eigen_cam_shares(feature_maps: FeatureMaps, gradients: FeatureMaps) -> NDArray[np.float64]:
    """What each channel adds to the layer's first principal component.

    The maps are centred, channel by channel, and projected on the first right singular vector of (places x channels).
    A singular vector has no sign of its own: it is turned so that the strongest place of the map is positive.

    Args:
        feature_maps: float32 (h, w, channels).
        gradients: same shape; not looked at.

    Returns:
        float64 (h, w, channels); zeros where every channel is flat.

    Raises:
        ShapeError: the two shapes differ.
    """
    check_evidence_shapes(feature_maps, gradients)
    centred = feature_maps - feature_maps.mean(axis=(0, 1), dtype=np.float64)
    places = centred.reshape(-1, centred.shape[-1])
    # the smaller of the two Gram matrices has the same first component, and is far cheaper than a full decomposition
    if places.shape[0] < places.shape[1]:
        _, vectors = np.linalg.eigh(places @ places.T)
        direction = places.T @ vectors[:, -1]
    else:
        _, vectors = np.linalg.eigh(places.T @ places)
        direction = vectors[:, -1]
    length = np.linalg.norm(direction)
    if length == 0:
        return np.zeros(centred.shape)
    projected = places @ (direction / length)
    sign = -1.0 if -projected.min() > projected.max() else 1.0
    return np.asarray(centred * (sign * direction / length))


def eigen_cam_map(feature_maps: FeatureMaps, gradients: FeatureMaps) -> Heatmap:
    """The raw Eigen-CAM map: float32 (h, w), signed and unnormalised; arguments and errors as `eigen_cam_shares`."""
    return add_up(eigen_cam_shares(feature_maps, gradients))


def eigen_cam_batch(
    images: Sequence[Image],
    *,
    model: Model,
    layer: LayerName = "last_conv",
    targets: Targets = None,
    channels: Channels | None = None,
) -> list[Heatmap]:
    """Raw Eigen-CAM maps of several pictures; arguments and errors as `cam_batch`."""
    return cam_batch(images, eigen_cam_shares, model=model, layer=layer, targets=targets, channels=channels)


@step("eigen_cam", version=1)
def eigen_cam(
    image: Image,
    *,
    model: Model,
    layer: LayerName = "last_conv",
    target: ClassTarget | None = None,
    channels: Channels | None = None,
) -> Heatmap:
    """The one pattern that most channels of a layer share, whatever the class: the heatmap of Eigen-CAM.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        target: the class asked about, several, or a weighted mix; None asks about the one the network predicts.
        channels: which channels have a say; None means all.

    Returns:
        float32 (H, W), signed and unnormalised; `normalize` with `negative: drop` is the paper's last ReLU.

    Raises:
        ChoiceError: unknown layer or class, or channels that the layer does not have.

    Source: Muhammad and Yeasin, Eigen-CAM (2020), https://arxiv.org/abs/2008.00299
    """
    return cam_heatmap(image, eigen_cam_shares, model=model, layer=layer, target=target, channels=channels)
