"""Pictures and films side by side, frame by frame and to the last bit; two frames at a time are in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import cv2
import numpy as np

from artforge.core.errors import PictureError
from artforge.core.films import film_frames, is_film
from artforge.core.pictures import read_levels
from artforge.recipes.shown import Levels, Shown

_FINER = 257
"""65535 levels are so many times 255."""


def compare_pixels(one: Path, other: Path) -> Shown:
    """Compare two pictures or films, of films every frame.

    Raises:
        PictureError: one of them cannot be read.
    """
    return compare_frames(_frames(one), _frames(other))


def compare_frames(one: Iterable[Levels], other: Iterable[Levels]) -> Shown:
    """Compare frames that come one by one; a picture is one frame.

    Args:
        one, other: uint8 or uint16 (H, W, 3) each; of two depths, both are compared at the finer one.
    """
    tally = _Tally()
    for first, second in zip_longest(one, other):
        if first is None or second is None:
            tally.num_only[first is None] += 1
        elif first.shape != second.shape:
            sizes = ((first.shape[0], first.shape[1]), (second.shape[0], second.shape[1]))
            where = f"frame {tally.num_frames} is " if tally.num_frames else "not compared, "
            (height, width), (other_height, other_width) = sizes
            told = f"{where}{width}x{height} and {other_width}x{other_height}"
            return Shown("pixels", (told,), sizes=sizes)
        else:
            tally.add(*_at_one_depth(first, second))
    return tally.shown()


def _frames(path: Path) -> Iterator[Levels]:
    if is_film(path):
        yield from film_frames(path)
    else:
        yield read_levels(path)


def _at_one_depth(first: Levels, second: Levels) -> tuple[Levels, Levels]:
    if first.dtype == second.dtype:
        return first, second
    widened = [
        each if each.dtype == np.uint16 else each.astype(np.uint16) * np.uint16(_FINER) for each in (first, second)
    ]
    return widened[0], widened[1]


@dataclass
class _Tally:
    """What has been seen so far.

    Attributes:
        num_frames: that both have.
        num_only: further frames of the first, and of the second.
        first: the first frame that differs.
        num_differing: frames that differ.
        largest: difference of a colour, in levels of the file.
        largest_in: the frame that has it.
        total: sum of the means of the frames.
        worst_mean: of the frame whose mean is the largest.
        worst: the distances of that frame.
    """

    num_frames: int = 0
    num_only: list[int] = field(default_factory=lambda: [0, 0])
    first: int = 0
    num_differing: int = 0
    largest: int = 0
    largest_in: int = 0
    total: float = 0.0
    worst_mean: float = -1.0
    worst: Levels | None = None

    def add(self, one: Levels, other: Levels) -> None:
        """Two frames of one size and depth."""
        distances: Levels = np.asarray(cv2.absdiff(one, other), one.dtype)
        largest, mean = int(distances.max()), float(distances.mean(dtype=np.float64))
        if largest > 0:
            self.first = self.first if self.num_differing else self.num_frames
            self.num_differing += 1
        if largest > self.largest:
            self.largest, self.largest_in = largest, self.num_frames
        if mean > self.worst_mean:
            self.worst_mean, self.worst = mean, distances
        self.total += mean
        self.num_frames += 1

    def shown(self) -> Shown:
        """The result."""
        if self.worst is None:
            raise PictureError("a film without frames shows nothing that could be compared")
        size = (self.worst.shape[0], self.worst.shape[1])
        differ = self._told()
        if any(self.num_only):
            first, second = (self.num_frames + more for more in self.num_only)
            told = f"{first} and {second} frames; those that both have {differ or 'are the same'}"
            return Shown("pixels", (told,), sizes=(size, size))
        full = np.iinfo(self.worst.dtype).max
        largest, mean = self.largest * 255 / full, self.total / self.num_frames * 255 / full
        return Shown("pixels", (differ,) if differ else (), largest, mean, (size, size), self.worst)

    def _told(self) -> str:
        """By how much and where they differ; nothing where they do not."""
        if self.worst is None or not self.num_differing:
            return ""
        levels = np.iinfo(self.worst.dtype).max
        told = f"differ by {self.total / self.num_frames:.3g} levels of {levels} on average, {self.largest} at most"
        if self.num_frames == 1:
            return told
        frames = f"{self.num_differing} of {self.num_frames} frames, the first is frame {self.first} (counted from 0)"
        return f"{told} (in frame {self.largest_in}); {frames}"
