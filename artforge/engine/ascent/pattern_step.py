"""The step `ascend`: a picture grown from a filter, a mix of filters, a neuron or a class."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from artforge.core.errors import ChoiceError
from artforge.core.steps import step
from artforge.core.values import Image, Kind, LayerName, PictureFolder, Unit
from artforge.engine.ascent.ascend import ascend
from artforge.engine.ascent.budget import Budget, Distance
from artforge.engine.ascent.chosen import FilterMix, FilterNumber, chosen_objective, seed_of
from artforge.engine.ascent.journey import picture_at
from artforge.engine.ascent.objectives import Objective
from artforge.engine.ascent.octaves import ascend_in_octaves
from artforge.engine.ascent.presets import PresetName, find_preset
from artforge.engine.ascent.settings import Ascent
from artforge.engine.ascent.spectrum import spectrum_of_folder
from artforge.engine.ascent.transforms import Jitter
from artforge.engine.attention.targets import ClassTarget
from artforge.engine.models.handle import Model

Edge = Annotated[int, Kind.PIXELS, Field(ge=16, le=16384)]


@step("ascend", version=1)
def ascend_step(
    start_image: Image | None = None,
    *,
    model: Model,
    layer: LayerName = "last_conv",
    filter: FilterNumber | None = None,  # noqa: A002 - the field's word
    filters: FilterMix | None = None,
    target: ClassTarget | None = None,
    alone: bool = False,
    preset: PresetName = "lucid",
    spectrum: PictureFolder | None = None,
    size: Edge = 256,
    height: Edge | None = None,
    num_steps: Annotated[int, Field(ge=1, le=10_000)] | None = None,
    num_octaves: Annotated[int, Field(ge=1, le=12)] = 1,
    seamless: bool = False,
    budget: Annotated[float, Field(gt=0)] | None = None,
    measure: Distance = "rms",
    at: Unit = 1.0,
    rng: np.random.Generator,
) -> Image:
    """Grow a picture that a filter, several filters, or a class responds to as strongly as can be.

    Args:
        start_image: what it begins with; else it begins with noise.
        model: the network.
        layer: of the filters. With neither filter, filters nor target, everything the layer sees is made stronger.
        filter: one filter, by number.
        filters: several with weights, `{3: 1, 17: -0.5}`; the weights may move along the timeline.
        target: a class, several, or a weighted mix.
        alone: a single pattern in the middle and not a carpet of them.
        preset: `lucid`, `maco`, `chollet`, `keras_vis` or `deepdream`.
        spectrum: for `maco`, a folder of one's own pictures, whose grain and palette the picture gets.
        size: width in pixels, and height where that is left out; of a start image it is the image's own.
        height: in pixels.
        num_steps: how many; None takes the preset's own number.
        num_octaves: how many sizes it grows through: more give shapes larger than the filter itself.
        seamless: whether it can be laid edge to edge, as on a cloth.
        budget: with a start image, how far it may go from it, by `measure`.
        measure: `rms` of the pixel values, or `oklab`, the mean colour difference.
        at: the share of the way that is shown: moving it along the timeline makes a film of the ascent.

    Returns:
        float32 (H, W, 3) in [0, 1].

    Raises:
        ChoiceError: an unknown layer, filter or class, or settings that do not go together.

    Source: see the presets; Olah et al., Feature Visualization (2017), https://doi.org/10.23915/distill.00007
    """
    objective = chosen_objective(layer=layer, filter=filter, filters=filters, target=target, alone=alone)
    ascent = _ascent(model, preset, spectrum, num_steps, seamless=seamless)
    shape = None if start_image is not None else (height or size, size)
    if budget is not None and start_image is None:
        raise ChoiceError("a budget is the distance from a start image: let one flow in, or leave budget out")
    if at < 1:
        if budget is not None or num_octaves > 1:
            raise ChoiceError("at shows the way of one ascent: leave out budget and num_octaves, or keep at: 1")
        key = repr((layer, filter, filters, target, alone, preset, spectrum))
        return picture_at(
            at, objective, key=key, model=model, ascent=ascent, size=shape, start_image=start_image, seed=seed_of(rng)
        )
    return _grown(objective, model, ascent, shape, start_image, num_octaves, budget, measure, seed_of(rng))


def _grown(
    objective: Objective,
    model: Model,
    ascent: Ascent,
    size: tuple[int, int] | None,
    start_image: Image | None,
    num_octaves: int,
    budget: float | None,
    measure: Distance,
    seed: int,
) -> Image:
    if num_octaves > 1:
        if start_image is not None or size is None:
            raise ChoiceError("num_octaves grows a picture from noise: from a picture, use the step dream")
        grown = ascend_in_octaves(
            [objective], model=model, ascent=ascent, size=size, num_octaves=num_octaves, seed=seed
        )
    else:
        grown = ascend(
            [objective],
            model=model,
            ascent=ascent,
            size=size,
            start_images=None if start_image is None else [start_image],
            seed=seed,
            budget=None if budget is None else Budget(budget, measure),
        )
    return grown[0].picture


def _ascent(model: Model, preset: PresetName, spectrum: str | None, num_steps: int | None, *, seamless: bool) -> Ascent:
    if spectrum is not None and preset != "maco":
        raise ChoiceError(f"a spectrum is for the preset maco; the preset is {preset}")
    measured = None if spectrum is None else spectrum_of_folder(Path(spectrum))
    ascent = find_preset(preset, value_range=model.value_range, num_steps=num_steps, spectrum=measured)
    return made_seamless(ascent) if seamless else ascent


SEAMLESS_SHIFT = 1 << 14
"""The picture is shifted around its edges by any number of pixels: every place is the middle as often as the edge."""


def made_seamless(ascent: Ascent) -> Ascent:
    """An ascent whose pictures can be laid edge to edge: beyond each edge lies the other side."""
    return replace(ascent, edges="wrap", transforms=(Jitter(SEAMLESS_SHIFT), *ascent.transforms))
