"""What the class-activation methods share: each says what every channel adds to the map, and the map is the sum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError
from artforge.core.values import FeatureMaps, Heatmap, Image
from artforge.engine.attention.channels import Channels, as_channels, choose_channels
from artforge.engine.attention.evidence import Evidence, each_evidence
from artforge.engine.attention.feature_maps import each_feature_maps
from artforge.engine.attention.finite import as_heatmap
from artforge.engine.attention.inputs import maps_wanted
from artforge.engine.attention.layers import layer_named
from artforge.engine.attention.targets import ClassTarget, Targets, class_weights
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
        ModelError: the network gives numbers that are not finite.
    """
    found = maps_wanted(images, model=model)
    name, channels = layer_named(layer, model=model).name, as_channels(channels)
    for position, by_layer in each_evidence(images, model=model, layers=[name], targets=targets):
        found[position] = cam_of(by_layer[name], shares, channels)
    return found


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
    """The raw map that one picture's evidence gives, of all channels or of the chosen ones: float32 (h, w).

    Raises:
        ChoiceError: channels that the layer does not have.
        ModelError: the map is not finite.
    """
    added = shares(evidence.feature_maps, evidence.gradients)
    return add_up_chosen(added, channels, feature_maps=evidence.feature_maps, gradients=evidence.gradients)


def maps_to_weigh(
    images: Sequence[Image], *, model: Model, layer: str, targets: Targets, channels: Channels | None
) -> Iterator[tuple[int, FeatureMaps, FeatureMaps | None]]:
    """Feature maps of several pictures for a method that weighs them without gradients: position, maps, gradients.

    The network runs forward only, up to the layer, and the gradients are None. Only where `channels` ranks by gradient
    does it run on, and back.

    Raises:
        ChoiceError: unknown layer or class.
        ShapeError: the number of targets is not the number of pictures.
        ModelError: the network gives numbers that are not finite.
    """
    name, channels = layer_named(layer, model=model).name, as_channels(channels)
    if channels is not None and channels.rank == "gradient":
        for position, by_layer in each_evidence(images, model=model, layers=[name], targets=targets):
            yield position, by_layer[name].feature_maps, by_layer[name].gradients
        return
    class_weights(targets, model=model, num_images=len(images))  # a wrong class is told although none is asked about
    for position, maps in each_feature_maps(model, images, [name]):
        yield position, maps[name], None


def add_up_chosen(
    shares: NDArray[np.float64],
    channels: Channels | None,
    *,
    feature_maps: FeatureMaps,
    gradients: FeatureMaps | None = None,
) -> Heatmap:
    """The map that the chosen channels' shares give together.

    Args:
        shares: (h, w, channels), what each channel adds.
        channels: the choice; None means all.
        feature_maps, gradients: what the choice is made by, shaped like the shares.

    Returns:
        float32 (h, w).

    Raises:
        ChoiceError: channels that the layer does not have.
        ModelError: the map is not finite.
    """
    channels = as_channels(channels)
    if channels is None:
        return add_up(shares)
    return add_up(shares[..., choose_channels(channels, feature_maps=feature_maps, gradients=gradients)])


def add_up(shares: NDArray[np.float64]) -> Heatmap:
    """The map that some channels' shares (h, w, chosen) give together: float32 (h, w); zeros where none is chosen.

    Raises:
        ModelError: the map is not finite.
    """
    return as_heatmap(shares.sum(axis=-1, dtype=np.float64))


def subset_maps(shares: NDArray[np.float64], subsets: Sequence[Sequence[int] | NDArray[np.intp]]) -> list[Heatmap]:
    """The raw maps of many subsets of the channels, for the price of one matrix product.

    Args:
        shares: (h, w, channels), what each channel adds.
        subsets: the numbers of the channels of each subset; order is irrelevant, a number counts once.

    Returns:
        one float32 (h, w) for each subset; the maps of any partition of the channels add up to the whole.

    Raises:
        ShapeError: not (h, w, channels), or a channel that is not there; it is named.
    """
    if shares.ndim != 3:
        raise ShapeError(f"shares must be (h, w, channels), received {shares.shape}")
    height, width, num_channels = shares.shape
    chosen = np.zeros((num_channels, len(subsets)))
    for position, subset in enumerate(subsets):
        numbers = np.asarray(subset, np.intp)
        beyond = numbers[(numbers < 0) | (numbers >= num_channels)]
        if beyond.size:
            raise ShapeError(
                f"subset {position} names channel {', '.join(map(str, beyond))}, there are {num_channels} "
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
