"""Films of an ascent: its path, a ring of objectives that turn into each other, a fall into the picture.

All pictures of a film go through the same transforms and are shown on one scale, so that nothing flickers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError
from artforge.core.values import Image
from artforge.engine.ascent.ascend import OnStep, ascend
from artforge.engine.ascent.deprocess import Finish, finished
from artforge.engine.ascent.objectives import Objective
from artforge.engine.ascent.run import Ascended
from artforge.engine.ascent.settings import Ascent
from artforge.engine.models.handle import Model

Array = NDArray[np.float32]

FRAMES_AT_ONCE = 16


def path_frames(result: Ascended, finish: Finish) -> list[Image]:
    """The pictures on the way, all on the scale of the last.

    Args:
        result: of an ascent with `keep_every`.
        finish: how they are shown.

    Raises:
        ChoiceError: no path has been kept.
    """
    if not result.path:
        raise ChoiceError("no path has been kept: ascend with keep_every=1, or more for a shorter film")
    return [finished(raw, finish, like=result.raw) for _, raw in sorted(result.path.items())]


def ring_frames(
    objectives: Sequence[Objective],
    *,
    model: Model,
    ascent: Ascent,
    num_frames: int,
    steps_per_frame: int = 12,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> list[Image]:
    """A loop through several objectives and back to the first.

    A picture is grown for each objective. A frame between two of them begins with a blend of their numbers, at equal
    power, and climbs on towards the same blend of their objectives. Every frame goes through the same transforms and
    depends on its place in the ring alone, so the film is smooth and its end meets its beginning exactly.

    Args:
        objectives: at least two.
        model: the network.
        ascent: how the pictures of the objectives climb; its parameterisation, transforms and optimiser serve for all.
        num_frames: of the loop.
        steps_per_frame: how far a frame climbs on from its blend.
        size: (height, width); None is that of the network's input.
        seed: of the noise and the transforms.
        on_step: told of every step, `ring_steps` of them.

    Returns:
        frames float32 (H, W, 3) in [0, 1]; frame `num_frames` would be frame 0.

    Raises:
        ChoiceError: fewer than two objectives or frames.
    """
    count = len(objectives)
    if count < 2 or num_frames < 2:
        raise ChoiceError(f"a ring needs at least 2 objectives and 2 frames, received {count} and {num_frames}")
    written = ascent.parameterisation
    grown = ascend(objectives, model=model, ascent=ascent, size=size, seed=seed, on_step=on_step)
    dead = [str(number) for number, result in enumerate(grown, start=1) if result.is_dead]
    if dead:
        raise ChoiceError(f"number {', '.join(dead)} of the {count} in the ring is a dead filter, no picture moves it")
    keys = written.of_pictures(np.stack([np.clip(result.raw, 0, 1) for result in grown]))
    ground = keys.mean(axis=0)
    shape = grown[0].raw.shape[:2]
    short = replace(ascent, num_steps=steps_per_frame, rescue=False)
    raw: list[Array] = []
    for start in range(0, num_frames, FRAMES_AT_ONCE):
        turns = [frame / num_frames for frame in range(start, min(start + FRAMES_AT_ONCE, num_frames))]
        blends = []
        for turn in turns:
            first, share = _between(count, turn)
            one, other = keys[first] - ground, keys[(first + 1) % count] - ground
            angle = share * np.pi / 2  # independent patterns keep their contrast when their squares add up to 1
            blends.append(ground + np.float32(np.cos(angle)) * one + np.float32(np.sin(angle)) * other)
        starts = np.clip(written.pictures(np.stack(blends), (shape[0], shape[1])), 0, 1)
        goals = [on_ring(objectives, turn) for turn in turns]
        # the same seed for every frame: all of them go through the same transforms
        climbed = ascend(goals, model=model, ascent=short, start_images=list(starts), seed=seed, on_step=on_step)
        raw += [one.raw for one in climbed]
    return [finished(frame, ascent.finish, like=raw[0]) for frame in raw]


def ring_steps(ascent: Ascent, num_frames: int, steps_per_frame: int) -> int:
    """How many steps a ring takes: those of the patterns, and those of the frames, many of them at once."""
    return ascent.num_steps + -(-num_frames // FRAMES_AT_ONCE) * steps_per_frame


def _between(count: int, turn: float) -> tuple[int, float]:
    """The number of the last objective passed, and the share of the way to the next, slow near both."""
    along = turn % 1 * count
    return int(along), float(0.5 - 0.5 * np.cos(np.pi * (along - int(along))))


def on_ring(objectives: Sequence[Objective], turn: float) -> Objective:
    """The mix at a place of the ring: at turn i/n objective i alone, between two of them both, smoothly.

    Args:
        objectives: n of them; all are part of the mix, those that do not count with weight 0.
        turn: in [0, 1), or more for further rounds.
    """
    count = len(objectives)
    first, share = _between(count, turn)
    weights = [0.0] * count
    weights[first] += 1 - share
    weights[(first + 1) % count] += share
    mixed = objectives[0] * weights[0]
    for objective, weight in zip(objectives[1:], weights[1:], strict=True):
        mixed = mixed + objective * weight
    return mixed


def zoom_frames(
    objective: Objective,
    start_image: Image,
    *,
    model: Model,
    ascent: Ascent,
    num_frames: int,
    zoom: float = 1.05,
    degrees: float = 0.0,
    steps_per_frame: int = 4,
    seed: int = 0,
    overlap: int = 0,
    on_step: OnStep | None = None,
) -> list[Image]:
    """A fall into the picture: each frame is the one before, enlarged around its middle, climbing on.

    Args:
        objective: what it climbs for.
        start_image: where it begins.
        model: the network.
        ascent: how a frame climbs.
        num_frames: of the film.
        zoom: how much larger from frame to frame; 1.05 is the 5 % of the first DeepDream films.
        degrees: how far it turns from frame to frame.
        steps_per_frame: how far each frame climbs.
        seed: of the transforms.
        overlap: so many frames at the end are laid over with the beginning, so that the film is a loop.
        on_step: told of every step.

    Returns:
        frames float32 (H, W, 3) in [0, 1].

    Raises:
        ChoiceError: a zoom that is not above 0, or an overlap that is longer than half the film.
    """
    if not zoom > 0 or not 0 <= overlap <= num_frames // 2:
        raise ChoiceError(
            f"a zoom needs a factor above 0 and an overlap of at most half its {num_frames} frames, received {zoom} "
            f"and {overlap}"
        )
    short = replace(ascent, num_steps=steps_per_frame, rescue=False)
    raw, kept = np.asarray(start_image, np.float32), []
    for _ in range(num_frames + overlap):
        starts = [np.clip(raw, 0, 1)]
        [moved] = ascend([objective], model=model, ascent=short, start_images=starts, seed=seed, on_step=on_step)
        kept.append(moved.raw)
        raw = _nearer(moved.raw, zoom, degrees)
    frames = [finished(frame_raw, ascent.finish, like=kept[0]) for frame_raw in kept]
    return looped(frames, overlap)


def looped(frames: Sequence[Image], overlap: int) -> list[Image]:
    """Frames whose last `overlap` have been faded into the first: the end of what is left meets its beginning."""
    if not overlap:
        return list(frames)
    count = len(frames) - overlap
    faded = []
    for number in range(overlap):
        share = np.float32((number + 1) / (overlap + 1))
        faded.append(frames[count + number] * (1 - share) + frames[number] * share)
    return [*faded, *frames[overlap:count]]


def _nearer(raw: Array, zoom: float, degrees: float) -> Array:
    height, width = raw.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, zoom)
    moved = cv2.warpAffine(raw, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(moved, np.float32)
