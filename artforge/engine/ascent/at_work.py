"""How steps climb: they keep their state, say how far they are, and name the filters that are dead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError, ModelError
from artforge.core.values import Image
from artforge.core.work import current_work, working
from artforge.engine.ascent.ascend import OnStep
from artforge.engine.ascent.checkpoint import StateFile
from artforge.engine.ascent.run import Ascended
from artforge.engine.ascent.seams import seam_visibility

MOST_SEAM = 1.5
"""A step over the joint of a repeat that is larger than so many steps inside it can be seen."""


class Surroundings(TypedDict):
    """Arguments of `ascend`, `ascend_in_octaves` and `dream` that come from what surrounds the step."""

    on_step: OnStep
    state_file: StateFile | None


def surroundings(num_steps: int) -> Surroundings:
    """What surrounds the step that runs now.

    Args:
        num_steps: that it will take, over all octaves, groups or frames.
    """
    work = current_work()

    def on_step(step: int, values: NDArray[np.float32]) -> None:
        work.advanced((step + 1) / num_steps, f"step {step + 1}/{num_steps}, value {np.mean(values):.3g}")

    kept_in = None if work.state_file is None else StateFile(work.state_file, spare=True)
    return {"on_step": on_step, "state_file": kept_in}


def further(on_step: OnStep | None, num_before: int) -> OnStep | None:
    """Who is told of the steps of an ascent that follows others, of which so many steps were before."""
    if on_step is None:
        return None
    return lambda step, values: on_step(num_before + step, values)


def part_of(state_file: StateFile | None, number: int) -> StateFile | None:
    """Where one of several ascents keeps its state, if any is kept."""
    return None if state_file is None else state_file.part(number)


def remove_parts(state_file: StateFile | None, count: int) -> None:
    """The work that was made of so many ascents is done."""
    if state_file is not None:
        for number in range(count):
            state_file.part(number).remove()


@contextmanager
def noticed_by(notice: Callable[[str], None]) -> Iterator[None]:
    """Within the block, what is noticed goes elsewhere."""
    with working(replace(current_work(), noticed=notice)):
        yield


@contextmanager
def noticed_once(told: set[str]) -> Iterator[None]:
    """Within the block nothing is noticed that `told` holds: the frames of a film say what there is to say once."""
    tell = current_work().noticed

    def notice(message: str) -> None:
        if message not in told:
            told.add(message)
            tell(message)

    with noticed_by(notice):
        yield


def nothing_to_grow(names: Sequence[str]) -> ChoiceError:
    """What is said where every filter is dead."""
    return ChoiceError(
        f"{', '.join(names)}: nothing to grow. The gradient is zero everywhere, also with help: no picture near the "
        "start moves it (a dead filter). See which filters live: artforge atlas MODEL --layer LAYER"
    )


def tell_of(results: Sequence[Ascended], names: Sequence[str]) -> None:
    """Say by name what happened that the person should know.

    Args:
        results: as an ascent gives them.
        names: what each was to be, such as `filter 3 of conv5`.
    """
    tell = current_work().noticed
    for result, name in zip(results, names, strict=True):
        if result.is_dead and not result.stopped:
            tell(f"{name} did not respond within {result.num_steps} steps: its place stays empty. More may wake it")
        elif result.is_dead:
            tell(f"{name} is dead, no picture moves it: its place stays empty")
        elif result.stopped:
            tell(f"{name}: stopped after {result.num_steps} steps, {result.stopped}")
        elif result.was_dead:
            tell(f"{name} did not respond to the start, and was helped until it did")


def all_living(results: Sequence[Ascended], names: Sequence[str]) -> None:
    """Say by name what happened, where none may be dead; the arguments are those of `tell_of`.

    Raises:
        ChoiceError: one is dead.
        ModelError: the network gives one no gradient.
    """
    dead = [name for result, name in zip(results, names, strict=True) if result.is_dead]
    if dead:
        raise nothing_to_grow(dead)
    broken = [name for result, name in zip(results, names, strict=True) if result.is_untouched]
    if broken:
        raise ModelError(f"{', '.join(broken)}: nothing to grow, the network's gradient for the start is not a number")
    tell_of(results, names)


def living(results: Sequence[Ascended], names: Sequence[str]) -> None:
    """The end of a step of one picture: it is done, and what happened is said by name.

    Raises:
        ChoiceError: it is dead.
    """
    all_living(results, names)
    done()


def done() -> None:
    """The step is done, also where fewer steps were taken than it might have."""
    current_work().advanced(1.0, "done")


def tell_of_frames(results: Sequence[Ascended], name: str) -> None:
    """Say what happened to frames of a film, in words that are the same for all of them."""
    for result in results:
        if result.is_dead:
            current_work().noticed(f"{name}: some frames find nothing to climb towards, and are shown as they begin")
        elif result.stopped:
            current_work().noticed(f"{name}: some frames stopped early, {result.stopped}")


def tell_of_seam(picture: Image, name: str) -> None:
    """Say so where the joint of a picture that was to be seamless can be seen."""
    seam = max(seam_visibility(picture))
    if seam > MOST_SEAM:
        current_work().noticed(
            f"{name}: where it is laid edge to edge the joint can be seen, as a step {seam:.1f} times those inside it. "
            "More steps may close it"
        )
