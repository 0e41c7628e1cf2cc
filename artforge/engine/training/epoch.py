"""One pass over the training pictures, and what the network makes of the validation pictures after it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError
from artforge.core.pictures import to_float
from artforge.engine.data.dataset import Dataset
from artforge.engine.data.splits import Split
from artforge.engine.evaluation.metrics import class_recalls, confusion_matrix, predicted_labels
from artforge.engine.training.batch_scores import Row, batch_scores, evaluation_rows, weighted_loss
from artforge.engine.training.batches import Batch, balancing_weights, epoch_batches, in_range, num_batches
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.parallel import Devices, ImagesOf, Predictor
from artforge.engine.training.phases import Phase, phase_of
from artforge.engine.training.schedule import learning_rate
from artforge.engine.training.step import Step


class DivergedError(ModelError):
    """The loss is no longer a number."""


class Watcher(Protocol):
    """Whoever wants to follow a run."""

    def batch_done(self, epoch: int, batch: int, num_batches: int, loss: float) -> None:
        """After each batch; `epoch` and `batch` count from 1."""

    def epoch_done(self, row: dict[str, float], *, is_best: bool) -> None:
        """After each epoch, with its row of the history."""


@dataclass(frozen=True)
class Task:
    """What is to be learned, and by what means.

    Attributes:
        dataset: all the pictures.
        split: which of them to train on, and to choose the best epoch by.
        config: the settings, all filled in.
        value_range: (low, high) of the pixel values that the network expects.
        devices: what it computes on.
    """

    dataset: Dataset
    split: Split
    config: TrainConfig
    value_range: tuple[float, float]
    devices: Devices

    @property
    def class_weights(self) -> NDArray[np.float32]:
        """float32 (classes,), how much a picture of each class counts in the loss."""
        return class_weights_of(self.config, self.class_counts)

    @property
    def class_counts(self) -> NDArray[np.int64]:
        """int64 (classes,), training pictures of each."""
        return np.bincount(self.dataset.labels[self.split.training], minlength=len(self.dataset.class_names))

    @property
    def batch_size(self) -> int:
        """Pictures in every batch: fewer than asked for where there are no more."""
        return min(self.config.batch_size, len(self.split.training) * self.config.num_views)

    @property
    def batches_per_epoch(self) -> int:
        """Whole batches in an epoch."""
        return num_batches(len(self.split.training) * self.config.num_views, self.config.batch_size)

    @property
    def images_of(self) -> ImagesOf:
        """Asks for pictures by their indices, as the network takes them."""
        return lambda indices: in_range(to_float(self.dataset.images[indices]), self.value_range)


def class_weights_of(config: TrainConfig, class_counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """How much a picture of each class counts in the loss: float32 (classes,)."""
    return balancing_weights(class_counts) if config.balance_classes else np.ones(len(class_counts), np.float32)


@dataclass
class Clock:
    """The time that a run may take.

    Attributes:
        minutes: of it; None never ends.
        spent: seconds of the epochs before.
    """

    minutes: float | None
    spent: float

    def __post_init__(self) -> None:
        self._begun = time.perf_counter()

    @property
    def share(self) -> float:
        """How much of the time is over, in [0, 1]; 0 where it never ends."""
        if self.minutes is None:
            return 0.0
        return min(1.0, (self.spent + time.perf_counter() - self._begun) / (60 * self.minutes))


@dataclass(frozen=True)
class Steps:
    """The training part of an epoch.

    Attributes:
        rows: of the history, one for each batch.
        losses: of the batches.
        num_pictures: that were shown.
        seconds: they took.
        learning_rate: of the last step.
        waiting: share of the seconds in which the network waited for pictures.
    """

    rows: list[Row]
    losses: list[float]
    num_pictures: int
    seconds: float
    learning_rate: float
    waiting: float


def train_steps(
    task: Task,
    step: Step,
    *,
    phase: Phase,
    epoch: int,
    val_losses: list[float],
    clock: Clock,
    watcher: Watcher,
) -> Steps:
    """Make the steps of an epoch, or as many as the clock allows, but at least one.

    Args:
        task: what is to be learned.
        step: makes the steps.
        phase: in which the epoch lies.
        epoch: counted from 1.
        val_losses: of the phase's epochs so far.
        clock: may end the epoch.
        watcher: follows the run.

    Raises:
        DivergedError: the loss is no longer a number.
    """
    config, count = task.config, task.batches_per_epoch
    rows: list[Row] = []
    losses: list[float] = []
    shown, waited, rate = 0, 0.0, 0.0
    begun = waits_since = time.perf_counter()
    for number, batch in enumerate(_batches(task, epoch), start=1):
        waited += time.perf_counter() - waits_since
        done = (epoch - phase.first_epoch) * count + number - 1
        share = task.devices.agree(clock.share) if clock.minutes else 0.0
        if share >= 1 and rows:
            break
        rate = learning_rate(config, phase, done, steps_per_epoch=count, val_losses=val_losses, time_share=share)
        outcome = step(batch, rate)
        if not math.isfinite(outcome.loss):
            raise _diverged(f"the loss became {outcome.loss} in epoch {epoch}, batch {number}", config, phase)
        measured = batch_scores(batch.labels, outcome.probabilities, outcome.loss)
        rows.append({"phase": "training", "epoch": epoch, "batch": number, **measured})
        losses.append(outcome.loss)
        shown += len(batch.labels)
        watcher.batch_done(epoch, number, count, outcome.loss)
        waits_since = time.perf_counter()
    seconds = time.perf_counter() - begun
    return Steps(rows, losses, shown, seconds, rate, waited / seconds)


def validate(task: Task, predict: Predictor, epoch: int) -> tuple[dict[str, float], list[Row]]:
    """What the network makes of the validation pictures: the epoch's measures, and a row for each batch.

    Raises:
        DivergedError: the loss is no longer a number.
    """
    config, chosen, weights = task.config, task.split.validation, task.class_weights
    labels = task.dataset.labels[chosen]
    probabilities = predict(task.images_of, chosen)
    loss = weighted_loss(labels, probabilities, weights)
    if not math.isfinite(loss):
        raise _diverged(f"the validation loss became {loss} after epoch {epoch}", config, phase_of(config, epoch))
    rows = evaluation_rows(
        "validation", epoch, labels, probabilities, weights, batch_size=config.batch_size, seed=config.seed
    )
    predicted = predicted_labels(probabilities)
    recalls = class_recalls(confusion_matrix(labels, predicted, len(weights)))
    measures = {
        "val_loss": task.devices.agree(loss),
        "val_accuracy": float((predicted == labels).mean()),
        "val_balanced_accuracy": float(recalls.mean()),
    }
    return measures, list(rows)


def _diverged(what: str, config: TrainConfig, phase: Phase) -> DivergedError:
    is_tuned = config.frozen_epochs and not phase.frozen and config.fine_tune_rate is not None
    option = "--fine-tune-rate" if is_tuned else "--learning-rate"
    return DivergedError(f"{what}: training diverged. Lower {option} (it is {phase.learning_rate:g}).")


def _batches(task: Task, epoch: int) -> Iterator[Batch]:
    config = task.config
    return epoch_batches(
        task.dataset.images,
        task.dataset.labels,
        task.split.training,
        task.class_weights,
        batch_size=config.batch_size,
        views=config.num_views,
        augmentation=config.augmentation,
        value_range=task.value_range,
        seed=config.seed,
        epoch=epoch,
        rows=task.devices.share(task.batch_size),
    )
