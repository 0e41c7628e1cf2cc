"""A whole training run: pictures in, a run folder out."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from artforge.core.errors import OutputError, UsageError
from artforge.engine.data.catalogue import open_dataset
from artforge.engine.data.dataset import Dataset
from artforge.engine.data.splits import Split, split_by_group
from artforge.engine.models.architectures import find_architecture
from artforge.engine.training import run_folder
from artforge.engine.training.checkpoint import (
    Checkpoint,
    Progress,
    assign_values,
    read_checkpoint,
    write_checkpoint,
)
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.config_file import read_config
from artforge.engine.training.epoch import Task, Watcher
from artforge.engine.training.finish import finish_run
from artforge.engine.training.fit import Trained, fit
from artforge.engine.training.fit_baseline import fit_in_one_go
from artforge.engine.training.fitting import fitted_to_network, fitted_to_pictures
from artforge.engine.training.networks import check_weights, network_to_train, new_network
from artforge.engine.training.parallel import ONE_DEVICE, Devices, Machines, open_devices
from artforge.engine.training.together import check_same_pictures, check_same_settings, resumed_alike


class RunWatcher(Watcher, Protocol):
    """Whoever wants to follow a whole run."""

    def pictures_done(self, done: int, total: int) -> None:
        """While pictures are drawn or read."""

    def data_ready(self, dataset: Dataset, split: Split, folder: Path) -> None:
        """Before training."""

    def told(self, message: str) -> None:
        """What a person should know: the device, the weights that a file filled."""

    def training_starts(self, first_epoch: int, num_epochs: int, num_parameters: int) -> None:
        """When the network is built; epochs count from 1."""


@dataclass(frozen=True)
class RunResult:
    """How a run ended.

    Attributes:
        folder: where everything lies.
        progress: the history; `best_epoch` is the one kept.
        scores: of the test, or None where Ctrl-C came before the first epoch was done.
        interrupted: whether Ctrl-C ended it.
        diverged: what is to be said where the loss was no longer a number.
        was_done: whether there was nothing left to do: all epochs were done and tested before.
    """

    folder: Path
    progress: Progress
    scores: dict[str, Any] | None
    interrupted: bool
    diverged: str | None = None
    was_done: bool = False


def start_run(config: TrainConfig, out: Path | None, watcher: RunWatcher, machines: Machines = ONE_DEVICE) -> RunResult:
    """Train a new network and leave a run folder; of several workers the first alone leaves one.

    Args:
        config: the settings.
        out: the run folder; None takes the next free one below `runs`.
        watcher: follows the run.
        machines: to train on.

    Raises:
        UsageError: `out` already holds a run or another process is at work in it, or settings that do not go together.
        OutputError: the folder cannot be written to.
        DatasetError: the pictures cannot be trained on.
        ChoiceError: no such architecture, or no such weights of it.
        ModelError: the weights do not fit, or training diverged in its first epoch.
    """
    config = fitted_to_network(config, find_architecture(config.architecture))
    check_weights(config)
    devices = open_devices(machines, config)
    folder = out if out is not None else run_folder.next_run_folder(config.model_name)
    if machines.cluster:
        check_same_settings(machines.cluster, config)
        folder = Path(machines.cluster.from_first("folder", str(folder)))
    with _kept(run_folder.new_run_folder, folder, machines):
        dataset, split = _open_pictures(config, watcher.pictures_done)
        progress = Progress(data_key(dataset, split), class_names=list(dataset.class_names))
        if machines.cluster:
            check_same_pictures(machines.cluster, dataset, progress.data_key)
        task = _task(fitted_to_pictures(config, len(split.training)), dataset, split, devices)
        network = network_to_train(task, watcher.told, with_weights=True)
        if machines.is_first:
            run_folder.write_start(folder, task.config, dataset, split)
        return _run(folder, network, task, Checkpoint(progress, variables=[], best_weights=[]), watcher)


def resume_run(
    folder: Path, changes: dict[str, Any], watcher: RunWatcher, machines: Machines = ONE_DEVICE
) -> RunResult:
    """Go on from the last finished epoch of a run, as if it had never stopped, on whatever machines.

    Args:
        folder: the run folder; of several workers the first alone needs it.
        changes: `epochs` or `minutes` for more of them, `data` where the pictures have moved; nothing else may change.
        watcher: follows the run.
        machines: to train on.

    Raises:
        UsageError: no run there or another process at work in it, or the classes or the pictures are not the same now.
        ModelError: a damaged checkpoint.
        DatasetError: the pictures cannot be found.
    """
    with _kept(run_folder.old_run_folder, folder, machines):
        return _resume(folder, changes, watcher, machines)


def _kept(
    keep: Callable[[Path], AbstractContextManager[None]], folder: Path, machines: Machines
) -> AbstractContextManager[None]:
    """The folder for this run alone; of several workers only the first has one."""
    return keep(folder) if machines.is_first else nullcontext()


def _resume(folder: Path, changes: dict[str, Any], watcher: RunWatcher, machines: Machines) -> RunResult:
    if machines.cluster:
        config, checkpoint = resumed_alike(machines.cluster, lambda: _read_run(folder, changes), changes)
    else:
        config, checkpoint = _read_run(folder, changes)
    progress = checkpoint.progress
    if changes.get("epochs", 0) > progress.num_epochs:
        progress.stopped_early = False  # more epochs were asked for in so many words
    if _is_over(config, progress) and machines.cluster is None and "data" not in changes:
        scores = run_folder.read_scores(folder, progress.num_epochs)
        if scores is not None:
            return RunResult(folder, progress, scores, interrupted=False, was_done=True)
    devices = open_devices(machines, config)
    dataset, split = _open_pictures(config, watcher.pictures_done)
    key = data_key(dataset, split)
    if not progress.data_key:
        progress.data_key, progress.class_names = key, list(dataset.class_names)
    if machines.cluster:
        check_same_pictures(machines.cluster, dataset, key)
    _check_same_pictures(folder, progress, dataset, key)
    task = _task(config, dataset, split, devices)
    network = network_to_train(task, watcher.told, with_weights=not checkpoint.variables)
    if machines.is_first:
        run_folder.write_start(folder, config, dataset, split)
    return _run(folder, network, task, checkpoint, watcher)


def _is_over(config: TrainConfig, progress: Progress) -> bool:
    """Whether no epoch is left to do."""
    is_late = config.minutes is not None and progress.seconds >= 60 * config.minutes
    return progress.num_epochs > 0 and (progress.num_epochs >= config.epochs or progress.stopped_early or is_late)


def _read_run(folder: Path, changes: dict[str, Any]) -> tuple[TrainConfig, Checkpoint]:
    config = TrainConfig.model_validate({**read_config(folder / run_folder.CONFIG_FILE), **changes})
    path = folder / run_folder.CHECKPOINT_FILE
    return config, read_checkpoint(path) if path.is_file() else Checkpoint(Progress(""), variables=[], best_weights=[])


def _check_same_pictures(folder: Path, progress: Progress, dataset: Dataset, key: str) -> None:
    if progress.class_names and progress.class_names != list(dataset.class_names):
        raise UsageError(
            f"{folder}: this run tells apart {', '.join(progress.class_names)}, in this order; the pictures are of "
            f"{', '.join(dataset.class_names)}. Give --data the same classes, or train again without --resume."
        )
    if progress.data_key != key:
        raise UsageError(
            f"{folder}: the pictures are not those that this run was started with (added, changed or taken away). "
            "Put them back, or train again without --resume."
        )


def _open_pictures(config: TrainConfig, progress: Callable[[int, int], None]) -> tuple[Dataset, Split]:
    dataset = open_dataset(
        None if config.data is None else Path(config.data),
        image_size=config.image_size or find_architecture(config.architecture).image_size,
        seed=config.seed,
        kind=config.dataset,
        cache=config.cache,
        num_threads=max(2, os.cpu_count() or 2),
        pictures_per_class=config.pictures_per_class,
        progress=progress,
    )
    split = dataset.split or split_by_group(dataset.labels, dataset.groups, dataset.class_names, seed=config.seed)
    return dataset, split


def _task(config: TrainConfig, dataset: Dataset, split: Split, devices: Devices) -> Task:
    task = Task(dataset, split, config, find_architecture(config.architecture).value_range, devices)
    devices.check_batch(task.batch_size)
    if config.gradient_accumulation > task.batches_per_epoch:
        raise UsageError(
            f"--gradient-accumulation {config.gradient_accumulation}: an epoch has {task.batches_per_epoch} batches, "
            "so the network would go through whole epochs without a step. Take no more than these, or a smaller "
            "--batch-size."
        )
    return task


def _run(folder: Path, network: Any, task: Task, checkpoint: Checkpoint, watcher: RunWatcher) -> RunResult:
    watcher.data_ready(task.dataset, task.split, folder)
    watcher.told(f"device: {task.devices.description}")
    trained = _train(folder, network, task, checkpoint, watcher)
    task.devices.leave()
    if not checkpoint.best_weights or not task.devices.is_first:
        return RunResult(folder, trained.progress, None, trained.interrupted)
    bare = new_network(task)  # the file needs neither an optimizer, which is twice the weights, nor half precision
    assign_values(bare.weights, checkpoint.best_weights, str(folder))
    scores = finish_run(folder, bare, task, trained.progress)
    return RunResult(folder, trained.progress, scores, trained.interrupted, trained.diverged)


def _train(folder: Path, network: Any, task: Task, checkpoint: Checkpoint, watcher: RunWatcher) -> Trained:
    if find_architecture(task.config.architecture).trained_by == "fit":
        watcher.training_starts(1, 1, network.count_params())
        return fit_in_one_go(task, checkpoint, watcher)
    watcher.training_starts(checkpoint.progress.num_epochs + 1, task.config.epochs, network.count_params())

    def save(current: Checkpoint) -> None:
        if not task.devices.is_first:
            return
        try:
            write_checkpoint(folder / run_folder.CHECKPOINT_FILE, current)
            run_folder.write_history(folder, current.progress)
        except OutputError as error:
            go_on = f"artforge train --resume {shlex.quote(str(folder))}"
            if not (folder / run_folder.CHECKPOINT_FILE).is_file():
                raise OutputError(
                    f"{error} No epoch is on the disk yet: when there is room, begin again with: {go_on}"
                ) from error
            raise OutputError(
                f"{error} What was written before is kept: when there is room, go on from the last epoch on the disk "
                f"with: {go_on}"
            ) from error

    with task.devices.scope():
        return fit(network, task, checkpoint=checkpoint, save=save, watcher=watcher)


def data_key(dataset: Dataset, split: Split) -> str:
    """SHA-256 over the pictures, their size, their labels and their sides: 64 hex digits."""
    digest = hashlib.sha256(f"{dataset.content_sha256} {dataset.images.shape}".encode())
    digest.update("\x1f".join(split.names()).encode())
    return digest.hexdigest()
