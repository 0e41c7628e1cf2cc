"""The step `variations`: several pictures of one thing that do not repeat each other."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from artforge.core.errors import ChoiceError
from artforge.core.steps import step
from artforge.core.values import Image, LayerName, Unit
from artforge.engine.ascent.ascend import ascend, begin
from artforge.engine.ascent.at_work import all_living, living, noticed_once, surroundings
from artforge.engine.ascent.chosen import FilterNumber, chosen_objective, described, one_to_grow, seed_of
from artforge.engine.ascent.groups import most_at_once
from artforge.engine.ascent.life import awakened
from artforge.engine.ascent.objectives import diversity as unlikeness
from artforge.engine.ascent.presets import PresetName, find_preset
from artforge.engine.ascent.side_by_side import Columns, Margin, Tile, side_by_side
from artforge.engine.attention.targets import ClassTarget
from artforge.engine.models.handle import Model


def one_thing(*, filter: FilterNumber | None, target: ClassTarget | None) -> None:  # noqa: A002 - the field's word
    """Raise unless at most one of them says what is grown.

    Raises:
        ChoiceError: both do.
    """
    one_to_grow(filter=filter, filters=None, target=target)


def all_climb_together(*, count: int, tile: int) -> None:
    """Raise unless memory allows for so many pictures, with edges of `tile` pixels, at once.

    Raises:
        ChoiceError: it does not.
    """
    most = most_at_once((tile, tile))
    if count > most:
        raise ChoiceError(
            f"{count} pictures of {tile}x{tile} look at each other and so must climb together, which memory allows "
            f"for {most}: take fewer, or a smaller tile"
        )


@step("variations", version=1, rules=[one_thing, all_climb_together])
def variations(
    *,
    model: Model,
    layer: LayerName = "last_conv",
    filter: FilterNumber | None = None,  # noqa: A002 - the field's word
    target: ClassTarget | None = None,
    count: Annotated[int, Field(ge=2, le=64)] = 4,
    columns: Columns = 2,
    diversity: Annotated[float, Field(ge=0, le=1000)] = 4.0,
    tile: Tile = 192,
    margin: Margin = 5,
    background: Unit = 0.0,
    preset: PresetName = "lucid",
    num_steps: Annotated[int, Field(ge=1, le=10_000)] | None = None,
    rng: np.random.Generator,
) -> Image:
    """Grow several pictures of one filter or class that look for different things in it.

    Each begins with noise of its own, and all are pushed apart: the likeness of their textures is taken off.

    Args:
        model: the network.
        layer: of the filter, and where their textures are compared. With neither filter nor target, everything the
            layer sees is made stronger.
        filter: one filter, by number.
        target: a class, several, or a weighted mix.
        count: how many pictures.
        columns: of the grid.
        diversity: how strongly they are pushed apart, in units of what the filter puts out; 0 leaves them to their
            noise.
        tile: edge of a picture, in pixels.
        margin: between the pictures, in pixels.
        background: grey level between them, 0 black to 1 white.
        preset: how they climb.
        num_steps: how many; None takes the preset's own number.

    Returns:
        float32 (H, W, 3) in [0, 1].

    Raises:
        ChoiceError: an unknown layer, filter or class, or more pictures of that size than climb together.

    Source: Olah et al., Feature Visualization (2017), https://doi.org/10.23915/distill.00007
    """
    all_climb_together(count=count, tile=tile)
    size = (tile, tile)
    objective = chosen_objective(layer=layer, filter=filter, target=target)
    name = described(layer=layer, filter=filter, target=target)
    ascent = find_preset(preset, value_range=model.value_range, num_steps=num_steps)
    seed = seed_of(rng)
    with noticed_once(set()):
        # pushed apart they move, also where the filter is dead: whether it lives is seen by itself
        [alone] = awakened(begin([objective], model=model, ascent=ascent, size=size, seed=seed)).results()
        all_living([alone], [name])
        # what does not respond at first is helped only where nothing else moves it
        weight = 0.0 if alone.was_dead else diversity
        results = ascend(
            [objective + weight * unlikeness(layer)] * count,
            model=model,
            ascent=ascent,
            size=size,
            seed=seed,
            **surroundings(ascent.num_steps),
        )
        living(results, [f"{name}, variation {number}" for number in range(1, count + 1)])
    rows = -(-count // columns)
    pictures = [result.picture for result in results]
    return side_by_side(pictures, columns=columns, rows=rows, tile=tile, margin=margin, background=background)
