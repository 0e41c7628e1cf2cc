"""Frames on their way into a film: as bytes, one by one, all of one size, at a rate that containers can tell."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import OutputError, ShapeError
from artforge.core.pictures import to_bytes
from artforge.core.values import Frames

Pixels = NDArray[np.uint8]


def byte_frames(frames: Frames, every: int = 1) -> Iterator[Pixels]:
    """Each frame, or every so many, as uint8 (H, W, 3).

    Raises:
        ShapeError: a frame has another size than the first.
    """
    size: tuple[int, ...] | None = None
    for index in range(0, len(frames), every):
        pixels = to_bytes(frames.draw(index))
        size = size or pixels.shape
        if pixels.shape != size:
            raise ShapeError(
                f"frame {index} is {pixels.shape[1]}x{pixels.shape[0]}, "
                f"but the film began with {size[1]}x{size[0]}: all frames must have one size"
            )
        yield pixels


def check_frames(path: Path, frames: Frames) -> None:
    """Raise before anything is drawn where there is nothing to write.

    Raises:
        OutputError: no frames, or a rate that is none.
    """
    if len(frames) < 1:
        raise OutputError(f"{path}: a film needs at least one frame")
    if not 0 < frames.fps <= 1000:
        raise OutputError(f"{path}: a film needs between 0 and 1000 frames per second, received {frames.fps:g}")


def exact_rate(fps: float) -> Fraction:
    """Frames per second as a fraction: 29.97 is 30000/1001."""
    return Fraction(fps).limit_denominator(1001)
