"""Heatmaps finer than the network's own view: the picture seen in overlapping tiles, near and far, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from artforge.core.errors import ShapeError, check_choice
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, LayerName
from artforge.engine.attention.cam import maps_to_weigh
from artforge.engine.attention.channels import Channels, as_channels, choose_channels
from artforge.engine.attention.eigen_cam import first_component
from artforge.engine.attention.methods import CamName, find_method
from artforge.engine.attention.scores import settled_target
from artforge.engine.attention.settings import check_count, check_range
from artforge.engine.attention.targets import ClassTarget
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.models.handle import BATCH, Model

See = Callable[[Sequence[Image]], Sequence[Heatmap]]
"""Pictures -> their raw heatmaps, of any resolution."""

Fuse = Literal["mean", "max"]
_Scale = Annotated[int, Field(ge=1, le=16)]
_Overlap = Annotated[float, Field(ge=0, le=0.75)]


def tile_starts(length: int, edge: int, overlap: float) -> list[int]:
    """Where tiles begin along one side, evenly spread, the first and the last one flush with the border.

    Args:
        length: of the side, pixels.
        edge: of a tile, pixels, at most `length`.
        overlap: [0, 1), the least share of a tile that lies under its neighbour.
    """
    if length <= edge:
        return [0]
    hop = max(1.0, edge * (1 - overlap))
    count = int(np.ceil((length - edge) / hop)) + 1
    return [round(start) for start in np.linspace(0, length - edge, count)]


def tiled_heatmap(image: Image, see: See, *, tile: tuple[int, int], overlap: float = 0.5) -> Heatmap:
    """See a picture tile by tile, and lay the maps over each other with soft edges.

    The window of a tile falls to its border as a raised cosine; all windows are divided by their sum, so a map that
    is the same in every tile stays flat.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        see: makes the raw maps; it must ask about one fixed class.
        tile: (height, width) of the tiles, pixels of the picture.
        overlap: [0, 1), the least share of a tile that lies under its neighbour.

    Returns:
        float32 (H, W), of the picture's size, signed and unnormalised.

    Raises:
        ShapeError: a tile of no size.
        ChoiceError: an overlap beyond [0, 1).
    """
    check_range("overlap", overlap, "[0, 1)")
    height, width = image.shape[:2]
    edges = min(tile[0], height), min(tile[1], width)
    if min(edges) < 1:
        raise ShapeError(f"a tile must have at least one pixel, received {tile[0]}x{tile[1]}")
    places = [
        (top, left) for top in tile_starts(height, edges[0], overlap) for left in tile_starts(width, edges[1], overlap)
    ]
    window = np.outer(_raised_cosine(edges[0]), _raised_cosine(edges[1]))
    total, weight = np.zeros((height, width)), np.zeros((height, width))
    for first in range(0, len(places), BATCH):
        chunk = places[first : first + BATCH]
        crops = [image[top : top + edges[0], left : left + edges[1]] for top, left in chunk]
        for (top, left), raw in zip(chunk, see(crops), strict=True):
            place = np.s_[top : top + edges[0], left : left + edges[1]]
            total[place] += window * upsample_heatmap(raw, edges)
            weight[place] += window
    return np.asarray(total / weight, np.float32)


def _raised_cosine(length: int) -> NDArray[np.float64]:
    """A window that is 1 in its middle and falls towards both ends, never to 0: a lone tile must count there."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(length) + 0.5) / length) + 1e-3)


