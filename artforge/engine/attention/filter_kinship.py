"""Which learned channel of a network's first layer is most like which classical filter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError, check_choice
from artforge.core.steps import step
from artforge.core.values import FeatureMaps, Image, LayerName
from artforge.engine.attention.classical_filters import FILTER_NAMES, FilterName, classical_kernel
from artforge.engine.attention.feature_maps import feature_maps
from artforge.engine.attention.inputs import check_model
from artforge.engine.attention.layers import layer_named
from artforge.engine.backend import to_array
from artforge.engine.models.handle import Model
from artforge.engine.models.layers import kind_of

_SIZES = range(3, 32, 2)
_SORTS = ("Conv2D", "DepthwiseConv2D")
_MIXING = ("convolution", "self_attention")


@dataclass(frozen=True)
class Kinship:
    """How like a classical filter one learned channel is.

    Attributes:
        filter: the classical filter.
        channel: the channel's number.
        correlation: [-1, 1], Pearson's, of the two kernels; near -1 it is the same filter, of dark for light.
    """

    filter: FilterName
    channel: int
    correlation: float


def filter_kinship(model: Model, *, layer: LayerName | None = None) -> list[Kinship]:
    """Compare every kernel of a layer with every classical filter of its size.

    A kernel that sees colours is compared by what it does to grey light: the sum of its colour planes. Those of a
    depthwise convolution see one colour each, and are compared as they are.

    Args:
        model: the network.
        layer: a convolution that reads the picture; None takes the first one.

    Returns:
        one Kinship for each filter and channel, the most alike (by |correlation|) first; a kernel without structure
        (constant, or dead) is like nothing, 0.

    Raises:
        ChoiceError: unknown layer.
        ModelError: the layer does not read the picture, is no plain or depthwise convolution, or has no square kernels
            of an odd edge from 3 to 31.
    """
    check_model(model)
    kernels = _kernels_of(model, layer)
    found = [
        Kinship(name, channel, _correlation(kernels[..., channel], classical_kernel(name, kernels.shape[0])))
        for name in FILTER_NAMES
        for channel in range(kernels.shape[-1])
    ]
    return sorted(found, key=lambda kinship: -abs(kinship.correlation))


def _kernels_of(model: Model, layer: LayerName | None) -> NDArray[np.float32]:
    """float32 (size, size, channels), the colour planes of each kernel added up."""
    name = first_convolution(model) if layer is None else layer_named(layer, model=model).name
    [operation] = [call.operation for call in model.graph.calls if call.path == name]
    sort = type(operation).__name__
    if sort not in _SORTS:
        raise ModelError(
            f"layer {name!r} is a {sort}, whose kernels cannot be compared with classical filters: expected one of "
            f"{', '.join(_SORTS)}"
        )
    kernel = to_array(operation.kernel)
    if kernel.shape[0] != kernel.shape[1] or kernel.shape[0] not in _SIZES:
        raise ModelError(
            f"layer {name!r} cannot be compared with classical filters: expected a convolution with square kernels of "
            f"an odd edge from 3 to 31, received {kernel.shape[0]}x{kernel.shape[1]}"
        )
    if not _reads_colours(model, name):
        raise ModelError(
            f"layer {name!r} does not read the picture but the maps of an earlier layer, where a kernel is no filter "
            f"of light: expected a convolution of the picture's own colours, such as {first_convolution(model)!r}"
        )
    if sort == "DepthwiseConv2D":  # (size, size, colours, kernels a colour): each kernel sees one colour alone
        return np.asarray(kernel.reshape(*kernel.shape[:2], -1), np.float32)
    return np.asarray(kernel.sum(axis=2), np.float32)


def _reads_colours(model: Model, layer: str) -> bool:
    """Whether a layer reads the picture, perhaps scaled, padded or normalised before."""
    still_colours = {model.graph.picture}
    for call in model.graph.calls:
        if call.path == layer:
            return still_colours.issuperset(call.sources)
        mixes_colours = hasattr(call.operation, "kernel") or kind_of(call.operation) in _MIXING
        if still_colours.issuperset(call.sources) and not mixes_colours:
            still_colours.update(call.results)
    return False


def first_convolution(model: Model) -> str:
    """The name of the first convolution.

    Raises:
        ModelError: there is none.
    """
    for info in model.layers:
        if info.kind == "convolution":
            return info.name
    raise ModelError(f"the model {model.name!r} has no convolution whose filters could be compared")


def _correlation(kernel: NDArray[np.float32], classical: NDArray[np.float32]) -> float:
    first, second = (values.astype(np.float64) - values.mean(dtype=np.float64) for values in (kernel, classical))
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    structured = np.linalg.norm(first) > 1e-6 * np.linalg.norm(kernel)
    return float(np.clip((first * second).sum() / size, -1, 1)) if size and structured else 0.0


@step("kin_channels", version=1)
def kin_channels(image: Image, *, model: Model, filter: FilterName, layer: LayerName | None = None) -> FeatureMaps:  # noqa: A002
    """What the first layer finds in a picture, the channels most like a classical filter first.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network.
        filter: `sobel_x`, `sobel_y` or `laplacian`.
        layer: a convolution that reads the picture; None takes the first one.

    Returns:
        float32 (h, w, channels), all channels of the layer, by |correlation| of their kernels with the filter.

    Raises:
        ChoiceError: unknown layer or filter.
        ModelError: the layer has no kernels that could be compared.
    """
    check_choice("filter", filter, FILTER_NAMES)
    order = [kinship.channel for kinship in filter_kinship(model, layer=layer) if kinship.filter == filter]
    maps = feature_maps(image, model=model, layer=layer or first_convolution(model))
    return np.ascontiguousarray(maps[..., order])
