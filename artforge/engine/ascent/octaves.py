"""From small to large: coarse shapes are found at a small size, where they are near, fine ones as it grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from artforge.core.errors import ChoiceError
from artforge.core.pictures import resize
from artforge.core.values import Image
from artforge.engine.ascent.ascend import OnStep, ascend
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
        on_step: told of every step.
        state_file: where the state is kept on the way, a file for each octave; removed at the end.

    Returns:
        as `ascend` gives it, the values of all octaves in a row.

    Raises:
        ChoiceError, ShapeError, ModelError: see `ascend` and `octave_sizes`.

    Source: Mordvintsev et al., Inceptionism (2015), https://github.com/google/deepdream
    """
    bases = [np.asarray(image, np.float32) for image in start_images]
    bases = bases * len(objectives) if len(bases) == 1 else bases
    size = (bases[0].shape[0], bases[0].shape[1])
    sizes = octave_sizes(size, num_octaves, scale=octave_scale, least=least)
    dreamt = [np.zeros_like(resize(base, sizes[0])) for base in bases]
    values: list[list[float]] = [[] for _ in objectives]
    results: list[Ascended] = []
    shown = replace(ascent, finish=Finish("clip"))
    for number, octave in enumerate(sizes):
        plain = [resize(base, octave) for base in bases]
        starts = [np.clip(base + _enlarged(own, octave), 0, 1) for base, own in zip(plain, dreamt, strict=True)]
        results = ascend(
            objectives,
            model=model,
            ascent=shown,
            start_images=starts,
            seed=seed + number,
            on_step=on_step,
            state_file=_part(state_file, number),
        )
        dreamt = [result.picture - base for result, base in zip(results, plain, strict=True)]
        for known, result in zip(values, results, strict=True):
            known.extend(result.values)
    for result, known in zip(results, values, strict=True):
        result.values = known
    _remove_parts(state_file, len(sizes))
    return results


def _part(state_file: StateFile | None, number: int) -> StateFile | None:
    return None if state_file is None else state_file.part(number)


def _remove_parts(state_file: StateFile | None, count: int) -> None:
    if state_file is not None:
        for number in range(count):
            state_file.part(number).remove()


def _enlarged(difference: Image, size: tuple[int, int]) -> Image:
    """Differences in [-1, 1] at another size."""
    return resize(difference * np.float32(0.5) + np.float32(0.5), size) * 2 - 1


def _enlarged_around(image: Image, size: tuple[int, int]) -> Image:
    """A repeat at a larger size, still a repeat: beyond each edge lies the other side."""
    down, across = ((np.arange(new) + 0.5) * old / new - 0.5 for new, old in zip(size, image.shape[:2], strict=True))
    rows, columns = np.meshgrid(down.astype(np.float32), across.astype(np.float32), indexing="ij")
    enlarged = cv2.remap(image, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
    return np.asarray(np.clip(enlarged, 0, 1), np.float32)  # cubic may overshoot


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
        on_step: told of every step.
        state_file: where the state is kept on the way, a file for each octave; removed at the end.

    Returns:
        as `ascend` gives it, the values of all octaves in a row.
    """
    sizes = octave_sizes(size, num_octaves, scale=octave_scale)
    results = ascend(
        objectives,
        model=model,
        ascent=ascent,
        size=sizes[0],
        seed=seed,
        on_step=on_step,
        state_file=_part(state_file, 0),
    )
    values = [result.values for result in results]
    for number, octave in enumerate(sizes[1:], start=1):
        enlarge = _enlarged_around if ascent.edges == "wrap" else resize
        starts = [enlarge(np.clip(result.raw, 0, 1), octave) for result in results]
        results = ascend(
            objectives,
            model=model,
            ascent=ascent,
            start_images=starts,
            seed=seed + number,
            on_step=on_step,
            state_file=_part(state_file, number),
        )
        for known, result in zip(values, results, strict=True):
            known.extend(result.values)
            result.values = known
    _remove_parts(state_file, len(sizes))
    return results
