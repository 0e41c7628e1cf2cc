"""Eigen-CAM: the one pattern that most of a layer's channels share; no class is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from artforge.core.steps import step
from artforge.core.values import FeatureMaps, Heatmap, Image, LayerName
from artforge.engine.attention.cam import add_up, add_up_chosen, maps_to_weigh
from artforge.engine.attention.channels import Channels
from artforge.engine.attention.inputs import maps_wanted
from artforge.engine.attention.targets import ClassTarget, Targets
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.models.handle import Model


class Component(NamedTuple):
    """A pattern of channels.

    Attributes:
        centre: float64 (channels,), what is taken off each channel first.
        direction: float64 (channels,), how much each channel counts; of length 1, or zero where every map is flat.
    """

    centre: NDArray[np.float64]
    direction: NDArray[np.float64]


def first_component(feature_maps: FeatureMaps, *, centred: bool = True) -> Component:
    """The pattern that most of a layer's channels share: the first right singular vector of (places x channels).

    A singular vector has no sign of its own: it is turned so that the strongest place of the map is positive.

    Args:
        feature_maps: float32 (h, w, channels).
        centred: whether each channel's mean is taken off first, so that the pattern is how the channels change over
            the picture, as in principal component analysis and in pytorch-grad-cam. The paper takes nothing off: its
            pattern is then nearly the mean of all maps.

    Returns:
        the pattern, for channels in the order of the maps.
    """
    maps = feature_maps.astype(np.float64)
    centre = maps.mean(axis=(0, 1)) if centred else np.zeros(maps.shape[-1])
    places = (maps - centre).reshape(-1, maps.shape[-1])
    # the smaller of the two Gram matrices has the same first component, and is far cheaper than a full decomposition
    if places.shape[0] < places.shape[1]:
        _, vectors = np.linalg.eigh(places @ places.T)
        direction = places.T @ vectors[:, -1]
    else:
        _, vectors = np.linalg.eigh(places.T @ places)
        direction = vectors[:, -1]
    length = np.linalg.norm(direction)
    if length == 0 or not places.any():
        return Component(centre, np.zeros_like(centre))
    projected = places @ direction
    sign = -1.0 if -projected.min() > projected.max() else 1.0
    return Component(centre, np.asarray(sign * direction / length))


def eigen_cam_shares(feature_maps: FeatureMaps, component: Component | None = None) -> NDArray[np.float64]:
    """What each channel adds to the layer's first principal component.

    Args:
        feature_maps: float32 (h, w, channels).
        component: the pattern to look for; None takes that of these maps, centred.

    Returns:
        float64 (h, w, channels); zeros where every channel is flat.
    """
    centre, direction = first_component(feature_maps) if component is None else component
    return np.asarray((feature_maps - centre) * direction)


def eigen_cam_map(feature_maps: FeatureMaps, component: Component | None = None) -> Heatmap:
    """The raw Eigen-CAM map: float32 (h, w), signed and unnormalised; arguments as `eigen_cam_shares`.

    Raises:
        ModelError: the map is not finite.
    """
    return add_up(eigen_cam_shares(feature_maps, component))


def eigen_cam_batch(
    images: Sequence[Image],
    *,
    model: Model,
    layer: LayerName = "last_conv",
    targets: Targets = None,
    channels: Channels | None = None,
    centred: bool = True,
    component: Component | None = None,
) -> list[Heatmap]:
    """Raw Eigen-CAM maps of several pictures, one forward pass a batch.

    Args:
        images: pictures in [0, 1], of any sizes.
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        targets: looked at only where `channels` ranks by gradient: the pattern itself knows of no class.
        channels: which channels have a say; the pattern is that of all, so maps of parts add up to the whole.
        centred: as `first_component`.
        component: one pattern to look for in all pictures; None looks for that of each.

    Returns:
        one float32 (h, w) map for each picture, at the layer's resolution, signed and unnormalised.

    Raises:
        ChoiceError: unknown layer or class, or channels that the layer does not have.
        ShapeError: the number of targets is not the number of pictures.
        ModelError: the network gives numbers that are not finite.
    """
    found = maps_wanted(images, model=model)
    for position, maps, gradients in maps_to_weigh(
        images, model=model, layer=layer, targets=targets, channels=channels
    ):
        pattern = first_component(maps, centred=centred) if component is None else component
        shares = eigen_cam_shares(maps, pattern)
        found[position] = add_up_chosen(shares, channels, feature_maps=maps, gradients=gradients)
    return found


@step("eigen_cam", version=1)
def eigen_cam(
    image: Image,
    *,
    model: Model,
    layer: LayerName = "last_conv",
    target: ClassTarget | None = None,
    channels: Channels | None = None,
    centred: bool = True,
) -> Heatmap:
    """The one pattern that most channels of a layer share, whatever the class: the heatmap of Eigen-CAM.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        target: the class by which `channels` may rank; the pattern itself knows of no class.
        channels: which channels have a say; None means all.
        centred: whether each channel's mean is taken off first, so that the map shows how the channels change over
            the picture; false is as in the paper, whose map is nearly the mean of all channels.

    Returns:
        float32 (H, W), of the picture's size, signed and unnormalised; `normalize` with `negative: drop` is the
        paper's last ReLU.

    Raises:
        ChoiceError: unknown layer or class, or channels that the layer does not have.

    Source: Muhammad and Yeasin, Eigen-CAM (2020), https://arxiv.org/abs/2008.00299
    """
    [raw] = eigen_cam_batch([image], model=model, layer=layer, targets=[target], channels=channels, centred=centred)
    return upsample_heatmap(raw, image.shape[:2])
