"""A picture as ink: how dark it is, as a heatmap that the drawing steps take."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from artforge.core.light import LUMA
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image
from artforge.engine.attention.settings import check_range


@step("darkness", version=1)
def darkness(image: Image, *, gamma: Annotated[float, Field(gt=0, le=10)] = 1.0, reverse: bool = False) -> Heatmap:
    """How dark a picture is: white 0, black 1, so that ink can go where the picture has it.

    Args:
        image: float32 (H, W, 3), sRGB, [0, 1].
        gamma: the power it is raised to: above 1 keeps ink for the shadows, below 1 spreads it into the lights.
        reverse: how light it is instead, for pale ink on dark paper.

    Returns:
        float32 (H, W), [0, 1]; put 'normalize' behind it to use the whole range.

    Raises:
        ChoiceError: no such gamma.
    """
    check_range("gamma", gamma, "(0, 10]")
    light = np.clip(sum(image[..., color] * share for color, share in enumerate(LUMA)), 0, 1)
    return np.asarray((light if reverse else 1 - light) ** np.float32(gamma), np.float32)
