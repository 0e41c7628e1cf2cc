"""Guided backpropagation: saliency through ReLUs that let only positive gradients pass."""

from __future__ import annotations

from collections.abc import Sequence

from artforge.core.steps import step
from artforge.core.values import Heatmap, Image
from artforge.engine.attention.saliency import Colours, saliency_batch
from artforge.engine.attention.targets import ClassTarget, Targets
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.models.handle import Model


def guided_backprop_batch(
    images: Sequence[Image], *, model: Model, targets: Targets = None, colours: Colours = "strongest"
) -> list[Heatmap]:
    """Raw maps of several pictures; arguments, result and errors as `saliency_batch` with the guided rectifier."""
    return saliency_batch(images, model=model, targets=targets, colours=colours, rectifier="guided")


@step("guided_backprop", version=2)
def guided_backprop(
    image: Image, *, model: Model, target: ClassTarget | None = None, colours: Colours = "strongest"
) -> Heatmap:
    """The lines that excite the network: beautiful, but they hardly depend on the class or on what was learned.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through; it needs ReLUs.
        target: the class asked about, several, or a weighted mix; None asks about the one the network predicts.
        colours: `strongest` takes the largest |gradient| of the three colours, `sum` adds them with their signs.

    Returns:
        float32 (H, W), of the picture's size, unnormalised; never negative with `strongest`.

    Raises:
        ChoiceError: unknown class.
        ModelError: the network has no ReLU.

    Source: Springenberg et al., Striving for Simplicity (2014), https://arxiv.org/abs/1412.6806; on what it does not
    show: Adebayo et al., Sanity Checks for Saliency Maps (2018), https://arxiv.org/abs/1810.03292
    """
    [raw] = guided_backprop_batch([image], model=model, targets=[target], colours=colours)
    return upsample_heatmap(raw, image.shape[:2])
