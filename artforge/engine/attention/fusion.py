"""Layer-CAM of several layers as one map: fine lines from early layers, things from late ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from artforge.core.errors import ShapeError, check_choice
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, LayerName
from artforge.engine.attention.cam import cam_of
from artforge.engine.attention.evidence import gather_evidence_of_layers
from artforge.engine.attention.inputs import check_inputs
from artforge.engine.attention.layer_cam import layer_cam_shares
from artforge.engine.attention.layers import in_order
from artforge.engine.attention.targets import ClassTarget
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.models.card import LayerInfo, last_conv_of
from artforge.engine.models.handle import Model

Fusion = Literal["max", "mean", "product"]

LIFT = 2.0
"""Early maps have few strong places: tanh(LIFT * map / peak) lifts the others, as the authors of Layer-CAM do."""

_ENDS_A_STAGE = ("convolution", "activation", "normalisation", "merge")


def fuse_heatmaps(heatmaps: Sequence[Heatmap], size: tuple[int, int], *, how: Fusion = "max") -> Heatmap:
    """One map of several, each on its own scale first.

    Each is brought to the size of the result; then evidence against the class drops out, the peak becomes 1, and all
    maps but the last (the latest layer's) go through tanh(2 * map). A map without positive evidence stays zero.

    Args:
        heatmaps: float32 (h, w) each, of any sizes, earliest layer first.
        size: (height, width) of the result.
        how: the strongest of them at each place, their mean, or their product (what all of them see).

    Returns:
        float32 (height, width), [0, 1].

    Raises:
        ShapeError: no heatmaps.
        ChoiceError: no such way to fuse.
    """
    check_choice("how", how, get_args(Fusion))
    if not heatmaps:
        raise ShapeError("no heatmaps to fuse: expected at least one")
    last = len(heatmaps) - 1
    stack = np.stack(
        [
            _lifted(upsample_heatmap(heatmap, size), LIFT if place < last else None)
            for place, heatmap in enumerate(heatmaps)
        ]
    )
    fused = {"max": stack.max(axis=0), "mean": stack.mean(axis=0), "product": stack.prod(axis=0)}[how]
    return np.asarray(fused, np.float32)


def _lifted(heatmap: Heatmap, lift: float | None) -> Heatmap:
    positive = np.maximum(heatmap, 0)
    peak = positive.max()
    if peak <= 0:
        return np.zeros_like(heatmap)
    share = positive / peak
    return np.asarray(share if lift is None else np.tanh(lift * share), np.float32)


def stage_ends(layers: Sequence[LayerInfo]) -> tuple[str, ...]:
    """The last layer of each stage, that is before the maps become smaller: earliest first.

    None comes behind the layer that `last_conv` stands for. Behind a transformer's last self-attention the tokens of
    the picture no longer move the score.

    Args:
        layers: in the order they are computed.
    """
    ends: dict[tuple[int, int], str] = {}
    last = last_conv_of(layers)
    for layer in layers:
        if layer.size is not None and layer.size[0] * layer.size[1] > 1 and layer.kind in _ENDS_A_STAGE:
            ends.pop(layer.size, None)
            ends[layer.size] = layer.name
        if layer.name == last:
            break
    return tuple(ends.values())


@step("layer_cam_fusion", version=2)
def layer_cam_fusion(
    image: Image,
    *,
    model: Model,
    layers: list[LayerName] | None = None,
    target: ClassTarget | None = None,
    how: Fusion = "max",
) -> Heatmap:
    """Where the network sees a class, from several layers at once: fine lines and whole things in one map.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        layers: layer names; None takes the last layer of every stage, that is of every size of map.
        target: the class asked about, several, or a weighted mix; None asks about the one the network predicts.
        how: `max`, `mean` or `product` of the layers' maps.

    Returns:
        float32 (H, W), [0, 1]: layers can only be compared on a scale of their own, so this map is never signed.

    Raises:
        ChoiceError: unknown layer or class, no list of layers, or no such way to fuse.

    Source: Jiang et al., LayerCAM (2021), section III-C, https://doi.org/10.1109/TIP.2021.3089943
    """
    check_inputs([image], model=model)
    check_choice("how", how, get_args(Fusion))
    names = in_order(stage_ends(model.layers) if layers is None else layers, model=model)
    [by_layer] = gather_evidence_of_layers([image], model=model, layers=names, targets=[target])
    maps = [cam_of(evidence, layer_cam_shares) for evidence in by_layer.values()]
    return fuse_heatmaps(maps, (image.shape[0], image.shape[1]), how=how)
