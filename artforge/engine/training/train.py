"""A whole training run: pictures in, a run folder out."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable
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
from artforge.engine.training.config import TrainConfig, read_config
from artforge.engine.training.epoch import Task, Watcher
from artforge.engine.training.finish import finish_run
from artforge.engine.training.fit import Trained, fit
from artforge.engine.training.fit_baseline import fit_in_one_go
from artforge.engine.training.fitting import fitted_to_network, fitted_to_pictures
from artforge.engine.training.networks import check_weights, network_to_train, new_network
from artforge.engine.training.parallel import open_devices

NUM_THREADS = 2


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
    """

    folder: Path
    progress: Progress
    scores: dict[str, Any] | None
    interrupted: bool
    diverged: str | None = None


def start_run(config: TrainConfig, out: Path | None, watcher: RunWatcher) -> RunResult:
    """Train a new network and leave a run folder.

    Args:
        config: the settings.
        out: the run folder; None takes the next free one below `runs`.
        watcher: follows the run.

    Raises:
        UsageError: `out` already holds a run, or settings that do not go together.
        OutputError: the folder cannot be written to.
        DatasetError: the pictures cannot be trained on.
        ChoiceError: no such architecture, or no such weights of it.
        ModelError: the weights do not fit, or training diverged in its first epoch.
    """
    config = fitted_to_network(config, find_architecture(config.architecture))
    check_weights(config)
    folder = out if out is not None else run_folder.next_run_folder(config.model_name)
    with run_folder.new_run_folder(folder):
        dataset, split = _open_pictures(config, watcher.pictures_done)
        task = _task(fitted_to_pictures(config, len(split.training)), dataset, split)
        network = network_to_train(task, watcher.told, with_weights=True)
        run_folder.write_start(folder, task.config, dataset, split)
    progress = Progress(data_key(dataset, split), class_names=list(dataset.class_names))
    return _run(folder, network, task, Checkpoint(progress, variables=[], best_weights=[]), watcher)


def resume_run(folder: Path, changes: dict[str, Any], watcher: RunWatcher) -> RunResult:
    """Go on from the last finished epoch of a run, as if it had never stopped.

    Args:
        folder: the run folder.
        changes: `epochs` or `minutes` for more of them, `data` where the pictures have moved; nothing else may change.
        watcher: follows the run.

    Raises:
        UsageError: no run there, or the classes or the pictures are not the same any more.
        ModelError: a damaged checkpoint.
        DatasetError: the pictures cannot be found.
    """
    config_file = folder / run_folder.CONFIG_FILE
    if not config_file.is_file():
        raise UsageError(f"{folder}: no run to resume (no {run_folder.CONFIG_FILE} in it). Give --resume a run folder.")
    run_folder.remove_unfinished(folder)
    config = TrainConfig.model_validate({**read_config(config_file), **changes})
    path = folder / run_folder.CHECKPOINT_FILE
    checkpoint = read_checkpoint(path) if path.is_file() else None
    dataset, split = _open_pictures(config, watcher.pictures_done)
    key = data_key(dataset, split)
    if checkpoint is None:
        progress = Progress(key, class_names=list(dataset.class_names))
        checkpoint = Checkpoint(progress, variables=[], best_weights=[])
    _check_same_pictures(folder, checkpoint.progress, dataset, key)
    if changes.get("epochs", 0) > checkpoint.progress.num_epochs:
        checkpoint.progress.stopped_early = False  # more epochs were asked for in so many words
    task = _task(config, dataset, split)
    network = network_to_train(task, watcher.told, with_weights=not checkpoint.variables)
    run_folder.write_start(folder, config, dataset, split)
    return _run(folder, network, task, checkpoint, watcher)


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
        num_threads=NUM_THREADS,
        pictures_per_class=config.pictures_per_class,
        progress=progress,
    )
    split = dataset.split or split_by_group(dataset.labels, dataset.groups, dataset.class_names, seed=config.seed)
    return dataset, split


def _task(config: TrainConfig, dataset: Dataset, split: Split) -> Task:
    devices = open_devices(1, batch_size=config.batch_size)
    architecture = find_architecture(config.architecture)
    return Task(dataset, split, config, value_range=architecture.value_range, devices=devices)


def _run(folder: Path, network: Any, task: Task, checkpoint: Checkpoint, watcher: RunWatcher) -> RunResult:
    watcher.data_ready(task.dataset, task.split, folder)
    watcher.told(f"device: {task.devices.description}")
    trained = _train(folder, network, task, checkpoint, watcher)
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
            raise OutputError(
                f"{error} What was written before is kept: when there is room, go on from the last epoch on the disk "
                f"with: artforge train --resume {shlex.quote(str(folder))}"
            ) from error

    with task.devices.scope():
        return fit(network, task, checkpoint=checkpoint, save=save, watcher=watcher)


def data_key(dataset: Dataset, split: Split) -> str:
    """SHA-256 over the pictures, their size, their labels and their sides: 64 hex digits."""
    digest = hashlib.sha256(f"{dataset.content_sha256} {dataset.images.shape}".encode())
    digest.update("\x1f".join(split.names()).encode())
    return digest.hexdigest()