@step("fine_cam", version=2)
def fine_cam(
    image: Image,
    *,
    model: Model,
    method: CamName = "grad_cam",
    layer: LayerName = "last_conv",
    target: ClassTarget | None = None,
    channels: Channels | None = None,
    scales: list[_Scale] | None = None,
    overlap: _Overlap = 0.5,
    fuse: Fuse = "mean",
) -> Heatmap:
    """A heatmap finer than the network's own view: the whole picture, then closer and closer, put together.

    At scale 1 the network sees the whole picture; at scale 3 tiles of a third of its edges, each as large to the
    network as the whole was. The class, the channels and the pattern of Eigen-CAM are settled once, on the whole
    picture. Every scale is divided by its own strongest value before they are fused, for a tile's score says nothing
    of the size of the whole picture's.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        method: how to look, such as `grad_cam` or `layer_cam`.
        layer: a layer's name, or `last_conv`.
        target: the class asked about, several, or a weighted mix; None asks about the one predicted for the whole.
        channels: which channels have a say; None means all. Since every scale is divided by its own strongest value,
            the maps of parts of the channels do not add up to the whole here, as they do for each method alone.
        scales: how many times closer; None takes [1, 2, 4].
        overlap: [0, 0.75], the least share of a tile that lies under its neighbour.
        fuse: the `mean` of the scales, or at each place the one with the strongest evidence (`max`), with its sign.

    Returns:
        float32 (H, W), signed, each scale's strongest evidence counting as 1.

    Raises:
        ChoiceError: unknown layer, class or method, channels that the layer does not have, or a scale, an overlap or
            a way to fuse that cannot be.
        ShapeError: no scales.
        ModelError: the network gives numbers that are not finite.
    """
    wanted = [1, 2, 4] if scales is None else scales
    if not isinstance(wanted, Sequence) or not wanted:
        raise ShapeError(f"scales must be a list of some, such as [1, 2, 4], received {scales!r}")
    for scale in wanted:
        check_count("a scale", scale, most=16)
    check_range("overlap", overlap, "[0, 0.75]")
    check_choice("fuse", fuse, get_args(Fuse))
    check_choice("method", method, get_args(CamName))
    channels = as_channels(channels)
    asked = settled_target(image, target, model=model)
    settled = _settled_on(image, model=model, method=method, layer=layer, target=asked, channels=channels)

    def see(crops: Sequence[Image]) -> list[Heatmap]:
        return find_method(method).batch(crops, model=model, layer=layer, targets=[asked] * len(crops), **settled)

    height, width = image.shape[:2]
    maps = [
        _on_own_scale(tiled_heatmap(image, see, tile=(-(-height // scale), -(-width // scale)), overlap=overlap))
        for scale in wanted
    ]
    return fuse_scales(maps, fuse)


def _settled_on(
    image: Image,
    *,
    model: Model,
    method: CamName,
    layer: LayerName,
    target: dict[str, float],
    channels: Channels | None,
) -> dict[str, Any]:
    """The settings that a tile must not choose anew for itself: channels by number, and the pattern of Eigen-CAM."""
    settled: dict[str, Any] = {}
    if channels is None and method != "eigen_cam":
        return settled
    [(_, maps, gradients)] = maps_to_weigh([image], model=model, layer=layer, targets=[target], channels=channels)
    if channels is not None:
        numbers = choose_channels(channels, feature_maps=maps, gradients=gradients)
        settled["channels"] = Channels(index=tuple(numbers.tolist()))
    if method == "eigen_cam":
        settled["component"] = first_component(maps)
    return settled


def _on_own_scale(heatmap: Heatmap) -> Heatmap:
    peak = np.abs(heatmap).max()
    return heatmap / peak if peak > 0 else heatmap  # no evidence at this scale: it leaves the others alone


def fuse_scales(maps: Sequence[Heatmap], fuse: Fuse) -> Heatmap:
    """Several maps of one picture as one: their mean, or at each place the strongest with its sign.

    Args:
        maps: float32 (H, W) each, of one size, signed.
        fuse: `mean` or `max`.

    Returns:
        float32 (H, W), signed.

    Raises:
        ChoiceError: no such way to fuse.
        ShapeError: no maps, or maps of several sizes.
    """
    check_choice("fuse", fuse, get_args(Fuse))
    sizes = {one.shape for one in maps}
    if len(sizes) != 1:
        raise ShapeError(f"maps are fused where they are of one size, received {sorted(sizes) or 'no maps'}")
    stack = np.stack(maps)
    if fuse == "mean":
        return np.asarray(stack.mean(axis=0), np.float32)
    strongest = np.abs(stack).argmax(axis=0)
    return np.asarray(np.take_along_axis(stack, strongest[None], axis=0)[0], np.float32)
