"""What a step asks to be grown, as an objective: a filter, a mix of filters, a neuron, or a class."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from artforge.core.errors import ChoiceError
from artforge.core.values import ChannelNumber, Kind, LayerName
from artforge.engine.ascent.deprocess import FinishName
from artforge.engine.ascent.objectives import (
    Objective,
    channels,
    class_score,
    layer_energy,
    neuron,
    probability,
)
from artforge.engine.ascent.settings import Ascent
from artforge.engine.attention.targets import ClassTarget

FilterNumber = ChannelNumber
Edge = Annotated[int, Kind.PIXELS, Field(ge=16, le=16384)]
"""Of a grown picture, in pixels."""
ClassOutput = Literal["logit", "probability"]
"""Of a class: its score before the softmax or sigmoid, or what is behind it."""
FilterMix = dict[Annotated[str, Kind.CHANNEL, Field(pattern=r"^\d+$")], float]
"""Filters by number, each with its weight: `{3: 1, 17: -0.5}`."""


def one_to_grow(
    *,
    filter: FilterNumber | None,  # noqa: A002 - the field's word
    filters: FilterMix | None,
    target: ClassTarget | None,
) -> None:
    """Raise unless at most one of them says what is grown.

    Raises:
        ChoiceError: several do.
    """
    asked = (("filter", filter), ("filters", filters), ("target", target))
    given = [name for name, value in asked if value is not None]
    if len(given) > 1:
        raise ChoiceError(f"{' and '.join(given)} are given: a picture grows towards one of filter, filters and target")


def alone_is_of_a_filter(*, alone: bool, filter: FilterNumber | None) -> None:  # noqa: A002 - the field's word
    """Raise unless there is one filter where a lone neuron is asked for.

    Raises:
        ChoiceError: there is none.
    """
    if alone and filter is None:
        raise ChoiceError("alone: true shows a single pattern of one filter: give its number as filter")


def output_is_of_a_class(*, output: ClassOutput, target: ClassTarget | None) -> None:
    """Raise unless there is a class where a probability is asked for.

    Raises:
        ChoiceError: there is none.
    """
    if output == "probability" and target is None:
        raise ChoiceError("output: probability is that of a class: say which as target")


def chosen_objective(
    *,
    layer: LayerName,
    filter: FilterNumber | None = None,  # noqa: A002 - the field's word
    filters: FilterMix | None = None,
    target: ClassTarget | None = None,
    alone: bool = False,
    output: ClassOutput = "logit",
) -> Objective:
    """The objective that is asked for.

    Args:
        layer: of the filters.
        filter: one filter.
        filters: several, each with its weight.
        target: a class, several, or a weighted mix.
        alone: whether the filter counts in the middle only, as one neuron.
        output: of a class, its logit or its probability.

    Raises:
        ChoiceError: more than one of them, or a lone neuron of a mix.
    """
    one_to_grow(filter=filter, filters=filters, target=target)
    alone_is_of_a_filter(alone=alone, filter=filter)
    output_is_of_a_class(output=output, target=target)
    if filter is not None:
        return neuron(layer, filter) if alone else channels(layer, {filter: 1.0})
    if filters is not None:
        if not any(filters.values()):
            raise ChoiceError("filters asks for nothing: at least one weight must not be 0")
        return channels(layer, {int(number): weight for number, weight in filters.items()})
    if target is not None:
        return class_score(target) if output == "logit" else probability(target)
    return layer_energy(layer)


def described(
    *,
    layer: LayerName,
    filter: FilterNumber | None = None,  # noqa: A002 - the field's word
    filters: FilterMix | None = None,
    target: ClassTarget | None = None,
) -> str:
    """What is asked for, in words."""
    if filter is not None:
        return f"filter {filter} of {layer}"
    if filters is not None:
        return f"the mix of filters {', '.join(filters)} of {layer}"
    if target is not None:
        return f"the class {target}" if isinstance(target, str) else f"the classes {', '.join(target)}"
    return f"everything {layer} sees"


def shown_as(ascent: Ascent, finish: FinishName | None) -> Ascent:
    """An ascent whose pictures are shown another way; None leaves the preset's own."""
    return ascent if finish is None else replace(ascent, finish=replace(ascent.finish, how=finish))


def seed_of(rng: np.random.Generator) -> int:
    """A seed for everything that an ascent leaves to chance."""
    return int(rng.integers(2**62))
