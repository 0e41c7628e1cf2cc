"""Which modules register the steps that come with artforge; importing them never loads TensorFlow."""

from __future__ import annotations

from importlib import import_module

STEP_MODULES = (
    "artforge.engine.ascent.dream_step",
    "artforge.engine.ascent.grid_step",
    "artforge.engine.ascent.morph_step",
    "artforge.engine.ascent.pattern_step",
    "artforge.engine.ascent.pull_step",
    "artforge.engine.ascent.variations_step",
    "artforge.engine.attention.ablation_cam",
    "artforge.engine.attention.classical_filters",
    "artforge.engine.attention.eigen_cam",
    "artforge.engine.attention.feature_map_choices",
    "artforge.engine.attention.feature_maps",
    "artforge.engine.attention.filter_kinship",
    "artforge.engine.attention.fusion",
    "artforge.engine.attention.grad_cam",
    "artforge.engine.attention.grad_cam_plus_plus",
    "artforge.engine.attention.guided_backprop",
    "artforge.engine.attention.guided_filter",
    "artforge.engine.attention.hires_cam",
    "artforge.engine.attention.integrated_gradients",
    "artforge.engine.attention.layer_cam",
    "artforge.engine.attention.occlusion",
    "artforge.engine.attention.rise",
    "artforge.engine.attention.saliency",
    "artforge.engine.attention.score_cam",
    "artforge.engine.attention.self_attention_rollout",
    "artforge.engine.attention.smooth_grad",
    "artforge.engine.attention.tiles",
    "artforge.engine.attention.upsample",
    "artforge.engine.attention.xgrad_cam",
    "artforge.ops.add_channels",
    "artforge.ops.average",
    "artforge.ops.blend",
    "artforge.ops.camera",
    "artforge.ops.caption",
    "artforge.ops.channel_grid",
    "artforge.ops.colorize",
    "artforge.ops.crossfade",
    "artforge.ops.grid",
    "artforge.ops.label",
    "artforge.ops.load",
    "artforge.ops.mat",
    "artforge.ops.normalize",
    "artforge.ops.polyptych",
    "artforge.ops.poster",
    "artforge.ops.sequence",
    "artforge.ops.smooth_over_time",
    "artforge.ops.sort_channels",
    "artforge.ops.take_channels",
    "artforge.ops.verdict",
)


def load_steps() -> None:
    """Register every step that comes with artforge."""
    for module in STEP_MODULES:
        import_module(module)
