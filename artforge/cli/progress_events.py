"""How far long steps are, for a program: an event every half second and no more."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial

from artforge.cli.console import event
from artforge.core.pace import Pace


class ProgressEvents:
    """Tells `{"event": "progress", "step": ..., "share": ..., "told": ...}` on stdout, with a place in front.

    Each step has its own half second. That a step is done is told by what comes after it, such as the event `node`.

    Args:
        clock: seconds that only rise.
        place: what the step belongs to, such as its recipe.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, **place: str) -> None:
        self._place = place
        self._paces: defaultdict[str, Pace] = defaultdict(partial(Pace, clock))

    def tell(self, step: str, share: float, told: str) -> None:
        """A step is so far: the share in [0, 1], and how it stands."""
        if self._paces[step].is_due():
            event({"event": "progress", **self._place, "step": step, "share": round(share, 4), "told": told})
