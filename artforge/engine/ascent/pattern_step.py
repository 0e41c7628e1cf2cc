"""The step `ascend`: a picture grown from a filter, a mix of filters, a neuron or a class."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import Image, LayerName, PictureFolder, Unit
from artforge.engine.ascent.ascend import ascend
from artforge.engine.ascent.ascent_rules import (
    ASCENT_RULES,
    budget_is_from_a_start,
    limits_have_the_whole_way,
    octaves_are_from_noise,
    spectrum_is_for_maco,
    until_is_of_one_class,
)
from artforge.engine.ascent.at_work import living, surroundings, tell_of_seam
from artforge.engine.ascent.budget import Budget, Distance, Until
from artforge.engine.ascent.chosen import (
    ClassOutput,
    Edge,
    FilterMix,
    FilterNumber,
    chosen_objective,
    described,
    seed_of,
    shown_as,
)
from artforge.engine.ascent.deprocess import FinishName
from artforge.engine.ascent.gradient_scale import GradientScale
from artforge.engine.ascent.journey import picture_at
from artforge.engine.ascent.octaves import ascend_in_octaves, octave_sizes
from artforge.engine.ascent.presets import PresetName, find_preset
from artforge.engine.ascent.spectrum import Spectrum, spectrum_of_folder, spectrum_of_pictures
from artforge.engine.ascent.tuning import Penalties, made_seamless, with_penalties, with_steps
from artforge.engine.attention.targets import ClassTarget
from artforge.engine.models.handle import Model


@step("ascend", version=1, rules=ASCENT_RULES)
def ascend_step(
    start_image: Image | None = None,
    like: Image | None = None,
    *,
    model: Model,
    layer: LayerName = "last_conv",
    filter: FilterNumber | None = None,  # noqa: A002 - the field's word
    filters: FilterMix | None = None,
    target: ClassTarget | None = None,
    output: ClassOutput = "logit",
    alone: bool = False,
    preset: PresetName = "lucid",
    spectrum: PictureFolder | None = None,
    penalties: Penalties | None = None,
    gradient: GradientScale | None = None,
    rate: Annotated[float, Field(ge=0, le=1000)] | None = None,
    size: Edge | None = None,
    height: Edge | None = None,
    num_steps: Annotated[int, Field(ge=1, le=10_000)] | None = None,
    num_octaves: Annotated[int, Field(ge=1, le=12)] = 1,
    seamless: bool = False,
    finish: FinishName | None = None,
    budget: Annotated[float, Field(gt=0)] | None = None,
    measure: Distance = "rms",
    until: Annotated[float, Field(gt=0, lt=1)] | None = None,
    at: Unit = 1.0,
    rng: np.random.Generator,
) -> Image:
    """Grow a picture that a filter, several filters, or a class responds to as strongly as can be.

    Args:
        start_image: what it begins with; else it begins with noise.
        like: for `maco`, a picture whose grain and palette the picture gets.
        model: the network.
        layer: of the filters. With neither filter, filters nor target, everything the layer sees is made stronger.
        filter: one filter, by number.
        filters: several with weights, `{3: 1, 17: -0.5}`; the weights may move along the timeline.
        target: a class, several, or a weighted mix.
        output: of a class, its `logit` or, to see why not, its `probability`.
        alone: a single pattern in the middle and not a carpet of them.
        preset: `lucid`, `maco`, `chollet`, `keras_vis` or `deepdream`.
        spectrum: for `maco`, a folder of one's own pictures, whose grain and palette the picture gets, in
            place of those of one picture.
        penalties: what is held against the picture, with weights: `{tv: 2, lp: 1, start: 0.5, blur: 1}`; those of the
            preset where not named.
        gradient: for `chollet` and `deepdream`, the scale that the gradient is brought to before each step.
        rate: the length of a step, in units of the preset's numbers.
        size: width in pixels, and height where that is left out; without it the network's own, and of a start image
            always the image's own.
        height: in pixels.
        num_steps: how many; None takes the preset's own number.
        num_octaves: how many sizes it grows through: more give shapes larger than the filter itself.
        seamless: whether it can be laid edge to edge, as on a cloth; where the joint can be seen all the same, by
            `seams.seam_visibility`, it is said.
        finish: how the numbers are shown: as they are (`clip`), at one contrast (`contrast`), or over the whole range
            (`stretch`); None is the preset's own way, and with a budget `clip`.
        budget: with a start image, how far it may go from it, by `measure`.
        measure: `rms` of the pixel values, or `oklab`, the mean colour difference.
        until: stop when the network gives the target, one class, this probability.
        at: the share of the way that is shown: moving it along the timeline makes a film of the ascent.

    Returns:
        float32 (H, W, 3) in [0, 1].

    Raises:
        ChoiceError: an unknown layer, filter or class, or settings that do not go together.

    Source: see the presets; Olah et al., Feature Visualization (2017), https://doi.org/10.23915/distill.00007
    """
    objective = chosen_objective(layer=layer, filter=filter, filters=filters, target=target, alone=alone, output=output)
    spectrum_is_for_maco(preset=preset, like=like is not None, spectrum=spectrum)
    budget_is_from_a_start(start_image=start_image is not None, budget=budget, finish=finish)
    until_is_of_one_class(until=until, target=target)
    octaves_are_from_noise(start_image=start_image is not None, num_octaves=num_octaves)
    limits_have_the_whole_way(budget=budget, until=until, num_octaves=num_octaves, at=at)
    measured = _measured(like, spectrum)
    ascent = find_preset(preset, value_range=model.value_range, num_steps=num_steps, spectrum=measured)
    ascent = shown_as(ascent, finish)
    ascent = with_steps(with_penalties(ascent, penalties or Penalties()), gradient, rate)
    if seamless:
        ascent = made_seamless(ascent)
    shape = None if start_image is not None else _shape(model, size, height)
    name = described(layer=layer, filter=filter, filters=filters, target=target)
    if at < 1:
        return picture_at(
            at,
            objective,
            key=repr((layer, filter, filters, target, alone, output, spectrum, _digest(like))),
            name=name,
            model=model,
            ascent=ascent,
            size=shape,
            start_image=start_image,
            seed=seed_of(rng),
        )
    count = 1 if shape is None else len(octave_sizes(shape, num_octaves))
    around = surroundings(ascent.num_steps * count)
    if num_octaves > 1 and shape is not None:
        results = ascend_in_octaves(
            [objective], model=model, ascent=ascent, size=shape, num_octaves=num_octaves, seed=seed_of(rng), **around
        )
    else:
        results = ascend(
            [objective],
            model=model,
            ascent=ascent,
            size=shape,
            start_images=None if start_image is None else [start_image],
            seed=seed_of(rng),
            budget=None if budget is None else Budget(budget, measure),
            until=Until(target, until) if until is not None and isinstance(target, str) else None,
            **around,
        )
    living(results, [name])
    if seamless:
        tell_of_seam(results[0].picture, name)
    return results[0].picture


def _shape(model: Model, width: int | None, height: int | None) -> tuple[int, int]:
    own_height, own_width = model.input_size
    return (height or width or own_height, width or own_width)


def _measured(like: Image | None, folder: PictureFolder | None) -> Spectrum | None:
    """The spectrum that is asked for, of a picture or of a folder."""
    if like is not None:
        return spectrum_of_pictures([like])
    return None if folder is None else spectrum_of_folder(Path(folder))


def _digest(picture: Image | None) -> str | None:
    return None if picture is None else hashlib.sha256(picture.tobytes()).hexdigest()
