"""Settings that move along a film from key to key."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from artforge.recipes.easing import EASINGS


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
