"""The steps `dream` and `caricature`: a picture becomes what a network sees in it."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import Image, LayerName
from artforge.engine.ascent.at_work import living, surroundings
from artforge.engine.ascent.chosen import FilterMix, FilterNumber, chosen_objective, described, one_to_grow, seed_of
from artforge.engine.ascent.objectives import caricature
from artforge.engine.ascent.octaves import dream, octave_sizes
from artforge.engine.ascent.optimisers import PlainStep
from artforge.engine.ascent.pixels import Pixels
from artforge.engine.ascent.presets import LEVELS, deepdream
from artforge.engine.ascent.settings import Ascent
from artforge.engine.ascent.transforms import Jitter, Rotate, Scale
from artforge.engine.attention.targets import ClassTarget
from artforge.engine.models.handle import Model

NumOctaves = Annotated[int, Field(ge=1, le=12)]
OctaveScale = Annotated[float, Field(gt=1, le=4)]


@step("dream", version=1, rules=[one_to_grow])
def dream_step(
    start_image: Image,
    *,
    model: Model,
    layer: LayerName = "last_conv",
    filter: FilterNumber | None = None,  # noqa: A002 - the field's word
    filters: FilterMix | None = None,
    target: ClassTarget | None = None,
    num_octaves: NumOctaves = 4,
    octave_scale: OctaveScale = 1.4,
    num_steps: Annotated[int, Field(ge=1, le=1000)] = 10,
    rng: np.random.Generator,
) -> Image:
    """DeepDream: whatever a layer finds in the picture is made stronger, at every size of detail.

    Args:
        start_image: float32 (H, W, 3) in [0, 1].
        model: the network.
        layer: what sees it: early layers draw strokes and textures, late ones things.
        filter, filters, target: dream of these alone, as for `ascend`.
        num_octaves: how many sizes, from small to the picture's own.
        octave_scale: how much larger the next size is.
        num_steps: at each size.

    Returns:
        float32 (H, W, 3) in [0, 1], of the picture's size.

    Raises:
        ChoiceError: an unknown layer, filter or class, or several things to dream of.

    Source: Mordvintsev et al., Inceptionism (2015), https://github.com/google/deepdream
    """
    objective = chosen_objective(layer=layer, filter=filter, filters=filters, target=target)
    results = dream(
        [objective],
        [start_image],
        model=model,
        ascent=deepdream(num_steps=num_steps),
        num_octaves=num_octaves,
        octave_scale=octave_scale,
        seed=seed_of(rng),
        **surroundings(num_steps * len(octave_sizes(start_image.shape[:2], num_octaves, scale=octave_scale))),
    )
    living(results, [described(layer=layer, filter=filter, filters=filters, target=target)])
    return results[0].picture


@step("caricature", version=1)
def caricature_step(
    start_image: Image,
    *,
    model: Model,
    layer: LayerName = "last_conv",
    power: Annotated[float, Field(ge=0, le=8)] = 1.0,
    strength: Annotated[float, Field(gt=0, le=20)] = 1.5,
    num_octaves: NumOctaves = 3,
    octave_scale: OctaveScale = 1.6,
    num_steps: Annotated[int, Field(ge=1, le=1000)] = 24,
    rng: np.random.Generator,
) -> Image:
    """Exaggerate what a layer finds in the picture, each thing where it is.

    Args:
        start_image: float32 (H, W, 3) in [0, 1].
        model: the network.
        layer: whose maps are exaggerated.
        power: how much the maps must stay alike, and not only grow.
        strength: of a step, in grey levels.
        num_octaves: how many sizes, from small to the picture's own.
        octave_scale: how much larger the next size is.
        num_steps: at each size.

    Returns:
        float32 (H, W, 3) in [0, 1], of the picture's size.

    Raises:
        ChoiceError: an unknown layer.

    Source: Olah et al., Feature Visualization (2017), https://doi.org/10.23915/distill.00007
    """
    ascent = Ascent(
        parameterisation=Pixels(),
        transforms=(Jitter(8), Scale(0.95, 1.05), Rotate(3)),
        optimiser=PlainStep(strength / LEVELS, "mean_abs"),
        num_steps=num_steps,
    )
    results = dream(
        [caricature(layer, start_image, power=power)],
        [start_image],
        model=model,
        ascent=ascent,
        num_octaves=num_octaves,
        octave_scale=octave_scale,
        seed=seed_of(rng),
        **surroundings(num_steps * len(octave_sizes(start_image.shape[:2], num_octaves, scale=octave_scale))),
    )
    living(results, [described(layer=layer)])
    return results[0].picture
