"""Saliency: how much each pixel moves the class score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import check_choice
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image
from artforge.engine.attention.finite import as_heatmap
from artforge.engine.attention.inputs import maps_wanted
from artforge.engine.attention.scores import Rectifier, batches_asked, picture_gradients
from artforge.engine.attention.targets import ClassTarget, Targets
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.models.handle import Model

Colours = Literal["strongest", "sum"]


def over_colours(gradients: NDArray[np.floating], colours: Colours) -> NDArray[np.float32]:
    """Gradients (..., channels) as one number a pixel, float32: the largest |.| of the colours, or their signed sum.

    Raises:
        ChoiceError: no such way.
        ModelError: the result is not finite.
    """
    check_choice("colours", colours, get_args(Colours))
    if colours == "strongest":
        return as_heatmap(np.abs(gradients).max(axis=-1))
    return as_heatmap(gradients.sum(axis=-1, dtype=np.float64))


def saliency_batch(
    images: Sequence[Image],
    *,
    model: Model,
    targets: Targets = None,
    colours: Colours = "strongest",
    rectifier: Rectifier = "plain",
) -> list[Heatmap]:
    """Raw saliency maps of several pictures, one forward and one backward pass a batch.

    Args:
        images: pictures in [0, 1], of any sizes.
        model: the network to look through.
        targets: a class or mix for all, a list of one for each picture, or None for the predicted class.
        colours: the largest |gradient| of the three colours, or their signed sum.
        rectifier: `guided` lets a gradient pass a ReLU only where it is positive.

    Returns:
        one float32 (h, w) for each picture at the size the network sees it at, in class score per unit of pixel value
        in [0, 1]; never negative with `strongest`.

    Raises:
        ChoiceError: unknown class, or no such way with colours.
        ShapeError: the number of targets is not the number of pictures.
        ModelError: guided, and the network has no ReLU; or it gives numbers that are not finite.
    """
    check_choice("colours", colours, get_args(Colours))
    found = maps_wanted(images, model=model)
    for positions, batch, weights in batches_asked(images, model=model, targets=targets):
        _, gradients = picture_gradients(
            batch, weights, model=model, rectifier=rectifier, long_run=model.is_long_run(2 * len(images))
        )
        for position, heatmap in zip(positions, over_colours(gradients, colours), strict=True):
            found[position] = heatmap
    return found


@step("saliency", version=2)
def saliency(
    image: Image, *, model: Model, target: ClassTarget | None = None, colours: Colours = "strongest"
) -> Heatmap:
    """How much each pixel moves the class score: the gradient for the picture itself.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: the network to look through.
        target: the class asked about, several, or a weighted mix; None asks about the one the network predicts.
        colours: `strongest` takes the largest |gradient| of the three colours, `sum` adds them with their signs.

    Returns:
        float32 (H, W), of the picture's size, unnormalised; never negative with `strongest`.

    Raises:
        ChoiceError: unknown class.

    Source: Simonyan, Vedaldi and Zisserman, Deep Inside Convolutional Networks (2013), https://arxiv.org/abs/1312.6034
    """
    [raw] = saliency_batch([image], model=model, targets=[target], colours=colours)
    return upsample_heatmap(raw, image.shape[:2])
