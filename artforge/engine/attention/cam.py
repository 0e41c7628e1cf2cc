"""What the class-activation methods share: each says what every channel adds to the map, and the map is the sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError
from artforge.core.values import FeatureMaps, Heatmap, Image
from artforge.engine.attention.channels import Channels, choose_channels
from artforge.engine.attention.evidence import Evidence, gather_evidence
from artforge.engine.attention.targets import ClassTarget, Targets
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.models.handle import Model

Shares = Callable[[FeatureMaps, FeatureMaps], NDArray[np.float64]]
"""(feature_maps, gradients), both float32 (h, w, channels) -> float64 of that shape: what each channel adds to the map.

In double precision, because large shares for and against a class nearly cancel.
"""


def cam_batch(
    images: Sequence[Image],
    shares: Shares,
    *,
    model: Model,
    layer: str = "last_conv",
    targets: Targets = None,
    channels: Channels | None = None,
) -> list[Heatmap]:
    """Raw maps of several pictures, one forward and one backward pass a batch.

    Args:
        images: pictures in [0, 1], of any sizes.
        shares: the method.
        model: the network to look through.
        layer: a layer's name, or `last_conv`.
        targets: a class or mix for all, a list of one for each picture, or None for the predicted class.
        channels: which channels have a say; None means all.

    Returns:
        one float32 (h, w) map for each picture, at the layer's resolution, signed and unnormalised.

    Raises:
        ChoiceError: unknown layer or class, or channels that the layer does not have.
        ShapeError: the number of targets is not the number of pictures.
    """
    gathered = gather_evidence(images, model=model, layer=layer, targets=targets)
    return [cam_of(evidence, shares, channels) for evidence in gathered]


def cam_heatmap(
    image: Image,
    shares: Shares,
    *,
    model: Model,
    layer: str = "last_conv",
    target: ClassTarget | None = None,
    channels: Channels | None = None,
) -> Heatmap:
    """One picture's map, brought to the picture's size: float32 (H, W), signed and unnormalised.

    Raises:
        ChoiceError: unknown layer or class, or channels that the layer does not have.
    """
    [raw] = cam_batch([image], shares, model=model, layer=layer, targets=[target], channels=channels)
    return upsample_heatmap(raw, image.shape[:2])


def cam_of(evidence: Evidence, shares: Shares, channels: Channels | None = None) -> Heatmap:
    """The raw map that one picture's evidence gives, of all channels or of the chosen ones."""
    added = shares(evidence.feature_maps, evidence.gradients)
    if channels is not None:
        chosen = choose_channels(channels, feature_maps=evidence.feature_maps, gradients=evidence.gradients)
        added = added[..., chosen]
    return add_up(added)


def weighed_by(weights: NDArray[np.float64]) -> Shares:
    """The shares of a method that gives each channel one weight: float64 (channels,)."""

    def shares(feature_maps: FeatureMaps, gradients: FeatureMaps) -> NDArray[np.float64]:  # noqa: ARG001
        return np.asarray(feature_maps * weights)

    return shares


def add_up(shares: NDArray[np.float64]) -> Heatmap:
    """The map that some channels' shares (h, w, chosen) give together: float32 (h, w); zeros where none is chosen."""
    return np.asarray(shares.sum(axis=-1, dtype=np.float64), np.float32)


def subset_maps(shares: NDArray[np.float64], subsets: Sequence[Sequence[int] | NDArray[np.intp]]) -> list[Heatmap]:
    """The raw maps of many subsets of the channels, for the price of one matrix product.

    Args:
        shares: (h, w, channels), what each channel adds.
        subsets: the numbers of the channels of each subset; order is irrelevant, a number counts once.

    Returns:
        one float32 (h, w) for each subset; the maps of any partition of the channels add up to the whole.

    Raises:
        ShapeError: a number beyond the last channel.
    """
    height, width, num_channels = shares.shape
    chosen = np.zeros((num_channels, len(subsets)))
    for position, subset in enumerate(subsets):
        numbers = np.asarray(subset, np.intp)
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < num_channels:
            raise ShapeError(
                f"subset {position} names channel {int(numbers.max())}, there are {num_channels} "
                f"(numbers 0 to {num_channels - 1})"
            )
        chosen[numbers, position] = 1
    together = shares.reshape(-1, num_channels).astype(np.float64) @ chosen
    return list(together.T.reshape(-1, height, width).astype(np.float32))


def check_evidence_shapes(feature_maps: FeatureMaps, gradients: FeatureMaps) -> None:
    """Raise unless both are (h, w, channels).

    Raises:
        ShapeError: names both shapes.
    """
    if feature_maps.shape != gradients.shape or feature_maps.ndim != 3:
        raise ShapeError(
            f"gradients {gradients.shape} must match feature_maps {feature_maps.shape}, both (h, w, channels)"
        )
