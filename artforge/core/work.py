"""What goes on around a step while it runs: where it may keep its state, and who hears how far it is.

A step is a plain function and knows nothing of files or screens. One that takes minutes asks here; where nobody has
said anything, as in a call from Python, nothing is kept and nobody is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path


def _tell_nobody(*_: object) -> None:
    pass


@dataclass(frozen=True)
class Work:
    """What surrounds a step.

    Attributes:
        state_file: where it may keep its state, so that it goes on after it was stopped; whoever runs the step takes
            the file away when it is done. Further files begin with this name.
        advanced: told the share of the work that is done, in [0, 1], and how it stands.
        noticed: told what the person should know of the result, such as a filter that is dead.
        remarked: told what is good to know and needs no mending, such as how much shorter a pen's way has become.
        scale: how large the result is beside the finished work: 1, or less for a preview, all of whose lengths are so
            much shorter.
    """

    state_file: Path | None = None
    advanced: Callable[[float, str], None] = _tell_nobody
    noticed: Callable[[str], None] = _tell_nobody
    remarked: Callable[[str], None] = _tell_nobody
    scale: float = 1.0


_CURRENT: ContextVar[Work] = ContextVar("work", default=Work())  # noqa: B039 - frozen


def current_work() -> Work:
    """What surrounds the step that runs now."""
    return _CURRENT.get()


@contextmanager
def working(work: Work) -> Iterator[None]:
    """Within the block this surrounds every step."""
    token = _CURRENT.set(work)
    try:
        yield
    finally:
        _CURRENT.reset(token)
