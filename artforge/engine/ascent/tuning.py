"""A preset, adjusted: other penalties, another length of step, edges that meet."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from artforge.core.errors import ChoiceError
from artforge.engine.ascent.gradient_scale import GradientScale
from artforge.engine.ascent.optimisers import Adam, PlainStep, RmsProp
from artforge.engine.ascent.regularisers import Blur, LpNorm, Regulariser, ToStart, TotalVariation
from artforge.engine.ascent.settings import Ascent
from artforge.engine.ascent.transforms import Jitter

_Weight = Annotated[float, Field(ge=0)]

SEAMLESS_SHIFT = 1 << 14
"""The picture is shifted around its edges by any number of pixels: every place is the middle as often as the edge."""


class Penalties(BaseModel):
    """What is held against a picture, each with its weight, for pixel values in [0, 1].

    * `tv`: roughness, the total variation.
    * `lp`: extremes, the L6 norm.
    * `start`: distance from the picture it begins with, mean square.
    * `blur`: fine grain, what a little blurring takes away.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    tv: _Weight | None = None
    lp: _Weight | None = None
    start: _Weight | None = None
    blur: _Weight | None = None


def with_penalties(ascent: Ascent, penalties: Penalties) -> Ascent:
    """An ascent with other weights; a penalty that is not named stays as the preset has it."""
    kept: dict[type, Regulariser] = {type(one): one for one in ascent.regularisers}
    named: tuple[tuple[type[Regulariser], float | None], ...] = (
        (TotalVariation, penalties.tv),
        (LpNorm, penalties.lp),
        (ToStart, penalties.start),
        (Blur, penalties.blur),
    )
    for kind, weight in named:
        if weight is not None:
            kept[kind] = replace(kept[kind], weight=weight) if kind in kept else kind(weight)
    return replace(ascent, regularisers=tuple(one for one in kept.values() if one.weight > 0))


def with_steps(ascent: Ascent, gradient: GradientScale | None, rate: float | None) -> Ascent:
    """An ascent with steps of another length, or along a gradient brought to another scale first.

    Args:
        ascent: of a preset.
        gradient: the scale, for presets with plain steps.
        rate: of a step, in units of the preset's numbers: pixel values in [0, 1] for those that climb in pixels.

    Raises:
        ChoiceError: a scale for a preset whose optimiser finds its own.
    """
    optimiser = ascent.optimiser
    if gradient is not None:
        if not isinstance(optimiser, PlainStep):
            raise ChoiceError(
                f"gradient: {gradient} is for presets with plain steps (chollet, deepdream); this one's optimiser "
                f"({type(optimiser).__name__}) finds the scale by itself"
            )
        optimiser = replace(optimiser, scale=gradient)
    if rate is not None:
        if isinstance(optimiser, PlainStep):
            optimiser = replace(optimiser, size=rate)
        elif isinstance(optimiser, Adam | RmsProp):
            optimiser = replace(optimiser, rate=rate)
    return replace(ascent, optimiser=optimiser)


def made_seamless(ascent: Ascent) -> Ascent:
    """An ascent whose pictures can be laid edge to edge: beyond each edge lies the other side."""
    return replace(ascent, edges="wrap", transforms=(Jitter(SEAMLESS_SHIFT), *ascent.transforms))
