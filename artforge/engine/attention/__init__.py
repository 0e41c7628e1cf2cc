"""Where a network looks: feature maps and the CAM family, one method a file.

`from artforge.engine import attention` is all that is needed: `attention.grad_cam(picture, model=model)`. Every name
below is imported when it is first used, so that this line alone loads no network library.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from artforge.engine.attention.ablation_cam import ablation_cam, ablation_cam_batch
    from artforge.engine.attention.cam import subset_maps
    from artforge.engine.attention.channels import Channels
    from artforge.engine.attention.classical_filters import classical_filter
    from artforge.engine.attention.eigen_cam import eigen_cam, eigen_cam_batch
    from artforge.engine.attention.evidence import Evidence, gather_evidence, gather_evidence_of_layers, see
    from artforge.engine.attention.feature_map_choices import channel_across_layers, feature_map, strongest_per_layer
    from artforge.engine.attention.feature_maps import feature_maps, feature_maps_of_layers
    from artforge.engine.attention.filter_kinship import filter_kinship, kin_channels
    from artforge.engine.attention.fusion import fuse_heatmaps, layer_cam_fusion
    from artforge.engine.attention.grad_cam import grad_cam, grad_cam_batch, grad_cam_channels, grad_cam_shares
    from artforge.engine.attention.grad_cam_plus_plus import grad_cam_plus_plus, grad_cam_plus_plus_batch
    from artforge.engine.attention.guided_backprop import guided_backprop, guided_backprop_batch
    from artforge.engine.attention.guided_filter import follow_edges
    from artforge.engine.attention.hires_cam import hires_cam, hires_cam_batch
    from artforge.engine.attention.integrated_gradients import (
        completeness_gap,
        integrated_gradients,
        integrated_gradients_batch,
    )
    from artforge.engine.attention.layer_cam import layer_cam, layer_cam_batch
    from artforge.engine.attention.methods import METHODS, find_method
    from artforge.engine.attention.occlusion import occlusion, occlusion_batch
    from artforge.engine.attention.rise import rise, rise_batch
    from artforge.engine.attention.saliency import saliency, saliency_batch
    from artforge.engine.attention.score_cam import score_cam, score_cam_batch
    from artforge.engine.attention.self_attention_rollout import (
        rollout,
        self_attention_rollout,
        self_attention_rollout_batch,
    )
    from artforge.engine.attention.smooth_grad import smooth_grad, smooth_grad_batch
    from artforge.engine.attention.tiles import fine_cam, tiled_heatmap
    from artforge.engine.attention.upsample import upsample_heatmap
    from artforge.engine.attention.xgrad_cam import xgrad_cam, xgrad_cam_batch
    from artforge.engine.honesty.average_drop import average_drop
    from artforge.engine.honesty.check import check_heatmap

__all__ = [
    "METHODS",
    "Channels",
    "Evidence",
    "ablation_cam",
    "ablation_cam_batch",
    "average_drop",
    "channel_across_layers",
    "check_heatmap",
    "classical_filter",
    "completeness_gap",
    "eigen_cam",
    "eigen_cam_batch",
    "feature_map",
    "feature_maps",
    "feature_maps_of_layers",
    "filter_kinship",
    "find_method",
    "fine_cam",
    "follow_edges",
    "fuse_heatmaps",
    "gather_evidence",
    "gather_evidence_of_layers",
    "grad_cam",
    "grad_cam_batch",
    "grad_cam_channels",
    "grad_cam_plus_plus",
    "grad_cam_plus_plus_batch",
    "grad_cam_shares",
    "guided_backprop",
    "guided_backprop_batch",
    "hires_cam",
    "hires_cam_batch",
    "integrated_gradients",
    "integrated_gradients_batch",
    "kin_channels",
    "layer_cam",
    "layer_cam_batch",
    "layer_cam_fusion",
    "occlusion",
    "occlusion_batch",
    "rise",
    "rise_batch",
    "rollout",
    "saliency",
    "saliency_batch",
    "score_cam",
    "score_cam_batch",
    "see",
    "self_attention_rollout",
    "self_attention_rollout_batch",
    "smooth_grad",
    "smooth_grad_batch",
    "strongest_per_layer",
    "subset_maps",
    "tiled_heatmap",
    "upsample_heatmap",
    "xgrad_cam",
    "xgrad_cam_batch",
]

_ELSEWHERE = {
    "METHODS": "methods",
    "find_method": "methods",
    "Channels": "channels",
    "Evidence": "evidence",
    "gather_evidence": "evidence",
    "gather_evidence_of_layers": "evidence",
    "see": "evidence",
    "subset_maps": "cam",
    "classical_filter": "classical_filters",
    "channel_across_layers": "feature_map_choices",
    "feature_map": "feature_map_choices",
    "strongest_per_layer": "feature_map_choices",
    "feature_maps_of_layers": "feature_maps",
    "kin_channels": "filter_kinship",
    "fuse_heatmaps": "fusion",
    "layer_cam_fusion": "fusion",
    "grad_cam_channels": "grad_cam",
    "grad_cam_shares": "grad_cam",
    "follow_edges": "guided_filter",
    "completeness_gap": "integrated_gradients",
    "rollout": "self_attention_rollout",
    "fine_cam": "tiles",
    "tiled_heatmap": "tiles",
    "upsample_heatmap": "upsample",
    "average_drop": "..honesty.average_drop",
    "check_heatmap": "..honesty.check",
}
"""Names that do not stand in a module of their own name."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _ELSEWHERE.get(name, name.removesuffix("_batch"))
    return getattr(import_module(home if home.startswith(".") else f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Attention(ModuleType):
    """A method's file and its function bear one name: seen from outside, the function is meant.

    Python puts every file that is imported on its package under its own name; here the function's would be lost.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Attention
