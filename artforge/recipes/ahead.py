"""Numbered work that is begun in other threads before it is asked for, so that nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """Results by number; the next ones, as far as one can tell from the last two, are begun meanwhile."""

    def __init__(self, executor: Executor, prepare: Callable[[int], Callable[[], T]], count: int, window: int) -> None:
        """Begin nothing yet.

        Args:
            executor: runs the work.
            prepare: called with a number in the thread that asks; gives the work that may run in any other.
            count: numbers run from 0 to this, without it.
            window: how many are begun ahead at most; 0 for none, which needs no thread at all.
        """
        self._executor = executor
        self._prepare = prepare
        self._count = count
        self._window = window
        self._begun: dict[int, Future[T]] = {}
        self._last = -1
        self._stopped = False

    def result(self, index: int) -> T:
        """What number `index` gives.

        Raises:
            Exception: whatever its work raises.
        """
        if self._window < 1:
            return self._prepare(index)()
        if not self._stopped:
            step = max(1, index - self._last)
            self._last = index
            wanted = range(index, min(self._count, index + step * self._window + 1), step)
            self.forget(keep=wanted)
            for each in wanted:
                if each not in self._begun:
                    self._begun[each] = self._executor.submit(self._prepare(each))
        return self._begun.pop(index).result()

    def forget(self, keep: range = range(0)) -> None:
        """Drop what was begun and is not in `keep`; what runs already ends for nothing."""
        for each in [each for each in self._begun if each not in keep]:
            self._begun.pop(each).cancel()

    def stop(self) -> list[int]:
        """Begin no more; gives the numbers, in order, that run or have ended and so still have a result."""
        self._stopped = True
        return sorted(each for each, future in self._begun.items() if not future.cancel())
