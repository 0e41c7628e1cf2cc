"""How often it is worth telling how far long work is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

TELL_SECONDS = 0.5
"""Nobody reads faster, and a line through a network costs more than a step of most work."""


class Pace:
    """Lets something through no more often than every half second, the first time at once.

    Args:
        clock: seconds that only rise.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = -math.inf

    def is_due(self) -> bool:
        """Whether it is time again; if so, the half second begins anew."""
        now = self._clock()
        if now - self._last < TELL_SECONDS:
            return False
        self._last = now
        return True
