"""From small to large: coarse shapes are found at a small size, where they are near, fine ones as it grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ChoiceError
from artforge.core.pictures import resize
from artforge.core.values import Image
from artforge.engine.ascent.ascend import OnStep, ascend
from artforge.engine.ascent.at_work import further, noticed_by, part_of, remove_parts
from artforge.engine.ascent.checkpoint import StateFile
from artforge.engine.ascent.deprocess import Finish
from artforge.engine.ascent.objectives import Objective
from artforge.engine.ascent.run import Ascended
from artforge.engine.ascent.settings import Ascent
from artforge.engine.models.handle import Model

OCTAVE_SCALE = 1.4
"""How much larger the next octave is (Mordvintsev et al., 2015)."""
LEAST_OCTAVE = 32
"""Pixels along the shorter edge of the smallest octave."""

Starts = Callable[[Sequence[Ascended], tuple[int, int]], Sequence[Image] | None]
"""What an octave of a size begins with, after the results of the one before (none at first); None is noise."""


def octave_sizes(
    size: tuple[int, int], num: int, *, scale: float = OCTAVE_SCALE, least: int = LEAST_OCTAVE
) -> list[tuple[int, int]]:
    """(height, width) of the octaves, smallest first, `size` last; those with an edge below `least` are left out.

    Raises:
        ChoiceError: no octaves, or a scale that does not grow.
    """
    if num < 1 or not scale > 1:
        raise ChoiceError(f"octaves are at least 1, each larger than the one before; received {num} of scale {scale}")
    sizes = [(round(size[0] / scale**step), round(size[1] / scale**step)) for step in reversed(range(num))]
    return [one for one in sizes if min(one) >= least] or [size]


def dream(
    objectives: Sequence[Objective],
    start_images: Sequence[Image],
    *,
    model: Model,
    ascent: Ascent,
    num_octaves: int = 4,
    octave_scale: float = OCTAVE_SCALE,
    least: int = LEAST_OCTAVE,
    seed: int = 0,
    on_step: OnStep | None = None,
    state_file: StateFile | None = None,
) -> list[Ascended]:
    """Pictures that begin as given ones, and turn into what their objectives ask for, at every size of detail.

    At each octave the pictures, and all that has been dreamt so far, are enlarged; what enlarging blurs of the pictures
    themselves is given back.

    Args:
        objectives: one for each picture.
        start_images: pictures in [0, 1] of one size, one or one for each objective.
        model: the network.
        ascent: how they climb, at every octave.
        num_octaves: how many sizes.
        octave_scale: how much larger the next is.
        least: the shortest edge, in pixels, of the first.
        seed: of the transforms.
        on_step: told of every step, counted over all octaves.
        state_file: where the state is kept on the way, a file for each octave; removed at the end.

    Returns:
        as `ascend` gives it; steps and values are those of all octaves in a row.

    Raises:
        ChoiceError, ShapeError, ModelError: see `ascend` and `octave_sizes`.

    Source: Mordvintsev et al., Inceptionism (2015), https://github.com/google/deepdream
    """
    bases = [np.asarray(image, np.float32) for image in start_images]
    bases = bases * len(objectives) if len(bases) == 1 else bases
    size = (bases[0].shape[0], bases[0].shape[1])

    def starts(before: Sequence[Ascended], octave: tuple[int, int]) -> list[Image]:
        plain = [resize(base, octave) for base in bases]
        if not before:
            return plain
        dreamt = [one.picture - resize(base, one.picture.shape[:2]) for one, base in zip(before, bases, strict=True)]
        return [np.clip(base + _enlarged(own, octave), 0, 1) for base, own in zip(plain, dreamt, strict=True)]

    return _through_octaves(
        objectives,
        octave_sizes(size, num_octaves, scale=octave_scale, least=least),
        starts,
        model=model,
        ascent=replace(ascent, finish=Finish("clip")),
        seed=seed,
        on_step=on_step,
        state_file=state_file,
    )


def ascend_in_octaves(
    objectives: Sequence[Objective],
    *,
    model: Model,
    ascent: Ascent,
    size: tuple[int, int],
    num_octaves: int = 4,
    octave_scale: float = OCTAVE_SCALE,
    seed: int = 0,
    on_step: OnStep | None = None,
    state_file: StateFile | None = None,
) -> list[Ascended]:
    """Patterns from noise that are large and have shapes of every size: each octave begins with the last, enlarged.

    Args:
        objectives: one for each picture.
        model: the network.
        ascent: how they climb, at every octave.
        size: (height, width) of the result.
        num_octaves: how many sizes.
        octave_scale: how much larger the next is.
        seed: of the noise and the transforms.
        on_step: told of every step, counted over all octaves.
        state_file: where the state is kept on the way, a file for each octave; removed at the end.

    Returns:
        as `ascend` gives it; steps and values are those of all octaves in a row.

    Raises:
        ChoiceError, ShapeError, ModelError: see `ascend` and `octave_sizes`.
    """
    enlarge = _enlarged_around if ascent.edges == "wrap" else resize

    def starts(before: Sequence[Ascended], octave: tuple[int, int]) -> list[Image] | None:
        return [enlarge(np.clip(one.raw, 0, 1), octave) for one in before] or None

    return _through_octaves(
        objectives,
        octave_sizes(size, num_octaves, scale=octave_scale),
        starts,
        model=model,
        ascent=ascent,
        seed=seed,
        on_step=on_step,
        state_file=state_file,
    )


def _through_octaves(
    objectives: Sequence[Objective],
    sizes: Sequence[tuple[int, int]],
    starts: Starts,
    *,
    model: Model,
    ascent: Ascent,
    seed: int,
    on_step: OnStep | None,
    state_file: StateFile | None,
) -> list[Ascended]:
    octaves: list[list[Ascended]] = []
    for number, octave in enumerate(sizes):
        is_last = number == len(sizes) - 1
        with nullcontext() if is_last else noticed_by(_nobody):  # small octaves are smaller than what a filter sees
            octaves.append(
                ascend(
                    objectives,
                    model=model,
                    ascent=ascent,
                    size=octave,
                    start_images=starts(octaves[-1] if octaves else [], octave),
                    seed=seed + number,
                    on_step=further(on_step, number * ascent.num_steps),
                    state_file=part_of(state_file, number),
                )
            )
    remove_parts(state_file, len(sizes))
    return [_joined(own) for own in zip(*octaves, strict=True)]


def _nobody(_: str) -> None:
    pass


def _joined(octaves: Sequence[Ascended]) -> Ascended:
    """The last octave's picture, with the steps and values of all of them."""
    is_dead = all(octave.is_dead for octave in octaves)
    path: dict[int, NDArray[np.float32]] = {}
    num_steps = 0
    for octave in octaves:
        path |= {num_steps + step: raw for step, raw in octave.path.items()}
        num_steps += octave.num_steps
    # that a filter does not respond at one size counts only where it responds at none
    stopped = dict.fromkeys(octave.stopped for octave in octaves if octave.stopped and octave.is_dead == is_dead)
    return replace(
        octaves[-1],
        values=[value for octave in octaves for value in octave.values],
        path=path,
        num_steps=num_steps,
        stopped=", ".join(stopped),
        was_dead=any(octave.was_dead for octave in octaves),
        is_dead=is_dead,
    )


def _enlarged(difference: Image, size: tuple[int, int]) -> Image:
    """Differences in [-1, 1] at another size."""
    return resize(difference * np.float32(0.5) + np.float32(0.5), size) * 2 - 1


def _enlarged_around(image: Image, size: tuple[int, int]) -> Image:
    """A repeat at a larger size, still a repeat: beyond each edge lies the other side."""
    down, across = ((np.arange(new) + 0.5) * old / new - 0.5 for new, old in zip(size, image.shape[:2], strict=True))
    rows, columns = np.meshgrid(down.astype(np.float32), across.astype(np.float32), indexing="ij")
    enlarged = cv2.remap(image, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
    return np.asarray(np.clip(enlarged, 0, 1), np.float32)  # cubic may overshoot
