"""A worker in a process of its own that is watched: JAX ends a process whose partners are lost, and says it in C++.

The watcher computes nothing. When the worker has died it knows from what the worker reported before, and from what the
libraries wrote, who was lost and what is kept, and turns that into an error as any other.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import shlex
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType
from typing import Any

from artforge.core.errors import OutputError
from artforge.engine.training.cluster import ClusterError, Place, named

LOST = 75
"""The code with which a worker ends whose partners are gone (EX_TEMPFAIL)."""

_CHILD_OF_A_DEAD_ONE = 143
_TAKEN = re.compile("ALREADY_EXISTS|different incarnation|already (?:connected|registered)")
_SILENT = re.compile(r"stopped sending heartbeats\):?\s*\n((?:\s*\S*\d+\s*\n)+)")


@dataclass
class Report:
    """What a worker has told of itself so far; it sends each change to its watcher.

    Attributes:
        hosts: the machines of all workers, once they have met.
        folder: the run folder, in worker 0.
        num_epochs: that are done and lie in the checkpoint.
        lost: the workers that were found missing.
        reasons: what those said that could.
    """

    hosts: tuple[str, ...] = ()
    folder: Path | None = None
    num_epochs: int = 0
    lost: tuple[int, ...] = ()
    reasons: dict[int, str] = field(default_factory=dict)
    _to: Connection | None = field(default=None, repr=False)

    def tell(self, **changes: Any) -> None:
        """Set what has changed, here and for the watcher."""
        for name, value in changes.items():
            setattr(self, name, value)
        if self._to is not None:
            self._to.send(changes)


Work = Callable[..., int]
"""(report, *arguments) -> the exit code. It prints its own errors, and returns `LOST` when partners are gone."""


def supervise(place: Place, work: Work, arguments: Sequence[Any]) -> int:
    """Run a worker in a process of its own and see it to its end.

    Args:
        place: which worker it is.
        work: a function of a module; called there as `work(report, *arguments)`.
        arguments: that can be pickled.

    Returns:
        the worker's exit code, where it ended by itself.

    Raises:
        ClusterError: it lost the others, they never met, or it was killed.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix="artforge-", ignore_cleanup_errors=True) as scratch:
        said = Path(scratch) / "libraries.log"
        child = context.Process(target=_run, args=(work, arguments, sender, said), name=f"worker {place.worker}")
        child.start()
        sender.close()
        report = Report()
        with _passing_signals_to(child.pid or 0):
            while True:
                try:
                    report.tell(**receiver.recv())
                except EOFError:
                    break
            child.join()
        code = child.exitcode or 0
        if code >= 0 and code != LOST:
            return code
        raise ClusterError(explain_end(place, report, code, _read(said)))


def explain_end(place: Place, report: Report, code: int, said: str) -> str:
    """Why a worker is gone, what is kept, and how to go on.

    Args:
        place: which worker it was.
        report: what it told before.
        code: its exit code; minus the signal's number where one ended it.
        said: what the libraries wrote.
    """
    if _TAKEN.search(said):
        return (
            f"--worker {place.worker}: another process has joined {place.address} under this number. "
            f"Give each of the {place.num_workers} workers its own, from 0 to {place.num_workers - 1}."
        )
    if not report.hosts and code == -signal.SIGABRT:
        return (
            f"--cluster {place.address}: the {place.num_workers} workers did not all join within "
            f"{place.join_seconds} s. Start each one with the same --cluster and --num-workers and with a --worker of "
            f"its own, from 0 to {place.num_workers - 1}; --join-timeout waits longer."
        )
    lost = report.lost or _silent_ones(place, said)
    if not lost and code in (LOST, -signal.SIGABRT) and place.worker:
        lost = (0,)  # it runs the service that would have told of any other
    if lost:
        names = " and ".join(named(report.hosts, worker) for worker in lost)
        reasons = [f"  {reason}" for worker, reason in report.reasons.items() if worker in lost]
        what = "\n".join([f"{names} {'was' if len(lost) == 1 else 'were'} lost{_when(report)}.", *reasons])
        ways = "" if reasons else "See there what it said last. "
    else:
        what = f"this process, {named(report.hosts, place.worker)}, was ended by {_signal_name(code)}{_when(report)}."
        ways = "Where memory is short, take a smaller --batch-size. " if code == -signal.SIGKILL else ""
        last = said.strip().splitlines()[-3:] if code not in (-signal.SIGKILL, -signal.SIGTERM) else []
        what = "\n  ".join([what, *last])
    return f"{what}\n{_kept(place, report)}\n{ways}{_go_on(place, report)}"


def _when(report: Report) -> str:
    return f" in epoch {report.num_epochs + 1}" if report.hosts else ""


def _kept(place: Place, report: Report) -> str:
    holder = f" on {named(report.hosts, 0)}" if place.worker else ""
    if not report.num_epochs:
        return "No epoch was done, so there is no checkpoint yet."
    return f"The checkpoint of epoch {report.num_epochs} is kept{f' in {report.folder}' if report.folder else holder}."


def _go_on(place: Place, report: Report) -> str:
    folder = shlex.quote(str(report.folder)) if report.folder else "RUN"
    cluster = f"--cluster {place.address} --num-workers {place.num_workers} --worker {place.worker}"
    if not report.num_epochs:
        return "Then start all workers again."
    return (
        f"Go on with all workers, here by: artforge train --resume {folder} {cluster}"
        f"\nor on one machine by: artforge train --resume {folder}"
    )


def _silent_ones(place: Place, said: str) -> tuple[int, ...]:
    """The workers that JAX names because no sign of life came from them."""
    found = _SILENT.search(said)
    numbers = [int(re.findall(r"\d+", line)[-1]) for line in found[1].splitlines() if line.strip()] if found else []
    return tuple(number for number in numbers if number != place.worker)


def _signal_name(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _read(said: Path) -> str:
    return said.read_text(encoding="utf-8", errors="replace") if said.exists() else ""


@contextlib.contextmanager
def _passing_signals_to(process: int) -> Iterator[None]:
    """Hand the signals that ask to stop on to the worker, and wait for its end."""

    def hand_on(number: int, _: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(work: Work, arguments: Sequence[Any], sender: Connection, said: Path) -> None:
    """In the worker's process: do the work, and end without waiting for partners that may be gone."""
    _end_with_parent()
    signal.signal(signal.SIGINT, _interrupt_once)
    _divert_libraries(said)
    code = 1
    try:
        code = work(Report(_to=sender), *arguments)
    except Exception:  # noqa: BLE001 - shown as Python would, but without its way out, which waits for the others
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _interrupt_once(number: int, _: FrameType | None) -> None:
    """Ctrl-C on a terminal reaches this process twice: by itself, and through its watcher."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            wait([parent.sentinel])
            os._exit(_CHILD_OF_A_DEAD_ONE)

    threading.Thread(target=watch, name="watch parent", daemon=True).start()


def _divert_libraries(said: Path) -> None:
    """What C++ writes to both streams goes to a file; Python's own words still reach the person."""
    try:
        file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise OutputError(f"{said}: cannot be written ({error.strerror})") from error
    for number, name in ((1, "stdout"), (2, "stderr")):
        kept = os.dup(number)
        os.dup2(file, number)
        setattr(sys, name, os.fdopen(kept, "w", buffering=1, encoding="utf-8", errors="backslashreplace"))
    os.close(file)
