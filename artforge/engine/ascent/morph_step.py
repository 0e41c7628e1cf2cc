"""The steps `morph` and `zoom`: films of an ascent, one frame at a time."""

from __future__ import annotations

import hashlib
from typing import Annotated

import numpy as np
from pydantic import Field

from artforge.core.steps import step
from artforge.core.values import Image, Kind, LayerName, Turn, Unit
from artforge.engine.ascent.at_work import (
    done,
    further,
    noticed_once,
    part_of,
    remove_parts,
    surroundings,
    tell_of_seam,
)
from artforge.engine.ascent.checkpoint import Checkpoint
from artforge.engine.ascent.chosen import (
    Edge,
    FilterMix,
    FilterNumber,
    chosen_objective,
    described,
    one_to_grow,
    seed_of,
)
from artforge.engine.ascent.films import frame_number
from artforge.engine.ascent.objectives import channel
from artforge.engine.ascent.presets import PresetName, deepdream, find_preset
from artforge.engine.ascent.ring import Stations, between_stations, frame_groups, grow_stations
from artforge.engine.ascent.shelf import SHELF, told_of
from artforge.engine.ascent.tuning import made_seamless
from artforge.engine.ascent.zoom import (
    Fall,
    Zoom,
    begin_fall,
    fall_further,
    fall_of,
    num_drawn,
    overlap_fits,
    shown_last,
)
from artforge.engine.attention.targets import ClassTarget
from artforge.engine.models.handle import Model

NumFrames = Annotated[int, Field(ge=2, le=2000)]


@step("morph", version=1)
def morph(
    *,
    model: Model,
    layer: LayerName = "last_conv",
    filters: Annotated[list[FilterNumber], Kind.CHANNEL, Field(min_length=2)],
    num_frames: NumFrames = 96,
    steps_per_frame: Annotated[int, Field(ge=1, le=100)] = 12,
    at: Turn = 0.0,
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
        ChoiceError: an unknown layer or filter, or a dead one.
    """
    ascent = find_preset(preset, value_range=model.value_range, num_steps=num_steps)
    ascent = made_seamless(ascent) if seamless else ascent
    seed = seed_of(rng)
    objectives = [channel(layer, index) for index in filters]
    name = repr(("morph", layer, filters, num_frames, steps_per_frame, preset, num_steps, seamless, size, seed))
    number = frame_number(at, num_frames, is_loop=True)
    group = next(group for group in frame_groups(num_frames, (size, size)) if number in group)
    frames = SHELF.find(model, f"{name} {group.start}", np.ndarray)
    if frames is None:
        stations = SHELF.find(model, name, Stations)
        num_before = ascent.num_steps if stations is None else 0
        around = surroundings(num_before + steps_per_frame)
        with noticed_once(told_of(model, name)):
            if stations is None:
                stations = grow_stations(
                    objectives,
                    [described(layer=layer, filter=index) for index in filters],
                    model=model,
                    ascent=ascent,
                    size=(size, size),
                    seed=seed,
                    on_step=around["on_step"],
                    state_file=part_of(around["state_file"], 0),
                )
                SHELF.put(model, name, stations, stations.num_bytes)
                if seamless:
                    tell_of_seam(stations.first, described(layer=layer, filter=filters[0]))
            drawn = between_stations(
                stations,
                [frame / num_frames for frame in group],
                objectives,
                model=model,
                ascent=ascent,
                steps_per_frame=steps_per_frame,
                seed=seed,
                on_step=further(around["on_step"], num_before),
                state_file=part_of(around["state_file"], 1),
            )
        frames = np.stack(drawn)
        SHELF.put(model, f"{name} {group.start}", frames, frames.nbytes)
        remove_parts(around["state_file"], 2)
        done()
    return np.asarray(frames[number - group.start], np.float32)


@step("zoom", version=1, rules=[one_to_grow, overlap_fits])
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
        ChoiceError: an unknown layer, filter or class, a dead filter, or an overlap longer than half the film or than
            memory is to hold.
    """
    objective = chosen_objective(layer=layer, filter=filter, filters=filters, target=target)
    film = Zoom(
        objective,
        described(layer=layer, filter=filter, filters=filters, target=target),
        start_image,
        deepdream(),
        num_frames=num_frames,
        factor=zoom,
        degrees=degrees,
        steps_per_frame=steps_per_frame,
        overlap=overlap,
        seed=seed_of(rng),
    )
    asked = (layer, filter, filters, target, num_frames, steps_per_frame, zoom, degrees, overlap, film.seed)
    name = repr(("zoom", hashlib.sha256(start_image.tobytes()).hexdigest(), start_image.shape, asked, model.sha256))
    wanted = num_drawn(film, frame_number(at, num_frames, is_loop=overlap > 0))
    fall = SHELF.find(model, name, Fall)
    with noticed_once(told_of(model, name)):
        if fall is None or fall.num_done > wanted:
            fall = begin_fall(film, model)
        around = surroundings((wanted - fall.num_done) * steps_per_frame)
        keeper = None if around["state_file"] is None else Checkpoint(around["state_file"], name)
        kept = None if keeper is None else keeper.load()
        fall = fall if kept is None else fall_of(kept)
        fall = fall_further(film, fall, wanted, model=model, on_step=around["on_step"], keeper=keeper)
    SHELF.put(model, name, fall, fall.num_bytes)
    done()
    return shown_last(film, fall)
