"""What `artforge train` was asked for, carried out here or, in a cluster, in a process that is watched."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from artforge.cli.console import note, report_error, warn
from artforge.cli.terminal import console
from artforge.cli.training_progress import INTERRUPTED, TrainingProgress, tell_end
from artforge.core.errors import ArtforgeError

if TYPE_CHECKING:
    from artforge.engine.data.dataset import Dataset
    from artforge.engine.data.splits import Split
    from artforge.engine.training.cluster import Cluster, Place
    from artforge.engine.training.config import TrainConfig
    from artforge.engine.training.parallel import DeviceChoice
    from artforge.engine.training.supervisor import Report
    from artforge.engine.training.train import RunResult, RunWatcher


@dataclass(frozen=True)
class Request:
    """A run that was asked for.

    Attributes:
        config: its settings; None where it goes on with another's.
        changes: to those, where it goes on.
        resume: the run folder to go on with.
        out: the run folder to make.
        devices: how many of this machine's.
        as_json: whether stdout is for a program.
    """

    config: TrainConfig | None
    changes: dict[str, Any]
    resume: Path | None
    out: Path | None
    devices: DeviceChoice
    as_json: bool


def train_here(request: Request) -> None:
    """Train in this process and tell how it went."""
    begun = time.perf_counter()
    with TrainingProgress(console, as_json=request.as_json) as watcher:
        ended = _carry_out(request, watcher)
    tell_end(ended, seconds=time.perf_counter() - begun, as_json=request.as_json)


def train_in_cluster(request: Request, place: Place) -> None:
    """Train as one of several workers, in a process of its own.

    Raises:
        UsageError: the place is none.
        ClusterError: the workers did not meet, or lost each other.
        typer.Exit: with the code of the worker, if that is not 0.
    """
    from artforge.engine.training.cluster import check_place
    from artforge.engine.training.supervisor import supervise

    code = supervise(check_place(place), train_as_worker, (place, request))
    if code:
        raise typer.Exit(code)


def train_as_worker(report: Report, place: Place, request: Request) -> int:
    """In the worker's process: meet the others, train with them, and return the exit code."""
    from artforge.engine.training.cluster import join
    from artforge.engine.training.supervisor import LOST
    from artforge.engine.training.together import LostError, run_together

    begun = time.perf_counter()
    try:
        cluster = join(place)
        report.tell(hosts=cluster.hosts)
        with _WorkerProgress(console, report, place.worker, as_json=request.as_json) as watcher:
            ended = run_together(cluster, lambda: _carry_out(request, watcher, cluster))
        if place.worker:
            note(f"trained to the end; the run folder is on {cluster.named(0)}: {ended.folder}")
        else:
            tell_end(ended, seconds=time.perf_counter() - begun, as_json=request.as_json)
    except LostError as error:
        report.tell(lost=tuple(error.workers), reasons=error.reasons)
        return LOST
    except ArtforgeError as error:
        report_error(str(error))
        return error.exit_code
    except typer.Exit as ended_with:
        return ended_with.exit_code
    except KeyboardInterrupt:
        warn("stopped by Ctrl-C, and so are all other workers; the last epoch's checkpoint is kept")
        return INTERRUPTED
    return 0


class _WorkerProgress(TrainingProgress):
    """Tells the watching process too what there would be to go on with."""

    def __init__(self, to: Console, report: Report, worker: int, *, as_json: bool) -> None:
        super().__init__(to, as_json=as_json)
        self._report = report
        self._worker = worker

    def data_ready(self, dataset: Dataset, split: Split, folder: Path) -> None:
        super().data_ready(dataset, split, folder)
        if self._worker == 0:
            self._report.tell(folder=folder)

    def training_starts(self, first_epoch: int, num_epochs: int, num_parameters: int) -> None:
        super().training_starts(first_epoch, num_epochs, num_parameters)
        self._report.tell(num_epochs=first_epoch - 1)

    def epoch_done(self, row: dict[str, float], *, is_best: bool) -> None:
        super().epoch_done(row, is_best=is_best)
        self._report.tell(num_epochs=int(row["epoch"]))


def _carry_out(request: Request, watcher: RunWatcher, cluster: Cluster | None = None) -> RunResult:
    from artforge.engine.training.parallel import Machines
    from artforge.engine.training.train import resume_run, start_run

    machines = Machines(request.devices, cluster)
    if request.config is None:
        return resume_run(request.resume or Path(), request.changes, watcher, machines)
    return start_run(request.config, request.out, watcher, machines)
