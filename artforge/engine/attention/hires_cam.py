"""HiRes-CAM: every place counts by its own gradient, so the map shows only what the network really used."""

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


def hires_cam_shares(feature_maps: FeatureMaps, gradients: FeatureMaps) -> NDArray[np.float64]:
    """What each channel adds to the map: its activations times their own gradients.

    Behind a linear head (flattened or averaged) the sum over the whole map is the class score without its bias.

    Args:
        feature_maps: float32 (h, w, channels).
        gradients: same shape, d(class score)/d(feature_maps).

    Returns:
        float64 (h, w, channels).

    Raises:
        ShapeError: the two shapes differ.
    """
    check_evidence_shapes(feature_maps, gradients)
    return np.asarray(feature_maps.astype(np.float64) * gradients)


def hires_cam_map(feature_maps: FeatureMaps, gradients: FeatureMaps) -> Heatmap:
    """The raw HiRes-CAM map: float32 (h, w), signed and unnormalised; arguments and errors as `hires_cam_shares`."""
    return add_up(hires_cam_shares(feature_maps, gradients))


def hires_cam_batch(
    images: Sequence[Image],
    *,
    model: Model,
    layer: LayerName = "last_conv",
    targets: Targets = None,
    channels: Channels | None = None,
) -> list[Heatmap]:
    """Raw HiRes-CAM maps of several pictures, each (h, w) of the layer's cells; the rest as `cam_batch`."""
    return cam_batch(images, hires_cam_shares, model=model, layer=layer, targets=targets, channels=channels)


@step("hires_cam", version=1)
def hires_cam(
    image: Image,
    *,
    model: Model,
    layer: LayerName = "last_conv",
    target: ClassTarget | None = None,
    channels: Channels | None = None,
) -> Heatmap:
    """Where the network sees a class, by what each place itself adds to the score: the heatmap of HiRes-CAM.

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

    Source: Draelos and Carin, HiResCAM (2020), https://arxiv.org/abs/2011.08891
    """
    return cam_heatmap(image, hires_cam_shares, model=model, layer=layer, target=target, channels=channels)
