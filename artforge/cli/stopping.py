"""Ctrl-C in two steps: the first lets the work at hand be finished, the second stops at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, current_thread, main_thread
from types import FrameType


@contextmanager
def finishing_first(told: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Within the block the first Ctrl-C is only noted, and `told` is called; a second one interrupts.

    Yields:
        Whether Ctrl-C came.
    """
    asked = Event()
    if current_thread() is not main_thread():  # only the main thread may listen to signals
        yield asked.is_set
        return

    def note_it(number: int, frame: FrameType | None) -> None:
        del number, frame
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with suppress(RuntimeError):  # it came in the middle of another message
            told()

    before = signal.signal(signal.SIGINT, note_it)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
