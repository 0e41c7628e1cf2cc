"""The step `filter_grid`: what the filters of a layer look for, side by side."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import Image, Kind, LayerName
from artforge.engine.ascent.ascend import ascend
from artforge.engine.ascent.at_work import living, surroundings
from artforge.engine.ascent.chosen import FilterNumber, seed_of
from artforge.engine.ascent.objectives import channel
from artforge.engine.ascent.presets import PresetName, find_preset
from artforge.engine.models.handle import Model


@step("filter_grid", version=1)
def filter_grid(
    *,
    model: Model,
    layer: LayerName = "last_conv",
    first: FilterNumber = 0,
    columns: Annotated[int, Field(ge=1, le=64)] = 8,
    rows: Annotated[int, Field(ge=1, le=64)] = 8,
    tile: Annotated[int, Kind.PIXELS, Field(ge=16, le=1024)] = 128,
    margin: Annotated[int, Kind.PIXELS, Field(ge=0, le=256)] = 5,
    background: Annotated[float, Field(ge=0, le=1)] = 0.0,
    preset: PresetName = "chollet",
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
    objectives = [channel(info.name, index) for index in shown]
    results = ascend(
        objectives,
        model=model,
        ascent=ascent,
        size=(tile, tile),
        seed=seed_of(rng),
        **surroundings(ascent.num_steps),
    )
    grown = living(results, [f"filter {index} of {info.name}" for index in shown])
    step_size = tile + margin
    grid = np.full((rows * step_size - margin, columns * step_size - margin, 3), background, np.float32)
    for number, result in enumerate(grown):
        if result is None:
            continue
        top, left = number // columns * step_size, number % columns * step_size
        grid[top : top + tile, left : left + tile] = result.picture
    return grid
