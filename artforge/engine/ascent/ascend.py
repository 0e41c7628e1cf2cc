"""The loop: pictures climb, step by step, towards what their objectives ask for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError, ModelError
from artforge.core.values import Image
from artforge.core.work import current_work
from artforge.engine.ascent.budget import Budget, Until, distance_between
from artforge.engine.ascent.checkpoint import Checkpoint, StateFile
from artforge.engine.ascent.form import form_of
from artforge.engine.ascent.grey import Grey
from artforge.engine.ascent.objectives import Diversity, Objective
from artforge.engine.ascent.program import sees_grey
from artforge.engine.ascent.receptive_field import receptive_field
from artforge.engine.ascent.run import Ascended, Run
from artforge.engine.ascent.settings import Ascent
from artforge.engine.ascent.slopes import WORKING_MEMORY, Slopes
from artforge.engine.ascent.starts import noise_of, pictures_of, size_of
from artforge.engine.attention.inputs import check_model
from artforge.engine.models.handle import Model

Array = NDArray[np.float32]

OnStep = Callable[[int, Array], None]
"""Told before each step is taken: how many have been, and the values of the pictures that still climb."""


def ascend(
    objectives: Sequence[Objective],
    *,
    model: Model,
    ascent: Ascent,
    size: tuple[int, int] | None = None,
    start_images: Sequence[Image] | None = None,
    seed: int = 0,
    keep_every: int | None = None,
    budget: Budget | None = None,
    until: Until | None = None,
    on_step: OnStep | None = None,
    state_file: Path | StateFile | None = None,
    memory: float = WORKING_MEMORY,
) -> list[Ascended]:
    """Let one picture climb for each objective, all of them together.

    All begin with the same noise, so that a filter's picture does not depend on which others are in the batch; only
    where the objectives ask for diversity does each begin with its own. All go through the same transforms.

    Args:
        objectives: one for each picture.
        model: the network.
        ascent: how they climb.
        size: (height, width) of the pictures; None is that of the network's input, or of the start images.
        start_images: pictures in [0, 1] to begin with, one or one for each objective; None begins with noise.
        seed: of the noise and the transforms.
        keep_every: keep the path, a picture every so many steps.
        budget: how far a picture may go from its start; it is then shown as it is, whatever the finish.
        until: how sure the network has to be to stop.
        on_step: told of every step.
        state_file: where the state is kept on the way, so that a run that was stopped goes on; a path is removed at the
            end.
        memory: bytes for the network to work in.

    Returns:
        for each objective, its picture.

    Raises:
        ChoiceError: unknown layer, channel or class, or a budget that cannot be kept.
        ShapeError: pictures that are too small, or do not fit together.
        ModelError: the network cannot see pictures of this size.
        OutputError: a state file that is damaged or of another ascent.
    """
    if keep_every is not None and keep_every < 1:
        raise ChoiceError(f"keep_every keeps a picture every so many steps, at least 1; received {keep_every}")
    run = begin(
        objectives,
        model=model,
        ascent=ascent,
        size=size,
        start_images=start_images,
        seed=seed,
        budget=budget,
        until=until,
        memory=memory,
    )
    keeper = None
    if state_file is not None:
        kept_in = state_file if isinstance(state_file, StateFile) else StateFile(Path(state_file))
        keeper = Checkpoint(kept_in, _digest(run, keep_every))
        run.restore(keeper.load())
    run.find_dead()
    while run.step < ascent.num_steps and run.active.any():
        if keep_every is not None and run.step % keep_every == 0:
            run.keep()
        values = run.take_step(keeper)
        if on_step is not None:
            on_step(run.step - 1, values)
        if keeper is not None and keeper.is_due():
            keeper.save(run.state())
    if keep_every is not None:
        run.keep()
    if keeper is not None:
        keeper.end(run.state())
    return run.results()


def begin(
    objectives: Sequence[Objective],
    *,
    model: Model,
    ascent: Ascent,
    size: tuple[int, int] | None = None,
    start_images: Sequence[Image] | None = None,
    seed: int = 0,
    budget: Budget | None = None,
    until: Until | None = None,
    memory: float = WORKING_MEMORY,
) -> Run:
    """An ascent before its first step; the arguments are those of `ascend`."""
    _check_given(objectives, model, ascent, memory)
    form, numbers = form_of(objectives, model)
    num = len(objectives)
    size = size_of(size, start_images, num, model.input_size)
    if sees_grey(model.graph):
        ascent = replace(ascent, parameterisation=Grey(ascent.parameterisation))
    slopes = Slopes(model, form, numbers, size, ascent.transforms, ascent.edges, memory)
    _ = slopes.is_tiled  # whether it can be done at all, before anything large is made
    written, start = ascent.parameterisation, None
    if start_images is None:
        own_starts = any(slot.kind is Diversity for slot in form.slots)
        parameters = noise_of(written, num, size, seed, own_starts=own_starts)
    else:
        given = pictures_of(start_images, num)
        parameters = written.of_pictures(given)
        if budget is not None:
            start = given
            _check_budget(budget, start, written.pictures(parameters, size))
    _tell_if_small(slopes)
    return Run(model, ascent, slopes, parameters, size, seed, budget, until, start)


def _check_given(objectives: Sequence[Objective], model: Model, ascent: Ascent, memory: float) -> None:
    """What is easily mistaken in a call from Python."""
    check_model(model)
    if not isinstance(ascent, Ascent):
        way_out = ": call it, as in lucid()" if callable(ascent) else ": presets.lucid() makes one"
        raise ChoiceError(f"an ascent says how pictures climb, received {ascent!r}{way_out}")
    for objective in objectives:
        if not isinstance(objective, Objective):
            raise ChoiceError(
                f"an objective is made by channel(...), class_score(...) and their kin, received {objective!r}"
            )
    if isinstance(memory, bool) or not isinstance(memory, int | float) or not memory > 0:
        raise ChoiceError(f"memory is a number of bytes above 0, received {memory!r}")


def _check_budget(budget: Budget, start: Array, written: Array) -> None:
    """A way to write pictures down that changes them more than the budget allows cannot keep to it."""
    away = max(
        distance_between(np.clip(one, 0, 1), other, budget.measure) for one, other in zip(written, start, strict=True)
    )
    if away > budget.distance:
        raise ChoiceError(
            f"the budget of {budget.told()} cannot be kept: as this preset writes the start image down (maco keeps its "
            f"lines, and not its contrast) it is {away:.3g} away already. Take another preset, or a larger budget."
        )


def _tell_if_small(slopes: Slopes) -> None:
    """Of a picture that is smaller than what a filter sees, only a part of its pattern will show."""
    for layer in slopes.form.layers:
        try:
            field = receptive_field(slopes.model.graph, layer, slopes.canvas)
        except ModelError:  # it sees the whole picture, whatever its size
            continue
        if field.down.size > slopes.canvas[0] or field.across.size > slopes.canvas[1]:
            current_work().noticed(
                f"a picture of {slopes.canvas[0]}x{slopes.canvas[1]} is smaller than the {field.down.size}x"
                f"{field.across.size} pixels that a filter of {layer} sees: only a part of its pattern will show. "
                "A larger size shows it whole"
            )


def _digest(run: Run, keep_every: int | None) -> str:
    """What a run is: another network, start, objective or setting is another run."""
    model, numbers = run.model, run.slopes.numbers
    described = (model.name, model.sha256, run.ascent, run.slopes.form, run.size, run.seed, run.budget, run.until)
    regions = run.slopes.memory if run.slopes.is_tiled else None  # how many have been done means these
    masked = [[mask is not None for mask in of_picture] for of_picture in numbers.masks]
    chosen = [numbers.chosen[slot].tolist() for slot in run.slopes.form.slots if slot in numbers.chosen]
    digest = hashlib.sha256(repr((*described, keep_every, numbers.places, regions, masked, chosen)).encode())
    masks = [mask for of_picture in numbers.masks for mask in of_picture if mask is not None]
    for array in (run.parameters, numbers.coefficients, *numbers.weights.values(), *numbers.references, *masks):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
