"""How the steps of recipes climb: they keep their state, say how far they are, and name the filters that are dead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError
from artforge.core.work import current_work
from artforge.engine.ascent.ascend import OnStep
from artforge.engine.ascent.checkpoint import StateFile
from artforge.engine.ascent.run import Ascended


class Surroundings(TypedDict):
    """Arguments of `ascend`, `ascend_in_octaves` and `dream` that come from what surrounds the step."""

    on_step: OnStep
    state_file: StateFile | None


def surroundings(num_steps: int) -> Surroundings:
    """What surrounds the step that runs now.

    Args:
        num_steps: that it will take, over all octaves.
    """
    work = current_work()
    num_done = 0

    def on_step(_: int, values: NDArray[np.float32]) -> None:
        nonlocal num_done
        num_done += 1
        work.advanced(num_done / num_steps, f"step {num_done}/{num_steps}, value {np.mean(values):.3g}")

    kept_in = None if work.state_file is None else StateFile(work.state_file, spare=True)
    return {"on_step": on_step, "state_file": kept_in}


def nothing_to_grow(names: Sequence[str]) -> ChoiceError:
    """What is said where every filter is dead."""
    return ChoiceError(
        f"{', '.join(names)}: nothing to grow. The gradient is zero everywhere, also with help: no picture near the "
        "start moves it (a dead filter). See which filters live: artforge atlas MODEL --layer LAYER"
    )


def living(results: Sequence[Ascended], names: Sequence[str]) -> list[Ascended | None]:
    """The pictures that have grown, None in place of those whose filter is dead; what happened is said by name.

    Args:
        results: as an ascent gives them.
        names: what each was to be, such as `filter 3 of conv5`.

    Raises:
        ChoiceError: none has grown.
    """
    if all(result.is_dead for result in results):
        raise nothing_to_grow(names)
    tell = current_work().noticed
    for result, name in zip(results, names, strict=True):
        if result.is_dead:
            tell(f"{name} is dead, no picture moves it: its place stays empty")
        elif result.stopped:
            tell(f"{name}: stopped after {result.num_steps} steps, {result.stopped}")
        elif result.was_dead:
            tell(f"{name} did not respond to the start, and was helped until it did")
    return [None if result.is_dead else result for result in results]
