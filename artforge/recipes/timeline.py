"""Time: how long a film is, which moment each frame shows, and settings that move along it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from artforge.recipes.easing import EASINGS

_MOMENT = re.compile(r"(-?\d+(?:\.\d+)?)\s*(%|s|f)")
MAX_FRAMES = 100_000


@dataclass(frozen=True)
class Timeline:
    """A film's length.

    Attributes:
        num_frames: how many frames are drawn.
        fps: frames per second.
        loop: whether the film closes on itself: then frame `num_frames` would be frame 0, and is never drawn.
    """

    num_frames: int
    fps: float
    loop: bool

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.num_frames / self.fps

    @property
    def extent(self) -> str:
        """From where to where it goes, in each unit that a moment is written in."""
        return f"0s to {self.duration:g}s, 0f to {self.num_frames if self.loop else self.num_frames - 1}f"

    def moment(self, frame: int) -> float:
        """The share of the film at `frame`: i/N in a loop, i/(N-1) where first and last frame are both shown."""
        if self.loop:
            return frame / self.num_frames
        return frame / (self.num_frames - 1) if self.num_frames > 1 else 0.0

    def share(self, text: str) -> float:
        """A moment such as `25%`, `1.5s` or `30f`, as a share of the film.

        Raises:
            ValueError: no such moment.
        """
        number, unit = parse_moment(text)
        if unit == "%":
            return number / 100
        if unit == "s":  # the last second is the film's end, where a film without loop shows its last frame
            return number / self.duration
        return number / (self.num_frames if self.loop else max(1, self.num_frames - 1))


def parse_moment(text: str) -> tuple[float, str]:
    """`25%` -> (25, '%'), `1.5s` -> (1.5, 's'), `30f` -> (30, 'f').

    Raises:
        ValueError: neither of them.
    """
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a moment: write a percentage (25%), seconds (1.5s) or frames (30f)")
    return float(found[1]), found[2]


@dataclass(frozen=True)
class Keyframes:
    """A setting that moves from key to key.

    Attributes:
        shares: the keys' moments, rising, in [0, 1].
        values: the setting at each of them.
        eases: for each key how the setting gets from it to the next one; names of `EASINGS`.
    """

    shares: tuple[float, ...]
    values: tuple[float, ...]
    eases: tuple[str, ...]

    def value_at(self, share: float, *, loop: bool) -> float:
        """The setting at one moment: held before the first key and behind the last, or closed in a loop."""
        after = bisect_right(self.shares, share)
        if 0 < after < len(self.shares):
            return self._between(after - 1, after, self.shares[after] - self.shares[after - 1], share)
        if not loop:
            return self.values[0 if after == 0 else -1]
        gap = 1 - self.shares[-1] + self.shares[0]  # behind the last key the way leads on to the first
        if gap <= 0:
            return self.values[0]
        since = share if after else share + 1
        return self._between(-1, 0, gap, since)

    def _between(self, start: int, end: int, gap: float, share: float) -> float:
        progress = EASINGS[self.eases[start]](min(1.0, (share - self.shares[start]) / gap))
        return self.values[start] + (self.values[end] - self.values[start]) * progress
