"""A whole training run: pictures in, a run folder out."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import UsageError, check_choice
from artforge.engine.backend import load_keras
from artforge.engine.data.catalogue import open_dataset
from artforge.engine.data.dataset import Dataset
from artforge.engine.data.splits import Split, split_by_group
from artforge.engine.evaluation.metrics import predicted_labels, score_predictions
from artforge.engine.models.architectures import ARCHITECTURES, build_architecture, output_bias
from artforge.engine.models.store import save_model
from artforge.engine.training import fit, run_folder
from artforge.engine.training.checkpoint import Checkpoint, Progress, read_checkpoint, write_checkpoint
from artforge.engine.training.config import TrainConfig, fitted_epochs, read_config

NUM_THREADS = 2
_SCORES_ON_CARD = ("accuracy", "balanced_accuracy", "roc_auc", "macro_roc_auc", "num_pictures")


class RunWatcher(fit.Watcher, Protocol):
    """Whoever wants to follow a whole run."""

    def pictures_done(self, done: int, total: int) -> None:
        """While pictures are drawn or read."""

    def data_ready(self, dataset: Dataset, split: Split, folder: Path) -> None:
        """Before training."""

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
    """

    folder: Path
    progress: Progress
    scores: dict[str, Any] | None
    interrupted: bool


def start_run(config: TrainConfig, out: Path | None, watcher: RunWatcher) -> RunResult:
    """Train a new network and leave a run folder.

    Args:
        config: the settings.
        out: the run folder; None takes the next free one below `runs`.
        watcher: follows the run.

    Raises:
        UsageError: `out` already holds a run.
        OutputError: the folder cannot be written to.
        DatasetError: the pictures cannot be trained on.
        ChoiceError: no such architecture.
    """
    check_choice("architecture", config.architecture, list(ARCHITECTURES))
    folder = out if out is not None else run_folder.next_run_folder(config.model_name)
    with run_folder.new_run_folder(folder):
        dataset, split = _prepare_data(config, watcher.pictures_done)
        if not config.epochs:
            config = config.model_copy(update={"epochs": fitted_epochs(len(split.training))})
        run_folder.write_start(folder, config, dataset, split)
    watcher.data_ready(dataset, split, folder)
    checkpoint = Checkpoint(Progress(data_key(dataset, split)), variables=[], best_weights=[])
    return _run(folder, config, dataset, split, checkpoint, watcher)


def resume_run(folder: Path, changes: dict[str, Any], watcher: RunWatcher) -> RunResult:
    """Go on from the last finished epoch of a run, as if it had never stopped.

    Args:
        folder: the run folder.
        changes: `epochs` for more of them, `data` where the pictures have moved; nothing else may change.
        watcher: follows the run.

    Raises:
        UsageError: no run there, or the pictures are not the same any more.
        ModelError: a damaged checkpoint.
        DatasetError: the pictures cannot be found.
    """
    config_file = folder / run_folder.CONFIG_FILE
    if not config_file.is_file():
        raise UsageError(f"{folder}: no run to resume (no {run_folder.CONFIG_FILE} in it). Give --resume a run folder.")
    config = TrainConfig.model_validate({**read_config(config_file), **changes})
    dataset, split = _prepare_data(config, watcher.pictures_done)
    key = data_key(dataset, split)
    path = folder / run_folder.CHECKPOINT_FILE
    checkpoint = read_checkpoint(path) if path.is_file() else Checkpoint(Progress(key), variables=[], best_weights=[])
    if checkpoint.progress.data_key != key:
        raise UsageError(
            f"{folder}: the pictures are not those that this run was started with (added, changed or taken away). "
            "Put them back, or train again without --resume."
        )
    if changes.get("epochs", 0) > checkpoint.progress.num_epochs:
        checkpoint.progress.stopped_early = False  # more epochs were asked for in so many words
    run_folder.write_start(folder, config, dataset, split)
    watcher.data_ready(dataset, split, folder)
    return _run(folder, config, dataset, split, checkpoint, watcher)


