"""An ascent that is asked for again and again, further on each time: the frames of a film are one climb, not many."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from artforge.core.values import Image
from artforge.engine.ascent.ascend import begin
from artforge.engine.ascent.at_work import nothing_to_grow
from artforge.engine.ascent.deprocess import finished
from artforge.engine.ascent.objectives import Objective
from artforge.engine.ascent.run import Run
from artforge.engine.ascent.settings import Ascent
from artforge.engine.models.handle import Model

_KEPT = 2
_JOURNEYS: dict[str, tuple[Model, Run, NDArray[np.float32] | None]] = {}
"""By what they are: the ascents on their way, and where those end that must be shown on one scale."""


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

    Args:
        share: in [0, 1] of the steps.
        objective: what it climbs for.
        key: what tells this ascent from others of the same network, start, size and seed.
        name: what it is to be, for the message where nothing moves it.
        model, ascent, size, seed: see `ascend`.
        start_image: what it begins with, or None for noise.

    Returns:
        float32 (H, W, 3) in [0, 1], on the scale of the last picture.

    Raises:
        ChoiceError: nothing moves it.
    """
    starts = None if start_image is None else [start_image]
    drawn = b"" if start_image is None else start_image.tobytes()
    described = repr((key, id(model), model.sha256, ascent, size, seed))
    digest = hashlib.sha256(described.encode() + drawn).hexdigest()
    wanted = round(share * ascent.num_steps)

    def new_run() -> Run:
        run = begin([objective], model=model, ascent=ascent, size=size, start_images=starts, seed=seed)
        run.find_dead()
        return run

    kept, run, last = _JOURNEYS.pop(digest, (model, None, None))
    if run is None and wanted < ascent.num_steps and ascent.finish.how != "clip":
        run = _walk(new_run(), ascent.num_steps)
        last = run.results()[0].raw
    if run is None or run.step > wanted:
        run = new_run()
    _walk(run, wanted)
    while len(_JOURNEYS) >= _KEPT:
        _JOURNEYS.pop(next(iter(_JOURNEYS)))
    _JOURNEYS[digest] = (kept, run, last)
    [result] = run.results()
    if result.is_dead and result.stopped:
        raise nothing_to_grow([name])
    return finished(result.raw, ascent.finish, like=last)


def _walk(run: Run, wanted: int) -> Run:
    while run.step < wanted and run.active.any():
        run.take_step(None)
    return run


def frame_of(frames: Sequence[Image], share: float) -> Image:
    """The frame at a share of a loop."""
    return frames[int(share * len(frames)) % len(frames)]
