"""Which modules register the steps that come with artforge; importing them never loads TensorFlow."""

from __future__ import annotations

from importlib import import_module

STEP_MODULES = (
    "artforge.engine.attention.feature_maps",
    "artforge.engine.attention.grad_cam",
    "artforge.engine.attention.upsample",
    "artforge.ops.add_channels",
    "artforge.ops.blend",
    "artforge.ops.channel_grid",
    "artforge.ops.colorize",
    "artforge.ops.load",
    "artforge.ops.mat",
    "artforge.ops.normalize",
    "artforge.ops.sort_channels",
    "artforge.ops.take_channels",
)


def load_steps() -> None:
    """Register every step that comes with artforge."""
    for module in STEP_MODULES:
        import_module(module)
