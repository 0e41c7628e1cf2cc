"""A ring of objectives that turn into each other: a film whose end meets its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError
from artforge.core.values import Image
from artforge.engine.ascent.ascend import OnStep, ascend
from artforge.engine.ascent.at_work import all_living, further, tell_of_frames
from artforge.engine.ascent.checkpoint import StateFile
from artforge.engine.ascent.deprocess import finished
from artforge.engine.ascent.groups import groups_of
from artforge.engine.ascent.objectives import Objective
from artforge.engine.ascent.settings import Ascent
from artforge.engine.models.handle import Model

Array = NDArray[np.float32]

MOST_FRAMES_AT_ONCE = 16


@dataclass(frozen=True, eq=False)
class Stations:
    """The pictures of a ring's objectives.

    Attributes:
        keys: float32 (n, ...), as numbers of the ascent's parameterisation.
        first: float32 (H, W, 3), the first of them, whose scale is that of the film.
    """

    keys: Array
    first: Array

    @property
    def num_bytes(self) -> int:
        """What they take."""
        return self.keys.nbytes + self.first.nbytes


def grow_stations(
    objectives: Sequence[Objective],
    names: Sequence[str],
    *,
    model: Model,
    ascent: Ascent,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    on_step: OnStep | None = None,
    state_file: StateFile | None = None,
) -> Stations:
    """Grow a picture for each objective of a ring.

    Args:
        objectives: at least two.
        names: what each is, such as `filter 3 of conv5`.
        model, ascent, size, seed, on_step, state_file: see `ascend`.

    Raises:
        ChoiceError: fewer than two objectives, or one that no picture moves.
    """
    if len(objectives) < 2:
        raise ChoiceError(f"a ring needs at least 2 objectives, received {len(objectives)}")
    grown = ascend(objectives, model=model, ascent=ascent, size=size, seed=seed, on_step=on_step, state_file=state_file)
    all_living(grown, names)
    pictures = np.stack([np.clip(result.raw, 0, 1) for result in grown])
    return Stations(ascent.parameterisation.of_pictures(pictures), pictures[0].copy())


def between_stations(
    stations: Stations,
    turns: Sequence[float],
    objectives: Sequence[Objective],
    *,
    model: Model,
    ascent: Ascent,
    steps_per_frame: int = 12,
    seed: int = 0,
    on_step: OnStep | None = None,
    state_file: StateFile | None = None,
) -> list[Image]:
    """The pictures at places of a ring.

    Each begins with a blend of the numbers of the two stations beside it, at equal power, and climbs on towards the
    same blend of their objectives. All go through the same transforms and depend on their place alone.

    Args:
        stations: of the ring.
        turns: the places: at i/n the station i.
        objectives: of the stations.
        model: the network.
        ascent: that of the stations.
        steps_per_frame: how far each climbs on from its blend.
        seed: of the transforms.
        on_step: told of every step.
        state_file: where the state is kept on the way.

    Returns:
        float32 (H, W, 3) in [0, 1], one for each turn.
    """
    keys, written = stations.keys, ascent.parameterisation
    ground = keys.mean(axis=0)
    blends = []
    for turn in turns:
        first, share = _between(len(keys), turn)
        one, other = keys[first] - ground, keys[(first + 1) % len(keys)] - ground
        angle = share * np.pi / 2  # independent patterns keep their contrast when their squares add up to 1
        blends.append(ground + np.float32(np.cos(angle)) * one + np.float32(np.sin(angle)) * other)
    height, width = stations.first.shape[:2]
    starts = np.clip(written.pictures(np.stack(blends), (height, width)), 0, 1)
    climbed = ascend(
        [on_ring(objectives, turn) for turn in turns],
        model=model,
        ascent=replace(ascent, num_steps=steps_per_frame, rescue=False),
        start_images=list(starts),
        seed=seed,
        on_step=on_step,
        state_file=state_file,
    )
    tell_of_frames(climbed, "the loop")
    return [finished(one.raw, ascent.finish, like=stations.first) for one in climbed]


def frame_groups(num_frames: int, size: tuple[int, int]) -> list[range]:
    """The frames of a ring in groups that climb together."""
    return groups_of(num_frames, size, most=MOST_FRAMES_AT_ONCE)


def ring_frames(
    objectives: Sequence[Objective],
    *,
    model: Model,
    ascent: Ascent,
    num_frames: int,
    names: Sequence[str] | None = None,
    steps_per_frame: int = 12,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> list[Image]:
    """A loop through several objectives and back to the first.

    A picture is grown for each objective, and frames between them: see `between_stations`. The film is smooth and its
    end meets its beginning exactly.

    Args:
        objectives: at least two.
        model: the network.
        ascent: how the pictures of the objectives climb; its parameterisation, transforms and optimiser serve for all.
        num_frames: of the loop.
        names: what each objective is, for messages; None numbers them.
        steps_per_frame: how far a frame climbs on from its blend.
        size: (height, width); None is that of the network's input.
        seed: of the noise and the transforms.
        on_step: told of every step.

    Returns:
        frames float32 (H, W, 3) in [0, 1]; frame `num_frames` would be frame 0.

    Raises:
        ChoiceError: fewer than two objectives or frames, or an objective that no picture moves.
    """
    count = len(objectives)
    if num_frames < 2:
        raise ChoiceError(f"a ring needs at least 2 frames, received {num_frames}")
    names = names or [f"number {number} of the {count} in the ring" for number in range(1, count + 1)]
    stations = grow_stations(objectives, names, model=model, ascent=ascent, size=size, seed=seed, on_step=on_step)
    height, width = stations.first.shape[:2]
    frames: list[Image] = []
    for number, group in enumerate(frame_groups(num_frames, (height, width))):
        frames += between_stations(
            stations,
            [frame / num_frames for frame in group],
            objectives,
            model=model,
            ascent=ascent,
            steps_per_frame=steps_per_frame,
            seed=seed,
            on_step=further(on_step, ascent.num_steps + number * steps_per_frame),
        )
    return frames


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
