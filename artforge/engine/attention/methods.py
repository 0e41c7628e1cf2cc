"""Every method that gives a map, by name, all called alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from artforge.core.errors import check_choice
from artforge.core.values import Heatmap, Image
from artforge.engine.attention.targets import Targets
from artforge.engine.models.handle import Model

CamName = Literal[
    "grad_cam", "grad_cam_plus_plus", "hires_cam", "xgrad_cam", "layer_cam", "eigen_cam", "score_cam", "ablation_cam"
]


@dataclass(frozen=True)
class Method:
    """One way to ask a network where it looks.

    Attributes:
        name: as its recipe step is called.
        looks_at_layer: whether it reads the feature maps of a layer; the others read the picture's own pixels.
        asks_class: whether its map depends on the class.
        signed: whether evidence against the class comes out negative.
    """

    name: str
    looks_at_layer: bool = True
    asks_class: bool = True
    signed: bool = True

    def batch(
        self, images: Sequence[Image], *, model: Model, layer: str = "last_conv", targets: Targets = None, **others: Any
    ) -> list[Heatmap]:
        """The raw maps of several pictures, at the method's own resolution; `layer` is left out where it has none."""
        function = getattr(import_module(f"artforge.engine.attention.{self.name}"), f"{self.name}_batch")
        where = {"layer": layer} if self.looks_at_layer else {}
        heatmaps: list[Heatmap] = function(images, model=model, targets=targets, **where, **others)
        return heatmaps


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method("grad_cam"),
        Method("grad_cam_plus_plus", signed=False),
        Method("hires_cam"),
        Method("xgrad_cam"),
        Method("layer_cam", signed=False),
        Method("eigen_cam", asks_class=False),
        Method("score_cam", signed=False),
        Method("ablation_cam"),
        Method("saliency", looks_at_layer=False, signed=False),
        Method("smooth_grad", looks_at_layer=False, signed=False),
        Method("integrated_gradients", looks_at_layer=False),
        Method("guided_backprop", looks_at_layer=False, signed=False),
        Method("occlusion", looks_at_layer=False),
        Method("rise", looks_at_layer=False),
        Method("self_attention_rollout", looks_at_layer=False, asks_class=False, signed=False),
    )
}
"""By name; `signed` is False where a map is never negative, or its sign says nothing of the class."""


def find_method(name: str) -> Method:
    """The method called `name`.

    Raises:
        ChoiceError: there is none; the nearest is named.
    """
    check_choice("method", name, list(METHODS))
    return METHODS[name]