def _prepare_data(config: TrainConfig, progress: Callable[[int, int], None]) -> tuple[Dataset, Split]:
    dataset = open_dataset(
        None if config.data is None else Path(config.data),
        image_size=config.image_size,
        seed=config.seed,
        num_threads=NUM_THREADS,
        pictures_per_class=config.pictures_per_class,
        progress=progress,
    )
    split = dataset.split or split_by_group(dataset.labels, dataset.groups, dataset.class_names, seed=config.seed)
    return dataset, split


def _run(
    folder: Path, config: TrainConfig, dataset: Dataset, split: Split, checkpoint: Checkpoint, watcher: RunWatcher
) -> RunResult:
    network = _new_network(config, dataset, split)
    fit.compile_network(network, config, len(split.training))
    watcher.training_starts(checkpoint.progress.num_epochs + 1, config.epochs, network.count_params())

    def save(current: Checkpoint) -> None:
        write_checkpoint(folder / run_folder.CHECKPOINT_FILE, current)
        run_folder.write_history(folder, current.progress)

    trained = fit.fit(network, dataset, split, config, checkpoint=checkpoint, save=save, watcher=watcher)
    if not trained.progress.best_epoch:
        return RunResult(folder, trained.progress, None, trained.interrupted)
    scores = _test(network, dataset, split)
    bare = _new_network(config, dataset, split)  # the file needs no optimizer, which is twice the weights
    bare.set_weights(network.get_weights())
    save_model(
        bare,
        folder,
        name=config.model_name,
        class_names=dataset.class_names,
        input_size=(config.image_size, config.image_size),
        scores={name: scores[name] for name in _SCORES_ON_CARD if name in scores},
    )
    run_folder.write_results(folder, trained.progress, scores, config.model_name)
    return RunResult(folder, trained.progress, scores, trained.interrupted)


def _new_network(config: TrainConfig, dataset: Dataset, split: Split) -> Any:
    """The same weights for the same seed."""
    load_keras().utils.set_random_seed(config.seed % 2**32)
    counts = np.bincount(dataset.labels[split.training], minlength=len(dataset.class_names))
    weighed = counts * fit.class_weights_of(config, counts)  # the balance as the loss sees it
    return build_architecture(
        config.architecture,
        len(dataset.class_names),
        picture_shape=dataset.images.shape[1:],
        dropout=config.dropout,
        output_bias=output_bias(weighed),
    )


def _test(network: Any, dataset: Dataset, split: Split) -> dict[str, Any]:
    labels = dataset.labels[split.test]
    probabilities = fit.predict_probabilities(network, dataset.images[split.test])
    scores = score_predictions(labels, probabilities, dataset.class_names)
    items = [dataset.items[index] for index in split.test]
    return {**scores, "by_folder": accuracy_by_folder(items, predicted_labels(probabilities) == labels)}


def accuracy_by_folder(items: list[str], right: NDArray[np.bool_]) -> dict[str, dict[str, float]]:
    """The accuracy within each folder (or family of the embedded set), so that a weak spot shows."""
    verdicts: dict[str, list[bool]] = defaultdict(list)
    for item, is_right in zip(items, right.tolist(), strict=True):
        verdicts[str(PurePosixPath(item.removeprefix("embedded:")).parent)].append(is_right)
    return {
        folder: {"accuracy": sum(own) / len(own), "num_pictures": len(own)} for folder, own in sorted(verdicts.items())
    }


def data_key(dataset: Dataset, split: Split) -> str:
    """SHA-256 over the pictures, their labels and their sides: 64 hex digits."""
    digest = hashlib.sha256(np.ascontiguousarray(dataset.images).data)
    for texts in (dataset.items, map(str, dataset.labels), dataset.class_names, split.names()):
        digest.update("\x1f".join(texts).encode() + b"\x1e")
    return digest.hexdigest()
