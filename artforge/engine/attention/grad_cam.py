"""Grad-CAM: each channel counts by how much, on average over the map, it moves the class score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from artforge.core.steps import step
from artforge.core.values import FeatureMaps, Heatmap, Image, LayerName
from artforge.engine.attention.cam import add_up, cam_batch, cam_heatmap, check_evidence_shapes
from artforge.engine.attention.channels import Channels
from artforge.engine.attention.evidence import gather_evidence
from artforge.engine.attention.targets import ClassTarget, Targets
from artforge.engine.models.handle import Model


def grad_cam_map(feature_maps: FeatureMaps, gradients: FeatureMaps) -> Heatmap:
    """Weigh each channel by its mean gradient and add them up.

    Args:
        feature_maps: float32 (h, w, channels), the activations of one layer.
        gradients: same shape, d(class score)/d(feature_maps).

    Returns:
        float32 (h, w), signed: positive speaks for the class, negative against it;
        neither resized nor normalised. The paper's ReLU is the caller's choice.

    Raises:
        ShapeError: the two shapes differ.

    Source: Selvaraju et al., Grad-CAM (2017), eq. 1-2, https://arxiv.org/abs/1610.02391
    """
    return add_up(grad_cam_shares(feature_maps, gradients))


def grad_cam_shares(feature_maps: FeatureMaps, gradients: FeatureMaps) -> NDArray[np.float64]:
    """What each channel adds to the Grad-CAM map: float64 (h, w, channels); their sum is `grad_cam_map`.

    Args:
        feature_maps: float32 (h, w, channels).
        gradients: same shape, d(class score)/d(feature_maps).

    Raises:
        ShapeError: the two shapes differ.
    """
    check_evidence_shapes(feature_maps, gradients)
    return np.asarray(feature_maps * gradients.mean(axis=(0, 1), dtype=np.float64))


def grad_cam_batch(
    images: Sequence[Image],
    *,
    model: Model,
    layer: LayerName = "last_conv",
    targets: Targets = None,
    channels: Channels | None = None,
) -> list[Heatmap]:
    """Raw Grad-CAM maps of several pictures, each (h, w) of the layer's cells; the rest as `cam_batch`."""
    return cam_batch(images, grad_cam_shares, model=model, layer=layer, targets=targets, channels=channels)


@step("grad_cam", version=1)
def grad_cam(
    image: Image,
    *,
    model: Model,
    layer: LayerName = "last_conv",
    target: ClassTarget | None = None,
    channels: Channels | None = None,
) -> Heatmap:
    """Where the network sees a class: the heatmap of Grad-CAM, at the picture's size.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        layer: a layer's name, or `last_conv`: late layers see things, early ones edges and texture.
        target: the class asked about, several, or a weighted mix; None asks about the one the network predicts.
        channels: which channels have a say; None means all.

    Returns:
        float32 (H, W), of the picture's size, signed and unnormalised: positive speaks for the class, negative
        against it. All zero where the class score does not depend on the layer (every gradient is zero).

    Raises:
        ChoiceError: unknown layer or class, or channels that the layer does not have.

    Source: Selvaraju et al., Grad-CAM (2017), https://arxiv.org/abs/1610.02391
    """
    return cam_heatmap(image, grad_cam_shares, model=model, layer=layer, target=target, channels=channels)


@step("grad_cam_channels", version=1)
def grad_cam_channels(
    image: Image, *, model: Model, layer: LayerName = "last_conv", target: ClassTarget | None = None
) -> FeatureMaps:
    """Each channel's share of the Grad-CAM heatmap, at the layer's resolution: add up some, and see what they see.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        target: the class asked about, several, or a weighted mix; None asks about the one the network predicts.

    Returns:
        float32 (h, w, channels), signed; the sum over any set of channels is the raw heatmap of that set, and the
        sum over all is the raw Grad-CAM map.

    Raises:
        ChoiceError: unknown layer or class.
    """
    [evidence] = gather_evidence([image], model=model, layer=layer, targets=[target])
    return np.asarray(grad_cam_shares(evidence.feature_maps, evidence.gradients), np.float32)
