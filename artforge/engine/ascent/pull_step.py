"""The step `pull`: two classes, or two filters, pull at one picture, each in its own part of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from artforge.core.curves import smoothstep
from artforge.core.errors import ChoiceError
from artforge.core.steps import step
from artforge.core.values import Heatmap, Image, Kind, LayerName, Unit
from artforge.core.work import current_work
from artforge.engine.ascent.ascend import ascend, begin
from artforge.engine.ascent.at_work import living, nothing_to_grow, noticed_once, surroundings
from artforge.engine.ascent.chosen import Edge, FilterNumber, chosen_objective, described, seed_of
from artforge.engine.ascent.life import awakened
from artforge.engine.ascent.objectives import pull
from artforge.engine.ascent.presets import PresetName, find_preset
from artforge.engine.ascent.run import RESCUE_STEPS
from artforge.engine.attention.targets import ClassTarget
from artforge.engine.models.handle import Model


def one_for_each_side(
    *,
    left: ClassTarget | None,
    right: ClassTarget | None,
    left_filter: FilterNumber | None,
    right_filter: FilterNumber | None,
) -> None:
    """Raise unless one thing pulls on each side.

    Raises:
        ChoiceError: nothing does on one of them, or two things do.
    """
    for side, target, index in (("left", left, left_filter), ("right", right, right_filter)):
        if (target is None) == (index is None):
            raise ChoiceError(f"say what pulls on the {side}: {side} (a class) or {side}_filter, one of the two")


@step("pull", version=1, rules=[one_for_each_side])
def pull_step(
    start_image: Image | None = None,
    mask: Heatmap | None = None,
    *,
    model: Model,
    left: ClassTarget | None = None,
    right: ClassTarget | None = None,
    layer: LayerName = "last_conv",
    left_filter: FilterNumber | None = None,
    right_filter: FilterNumber | None = None,
    angle: Annotated[float, Kind.DEGREES, Field(ge=-360, le=360)] = 0.0,
    middle: Unit = 0.5,
    softness: Unit = 0.4,
    preset: PresetName = "lucid",
    size: Edge = 256,
    num_steps: Annotated[int, Field(ge=1, le=10_000)] | None = None,
    rng: np.random.Generator,
) -> Image:
    """Let two classes share a picture: one pulls on the left, the other on the right, both where they meet.

    Each sees the whole picture, but may change it only in its own part.

    Args:
        start_image: what it begins with; else it begins with noise.
        mask: [0, 1], where the right one pulls; else a ramp across the picture.
        model: the network.
        left, right: classes, several, or weighted mixes.
        layer: of the filters.
        left_filter, right_filter: filters in place of the classes.
        angle: which way the ramp goes, in degrees: 0 to the right, 90 upwards.
        middle: where both pull alike, as a share of the way.
        softness: how wide the ramp is, as a share of the way; 0 is a line.
        preset: how it climbs.
        size: edge in pixels; of a start image it is the image's own.
        num_steps: how many; None takes the preset's own number.

    Returns:
        float32 (H, W, 3) in [0, 1].

    Raises:
        ChoiceError: an unknown class, layer or filter, one that is dead, or not one thing for each side.
    """
    one_for_each_side(left=left, right=right, left_filter=left_filter, right_filter=right_filter)
    sides = ((left_filter, left), (right_filter, right))
    one, other = (chosen_objective(layer=layer, filter=index, target=target) for index, target in sides)
    shape = (size, size) if start_image is None else (start_image.shape[0], start_image.shape[1])
    shares = ramp(shape, angle, middle, softness) if mask is None else mask
    ascent = find_preset(preset, value_range=model.value_range, num_steps=num_steps)
    seed = seed_of(rng)
    starts = None if start_image is None else [start_image]
    names = [described(layer=layer, filter=index, target=target) for index, target in sides]
    with noticed_once(set()):
        # the other side moves the picture also where one of them is dead: whether each lives is seen by itself
        for objective, name in zip((one, other), names, strict=True):
            longer = replace(ascent, num_steps=RESCUE_STEPS + 1)
            run = begin([objective], model=model, ascent=longer, size=shape, start_images=starts, seed=seed)
            [alone] = awakened(run).results()
            if alone.is_dead:
                raise nothing_to_grow([name])
            if alone.was_dead:
                current_work().noticed(f"{name} does not respond to the start: its part may stay as it begins")
        results = ascend(
            [pull(one, other, shares)],
            model=model,
            ascent=ascent,
            size=shape,
            start_images=starts,
            seed=seed,
            **surroundings(ascent.num_steps),
        )
        living(results, [" against ".join(names)])
    return results[0].picture


def ramp(size: tuple[int, int], angle: float, middle: float, softness: float) -> Heatmap:
    """A soft step across a picture: 0 at its beginning, 1 at its end.

    Args:
        size: (height, width).
        angle: which way it goes, in degrees: 0 to the right, 90 upwards.
        middle: where it is a half, as a share of the way.
        softness: how wide it is, as a share of the way; 0 is a line.

    Returns:
        float32 (height, width), [0, 1].
    """
    height, width = size
    down, across = np.mgrid[0:height, 0:width]
    turned = np.deg2rad(angle)
    along = (across + 0.5 - width / 2) * np.cos(turned) - (down + 0.5 - height / 2) * np.sin(turned)
    reach = abs(width * np.cos(turned)) + abs(height * np.sin(turned))
    share = (along / reach + 0.5 - middle) / max(softness, 1e-6) + 0.5
    return np.asarray(smoothstep(share), np.float32)
