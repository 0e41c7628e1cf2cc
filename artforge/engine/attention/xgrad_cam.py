"""XGrad-CAM: a channel counts by its gradients, weighed by where it is active."""

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

_LEAST_SHARE = 1e-6


def xgrad_cam_shares(feature_maps: FeatureMaps, gradients: FeatureMaps) -> NDArray[np.float64]:
    """What each channel adds to the map: its activations times sum(g A) / sum(A).

    Args:
        feature_maps: float32 (h, w, channels).
        gradients: same shape, d(class score)/d(feature_maps).

    Returns:
        float64 (h, w, channels). A channel whose activations sum to nothing (dead, or from before a ReLU and in
        balance to a millionth of its size) adds nothing: its quotient has no meaning.

    Raises:
        ShapeError: the two shapes differ.
    """
    check_evidence_shapes(feature_maps, gradients)
    maps = feature_maps.astype(np.float64)
    sums = maps.sum(axis=(0, 1))
    stands = np.abs(sums) > _LEAST_SHARE * np.abs(maps).sum(axis=(0, 1))
    weights = np.where(stands, (maps * gradients).sum(axis=(0, 1)) / np.where(stands, sums, 1), 0)
    return np.asarray(maps * weights)


def xgrad_cam_map(feature_maps: FeatureMaps, gradients: FeatureMaps) -> Heatmap:
    """The raw XGrad-CAM map: float32 (h, w), signed and unnormalised; arguments and errors as `xgrad_cam_shares`."""
    return add_up(xgrad_cam_shares(feature_maps, gradients))


def xgrad_cam_batch(
    images: Sequence[Image],
    *,
    model: Model,
    layer: LayerName = "last_conv",
    targets: Targets = None,
    channels: Channels | None = None,
) -> list[Heatmap]:
    """Raw XGrad-CAM maps of several pictures, each (h, w) of the layer's cells; the rest as `cam_batch`."""
    return cam_batch(images, xgrad_cam_shares, model=model, layer=layer, targets=targets, channels=channels)


@step("xgrad_cam", version=1)
def xgrad_cam(
    image: Image,
    *,
    model: Model,
    layer: LayerName = "last_conv",
    target: ClassTarget | None = None,
    channels: Channels | None = None,
) -> Heatmap:
    """Where the network sees a class, by gradients weighed with activations: the heatmap of XGrad-CAM.

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

    Source: Fu et al., Axiom-based Grad-CAM (2020), https://arxiv.org/abs/2008.02312
    """
    return cam_heatmap(image, xgrad_cam_shares, model=model, layer=layer, target=target, channels=channels)
