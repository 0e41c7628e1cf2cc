"""Grad-CAM: each channel counts by how much, on average over the map, it moves the class score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from artforge.core.errors import ShapeError
from artforge.core.steps import step
from artforge.core.values import ClassName, FeatureMaps, Heatmap, Image, LayerName
from artforge.engine.attention.evidence import Evidence, Targets, gather_evidence
from artforge.engine.attention.upsample import upsample_heatmap
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
    _check_shapes(feature_maps, gradients)
    weights = gradients.mean(axis=(0, 1), dtype=np.float64)
    # summed in double precision: large shares for and against a class nearly cancel
    return np.asarray(feature_maps.astype(np.float64) @ weights, np.float32)


def grad_cam_shares(feature_maps: FeatureMaps, gradients: FeatureMaps) -> FeatureMaps:
    """What each channel adds to the Grad-CAM map: float32 (h, w, channels); their sum is `grad_cam_map`.

    Args:
        feature_maps: float32 (h, w, channels).
        gradients: same shape, d(class score)/d(feature_maps).

    Raises:
        ShapeError: the two shapes differ.
    """
    _check_shapes(feature_maps, gradients)
    return np.asarray(feature_maps * gradients.mean(axis=(0, 1), dtype=np.float64), np.float32)


def grad_cam_batch(
    images: Sequence[Image], *, model: Model, layer: LayerName = "last_conv", targets: Targets = None
) -> list[Heatmap]:
    """Raw Grad-CAM maps of several pictures, one forward and one backward pass a batch.

    Args:
        images: pictures in [0, 1], of any sizes.
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        targets: a class (name or number) for all, one for each picture, or None for the predicted class.

    Returns:
        one float32 (h, w) map for each picture, at the layer's resolution, signed and unnormalised.

    Raises:
        ChoiceError: unknown layer or class.
        ShapeError: the number of targets is not the number of pictures.
    """
    gathered = gather_evidence(images, model=model, layer=layer, targets=targets)
    return [grad_cam_map(evidence.feature_maps, evidence.gradients) for evidence in gathered]


@step("grad_cam", version=1)
def grad_cam(image: Image, *, model: Model, layer: LayerName = "last_conv", target: ClassName | None = None) -> Heatmap:
    """Where the network sees a class: the heatmap of Grad-CAM, at the picture's size.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        layer: a layer's name, or `last_conv`: late layers see things, early ones edges and texture.
        target: the class asked about; None asks about the one the network predicts.

    Returns:
        float32 (H, W), signed and unnormalised: positive speaks for the class, negative against it. All zero where
        the class score does not depend on the layer (every gradient is zero).

    Raises:
        ChoiceError: unknown layer or class.

    Source: Selvaraju et al., Grad-CAM (2017), https://arxiv.org/abs/1610.02391
    """
    evidence = _evidence_of(image, model, layer, target)
    return upsample_heatmap(grad_cam_map(evidence.feature_maps, evidence.gradients), image.shape[:2])


@step("grad_cam_channels", version=1)
def grad_cam_channels(
    image: Image, *, model: Model, layer: LayerName = "last_conv", target: ClassName | None = None
) -> FeatureMaps:
    """Each channel's share of the Grad-CAM heatmap, at the layer's resolution: add up some, and see what they see.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        target: the class asked about; None asks about the one the network predicts.

    Returns:
        float32 (h, w, channels), signed; the sum over any set of channels is the raw heatmap of that set, and the
        sum over all is the raw Grad-CAM map.

    Raises:
        ChoiceError: unknown layer or class.
    """
    evidence = _evidence_of(image, model, layer, target)
    return grad_cam_shares(evidence.feature_maps, evidence.gradients)


def _evidence_of(image: Image, model: Model, layer: str, target: str | None) -> Evidence:
    return gather_evidence([image], model=model, layer=layer, targets=target)[0]


def _check_shapes(feature_maps: FeatureMaps, gradients: FeatureMaps) -> None:
    if feature_maps.shape != gradients.shape or feature_maps.ndim != 3:
        raise ShapeError(
            f"gradients {gradients.shape} must match feature_maps {feature_maps.shape}, both (h, w, channels)"
        )
