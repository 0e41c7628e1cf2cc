"""The step `filter_grid`: what the filters of a layer look for, side by side."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import Image, LayerName, Unit
from artforge.engine.ascent.ascend import ascend
from artforge.engine.ascent.at_work import (
    done,
    further,
    nothing_to_grow,
    noticed_once,
    part_of,
    remove_parts,
    surroundings,
    tell_of,
)
from artforge.engine.ascent.chosen import FilterNumber, seed_of, shown_as
from artforge.engine.ascent.deprocess import FinishName
from artforge.engine.ascent.groups import groups_of
from artforge.engine.ascent.objectives import channel
from artforge.engine.ascent.presets import PresetName, find_preset
from artforge.engine.ascent.side_by_side import Columns, Margin, Tile, side_by_side
from artforge.engine.models.handle import Model


@step("filter_grid", version=1)
def filter_grid(
    *,
    model: Model,
    layer: LayerName = "last_conv",
    first: FilterNumber = 0,
    columns: Columns = 8,
    rows: Annotated[int, Field(ge=1, le=64)] = 8,
    tile: Tile = 128,
    margin: Margin = 5,
    background: Unit = 0.0,
    preset: PresetName = "chollet",
    finish: FinishName | None = None,
    num_steps: Annotated[int, Field(ge=1, le=10_000)] | None = None,
    rng: np.random.Generator,
) -> Image:
    """Grow a small picture for each of the first filters of a layer, as in Chollet's notebook.

    Args:
        model: the network.
        layer: whose filters.
        first: number of the first filter shown.
        columns, rows: of the grid; a layer with fewer filters leaves places empty, and so does a dead filter.
        tile: edge of a picture, in pixels.
        margin: between the pictures, in pixels.
        background: grey level between them, 0 black to 1 white.
        preset: how they climb.
        finish: how the numbers are shown: `clip`, `contrast` or `stretch`, as for `ascend`; None is the preset's own.
        num_steps: how many; None takes the preset's own number.

    Returns:
        float32 (H, W, 3) in [0, 1].

    Raises:
        ChoiceError: no such layer, or no filter `first`.

    Source: Chollet, How convolutional neural networks see the world (2016),
    https://blog.keras.io/how-convolutional-neural-networks-see-the-world.html
    """
    info = model.find_layer(layer)
    shown = range(first, max(min(first + columns * rows, info.channels), first + 1))
    ascent = find_preset(preset, value_range=model.value_range, num_steps=num_steps)
    ascent = shown_as(ascent, finish)
    groups = groups_of(len(shown), (tile, tile))
    around = surroundings(ascent.num_steps * len(groups))
    names = [f"filter {index} of {info.name}" for index in shown]
    seed = seed_of(rng)
    pictures: list[Image | None] = []
    with noticed_once(set()):
        for number, group in enumerate(groups):
            results = ascend(
                [channel(info.name, shown[position]) for position in group],
                model=model,
                ascent=ascent,
                size=(tile, tile),
                seed=seed,
                on_step=further(around["on_step"], number * ascent.num_steps),
                state_file=part_of(around["state_file"], number),
            )
            tell_of(results, names[group.start : group.stop])
            pictures += [None if result.is_dead else result.picture for result in results]
    remove_parts(around["state_file"], len(groups))
    if not any(picture is not None for picture in pictures):
        raise nothing_to_grow(names)
    done()
    return side_by_side(pictures, columns=columns, rows=rows, tile=tile, margin=margin, background=background)
