"""The steps `morph` and `zoom`: films of an ascent, one frame at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated

import numpy as np
from pydantic import Field

from artforge.core.errors import ChoiceError
from artforge.core.steps import step
from artforge.core.values import Image, Kind, LayerName, Unit
from artforge.engine.ascent.at_work import surroundings
from artforge.engine.ascent.chosen import FilterMix, FilterNumber, chosen_objective, seed_of
from artforge.engine.ascent.films import ring_frames, ring_steps, zoom_frames
from artforge.engine.ascent.journey import frame_of
from artforge.engine.ascent.objectives import channel
from artforge.engine.ascent.pattern_step import Edge
from artforge.engine.ascent.presets import PresetName, deepdream, find_preset
from artforge.engine.ascent.tuning import made_seamless
from artforge.engine.attention.targets import ClassTarget
from artforge.engine.models.handle import Model

NumFrames = Annotated[int, Field(ge=2, le=2000)]
_KEPT = 2
_FILMS: dict[str, tuple[Model, list[Image]]] = {}
"""By what they are, the films made last: every frame of one is made from the frame before it."""


@step("morph", version=1)
def morph(
    *,
    model: Model,
    layer: LayerName = "last_conv",
    filters: Annotated[list[FilterNumber], Kind.CHANNEL, Field(min_length=2)],
    num_frames: NumFrames = 96,
    steps_per_frame: Annotated[int, Field(ge=1, le=100)] = 12,
    at: Unit = 0.0,
    preset: PresetName = "lucid",
    num_steps: Annotated[int, Field(ge=1, le=10_000)] | None = None,
    seamless: bool = False,
    size: Edge = 192,
    rng: np.random.Generator,
) -> Image:
    """One frame of a loop in which filters turn into each other; `at: "=t"` makes the film.

    Args:
        model: the network.
        layer: of the filters.
        filters: by number, in the order of the film, which comes back to the first.
        num_frames: of the loop: those of the timeline.
        steps_per_frame: how far a frame climbs on from the blend of the patterns at its sides.
        at: the place in the loop.
        preset: how they climb.
        num_steps: of the patterns themselves; None takes the preset's own number.
        seamless: whether each frame can be laid edge to edge.
        size: edge in pixels.

    Returns:
        float32 (size, size, 3) in [0, 1].

    Raises:
        ChoiceError: an unknown layer or filter.
    """
    ascent = find_preset(preset, value_range=model.value_range, num_steps=num_steps)
    seed = seed_of(rng)

    def film() -> list[Image]:
        return ring_frames(
            [channel(layer, index) for index in filters],
            model=model,
            ascent=made_seamless(ascent) if seamless else ascent,
            num_frames=num_frames,
            steps_per_frame=steps_per_frame,
            size=(size, size),
            seed=seed,
            on_step=surroundings(ring_steps(ascent, num_frames, steps_per_frame))["on_step"],
        )

    asked = ("morph", layer, filters, num_frames, steps_per_frame, preset, num_steps, seamless, size, seed)
    return frame_of(_remembered(model, repr(asked), film), at)


@step("zoom", version=1)
def zoom_step(
    start_image: Image,
    *,
    model: Model,
    layer: LayerName = "last_conv",
    filter: FilterNumber | None = None,  # noqa: A002 - the field's word
    filters: FilterMix | None = None,
    target: ClassTarget | None = None,
    num_frames: NumFrames = 96,
    steps_per_frame: Annotated[int, Field(ge=1, le=100)] = 4,
    zoom: Annotated[float, Field(gt=0, le=2)] = 1.05,
    degrees: Annotated[float, Field(ge=-45, le=45)] = 0.0,
    overlap: Annotated[int, Field(ge=0)] = 0,
    at: Unit = 0.0,
    rng: np.random.Generator,
) -> Image:
    """One frame of a fall into a dreaming picture; `at: "=t"` makes the film.

    Args:
        start_image: float32 (H, W, 3) in [0, 1].
        model: the network.
        layer: what sees it.
        filter, filters, target: dream of these alone, as for `ascend`.
        num_frames: of the film: those of the timeline.
        steps_per_frame: how far a frame climbs.
        zoom: how much larger from frame to frame.
        degrees: how far it turns from frame to frame.
        overlap: so many frames at the end are laid over the beginning, so that the film is a loop.
        at: the place in the film.

    Returns:
        float32 (H, W, 3) in [0, 1].

    Raises:
        ChoiceError: an unknown layer, filter or class, or an overlap longer than half the film.
    """
    if overlap > num_frames // 2:
        raise ChoiceError(f"an overlap is at most half the film of {num_frames} frames, received {overlap}")
    objective = chosen_objective(layer=layer, filter=filter, filters=filters, target=target)
    seed = seed_of(rng)

    def film() -> list[Image]:
        return zoom_frames(
            objective,
            start_image,
            model=model,
            ascent=deepdream(),
            num_frames=num_frames,
            zoom=zoom,
            degrees=degrees,
            steps_per_frame=steps_per_frame,
            seed=seed,
            overlap=overlap,
            on_step=surroundings((num_frames + overlap) * steps_per_frame)["on_step"],
        )

    asked = (layer, filter, filters, target, num_frames, steps_per_frame, zoom, degrees, overlap, seed)
    start = hashlib.sha256(start_image.tobytes()).hexdigest()
    return frame_of(_remembered(model, repr(("zoom", start, asked)), film), at)


def _remembered(model: Model, name: str, film: Callable[[], list[Image]]) -> list[Image]:
    key = f"{id(model)} {model.sha256} {name}"
    found = _FILMS.pop(key, None) or (model, film())
    while len(_FILMS) >= _KEPT:
        _FILMS.pop(next(iter(_FILMS)))
    _FILMS[key] = found
    return found[1]
