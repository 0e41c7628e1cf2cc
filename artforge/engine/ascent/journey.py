"""An ascent that is asked for again and again, further on each time: the frames of a film are one climb, not many."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.values import Image
from artforge.engine.ascent.ascend import OnStep, ascend, begin
from artforge.engine.ascent.at_work import all_living, done, further, noticed_once, part_of, remove_parts, surroundings
from artforge.engine.ascent.checkpoint import Checkpoint, State
from artforge.engine.ascent.deprocess import finished
from artforge.engine.ascent.life import awakened
from artforge.engine.ascent.objectives import Objective
from artforge.engine.ascent.run import Run
from artforge.engine.ascent.settings import Ascent
from artforge.engine.ascent.shelf import SHELF
from artforge.engine.models.handle import Model


@dataclass(frozen=True, eq=False)
class Journey:
    """An ascent on its way.

    Attributes:
        state: of its run.
        last: float32 (H, W, 3), raw, where it ends, if all of it must be shown on that scale.
        told: what has been noticed of it.
    """

    state: State
    last: NDArray[np.float32] | None
    told: set[str]

    @property
    def num_bytes(self) -> int:
        """What it takes."""
        return sum(array.nbytes for array in self.state.values()) + (0 if self.last is None else self.last.nbytes)


def picture_at(
    share: float,
    objective: Objective,
    *,
    key: str,
    name: str,
    model: Model,
    ascent: Ascent,
    size: tuple[int, int] | None = None,
    start_image: Image | None = None,
    seed: int = 0,
) -> Image:
    """The picture after a share of the steps; asked for in order, all shares together cost one ascent.

    Where the numbers are shown at another contrast they cost two: all frames have the scale of the last, so that the
    first that is asked for takes the whole way. Whether a filter is dead is known before the first is drawn.

    Args:
        share: in [0, 1] of the steps.
        objective: what it climbs for.
        key: what tells this ascent from others of the same network, start, size and seed.
        name: what it is to be, for messages.
        model, ascent, size, seed: see `ascend`.
        start_image: what it begins with, or None for noise.

    Returns:
        float32 (H, W, 3) in [0, 1], on the scale of the last picture.

    Raises:
        ChoiceError: nothing moves it.
    """
    starts = None if start_image is None else [start_image]
    drawn = b"" if start_image is None else start_image.tobytes()
    described = repr((key, model.sha256, ascent, size, seed))
    digest = hashlib.sha256(described.encode() + drawn).hexdigest()
    wanted = round(share * ascent.num_steps)
    has_scale = ascent.finish.how != "clip"

    def new_run() -> Run:
        return begin([objective], model=model, ascent=ascent, size=size, start_images=starts, seed=seed)

    journey = SHELF.find(model, digest, Journey)
    last, told = (None, set()) if journey is None else (journey.last, journey.told)
    num_before = ascent.num_steps if has_scale and journey is None else 0
    around = surroundings(num_before + wanted)
    state_file = around["state_file"]
    keeper = None if state_file is None else Checkpoint(state_file.part(1), digest)
    with noticed_once(told):
        run = new_run()
        if journey is not None and int(journey.state["step"]) <= wanted:
            run.restore(journey.state)
        elif journey is None:
            if has_scale:
                [end] = ascend(
                    [objective],
                    model=model,
                    ascent=ascent,
                    size=size,
                    start_images=starts,
                    seed=seed,
                    on_step=around["on_step"],
                    state_file=part_of(state_file, 0),
                )
                last = end.raw
            else:
                [end] = awakened(run).results()
            all_living([end], [name])
            run = run if run.step <= wanted else new_run()
            run.restore(None if keeper is None else keeper.load())
        run.find_dead()
        _walk(run, wanted, keeper, further(around["on_step"], num_before))
        [result] = run.results()
        if not result.is_dead:  # else it is helped still, and will live
            all_living([result], [name])
    done()
    remove_parts(state_file, 2)
    journey = Journey(run.state(), last, told)
    SHELF.put(model, digest, journey, journey.num_bytes)
    return finished(result.raw, ascent.finish, like=last)


def _walk(run: Run, wanted: int, keeper: Checkpoint | None, on_step: OnStep | None) -> None:
    while run.step < wanted and run.active.any():
        values = run.take_step(keeper)
        if on_step is not None:
            on_step(run.step - 1, values)
        if keeper is not None and keeper.is_due():
            keeper.save(run.state())
