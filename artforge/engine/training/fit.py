"""The training loop: one epoch after another, the best one kept, a checkpoint after each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError
from artforge.engine.backend import load_keras
from artforge.engine.data.dataset import Dataset
from artforge.engine.data.splits import Split
from artforge.engine.evaluation.metrics import class_recalls, confusion_matrix, predicted_labels
from artforge.engine.training.batches import balancing_weights, epoch_batches, num_batches
from artforge.engine.training.checkpoint import Checkpoint, Progress, assign_values, values_of
from artforge.engine.training.config import TrainConfig

PREDICT_BATCH = 64


class Watcher(Protocol):
    """Whoever wants to follow a run."""

    def batch_done(self, epoch: int, batch: int, num_batches: int, loss: float) -> None:
        """After each optimizer step; `epoch` and `batch` count from 1."""

    def epoch_done(self, row: dict[str, float], *, is_best: bool) -> None:
        """After each epoch, with its row of the history."""


@dataclass(frozen=True)
class Trained:
    """What the loop leaves: the network holds the weights of the best epoch.

    Attributes:
        progress: with the whole history.
        interrupted: whether Ctrl-C ended it.
    """

    progress: Progress
    interrupted: bool


def class_weights_of(config: TrainConfig, class_counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """How much a picture of each class counts in the loss: float32 (classes,)."""
    return balancing_weights(class_counts) if config.balance_classes else np.ones(len(class_counts), np.float32)


def compile_network(network: Any, config: TrainConfig, num_training: int) -> None:
    """Give the network its optimizer and loss: AdamW, by default with a warm-up of one epoch and a cosine fall.

    Sources: Loshchilov & Hutter, https://arxiv.org/abs/1711.05101 (AdamW) and https://arxiv.org/abs/1608.03983 (cosine)
    """
    keras = load_keras()
    binary = network.outputs[0].shape[-1] == 1
    loss = keras.losses.BinaryCrossentropy() if binary else keras.losses.CategoricalCrossentropy()
    optimizer = keras.optimizers.AdamW(_learning_rate(config, num_training), weight_decay=config.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
    network.compile(optimizer=optimizer, loss=loss, jit_compile=False)  # XLA is slower here on a CPU
    optimizer.build(network.trainable_variables)  # so that a checkpoint can be put into it before the first step


def _learning_rate(config: TrainConfig, num_training: int) -> Any:
    if config.schedule == "constant":
        return config.learning_rate
    steps = num_batches(num_training * config.views, config.batch_size)
    return load_keras().optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate / 20,
        warmup_target=config.learning_rate,
        warmup_steps=steps,
        decay_steps=max(1, steps * (config.epochs - 1)),
        alpha=0.01,
    )


def fit(
    network: Any,
    dataset: Dataset,
    split: Split,
    config: TrainConfig,
    *,
    checkpoint: Checkpoint,
    save: Callable[[Checkpoint], None],
    watcher: Watcher,
) -> Trained:
    """Train a compiled network from where the checkpoint stands; at the end it holds its best epoch's weights.

    Ctrl-C ends the loop at once, and the best finished epoch is kept.

    Args:
        network: as `compile_network` leaves it.
        dataset: all the pictures.
        split: which of them to train on, and to choose the best epoch by.
        config: the settings.
        checkpoint: a new one has no variables; it is changed as the run goes on.
        save: called with it after every epoch.
        watcher: follows the run.

    Raises:
        ModelError: the loss is no longer a number.
    """
    progress = checkpoint.progress
    everything = [*network.variables, *network.optimizer.variables]
    if checkpoint.variables:
        assign_values(everything, checkpoint.variables, "checkpoint")
    counts = np.bincount(dataset.labels[split.training], minlength=len(dataset.class_names))
    class_weights = class_weights_of(config, counts)
    interrupted = False
    try:
        for epoch in range(progress.num_epochs + 1, config.epochs + 1):
            if progress.stopped_early:
                break
            row, batch_rows = _train_epoch(network, dataset, split, config, class_weights, epoch, watcher)
            is_best = row["val_loss"] < progress.best_loss
            if is_best:
                progress.best_epoch, progress.best_loss = epoch, row["val_loss"]
                checkpoint.best_weights = values_of(network.variables)
            progress.num_epochs = epoch
            progress.batches += batch_rows
            progress.epochs.append(row)
            progress.stopped_early = epoch - progress.best_epoch >= config.patience
            checkpoint.variables = values_of(everything)
            save(checkpoint)
            watcher.epoch_done(row, is_best=is_best)
    except KeyboardInterrupt:
        interrupted = True
    if checkpoint.best_weights:
        assign_values(network.variables, checkpoint.best_weights, "checkpoint")
    return Trained(progress, interrupted)


def _train_epoch(
    network: Any,
    dataset: Dataset,
    split: Split,
    config: TrainConfig,
    class_weights: NDArray[np.float32],
    epoch: int,
    watcher: Watcher,
) -> tuple[dict[str, float], list[dict[str, float]]]:
    begun = time.perf_counter()
    batches = epoch_batches(
        dataset.images[split.training],
        dataset.labels[split.training],
        class_weights,
        batch_size=config.batch_size,
        views=config.views,
        augmentation=config.augmentation,
        seed=config.seed,
        epoch=epoch,
    )
    count = num_batches(len(split.training) * config.views, config.batch_size)
    rows: list[dict[str, float]] = []
    num_pictures = 0
    for number, batch in enumerate(batches, start=1):
        network.reset_metrics()  # some backends report the mean since the last reset, others this batch alone
        told = network.train_on_batch(batch.images, batch.targets, sample_weight=batch.weights, return_dict=True)
        loss = float(told["loss"])
        if not math.isfinite(loss):
            raise ModelError(
                f"the loss became {loss} in epoch {epoch}, batch {number}: training diverged. "
                f"Lower --learning-rate (it is {config.learning_rate:g})."
            )
        num_pictures += len(batch.targets)
        rows.append({"epoch": epoch, "batch": number, "loss": loss})
        watcher.batch_done(epoch, number, count, loss)
    training_seconds = time.perf_counter() - begun
    seen = predict_probabilities(network, dataset.images[split.validation])
    validation = _weighted_scores(dataset.labels[split.validation], seen, class_weights)
    row = {
        "epoch": epoch,
        "loss": sum(one["loss"] for one in rows) / len(rows),
        **validation,
        "learning_rate": float(load_keras().ops.convert_to_numpy(network.optimizer.learning_rate)),
        "seconds": round(time.perf_counter() - begun, 3),
        "images_per_second": round(num_pictures / training_seconds, 1),
    }
    return row, rows


def _weighted_scores(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32], class_weights: NDArray[np.float32]
) -> dict[str, float]:
    """Validation loss, weighed as the training loss is, and both accuracies."""
    own = np.clip(probabilities[np.arange(len(labels)), labels].astype(np.float64), 1e-7, 1)
    predicted = predicted_labels(probabilities)
    recalls = class_recalls(confusion_matrix(labels, predicted, probabilities.shape[1]))
    return {
        "val_loss": float(np.average(-np.log(own), weights=class_weights[labels])),
        "val_accuracy": float((predicted == labels).mean()),
        "val_balanced_accuracy": float(recalls.mean()),
    }


def predict_probabilities(network: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the network makes of uint8 pictures (n, H, W, 3 or 1): float32 (n, classes), rows adding up to 1."""
    chunks = [images[start : start + PREDICT_BATCH] for start in range(0, len(images), PREDICT_BATCH)]
    outputs = [network.predict_on_batch(chunk.astype(np.float32) / np.float32(255)) for chunk in chunks]
    probabilities = np.concatenate([np.asarray(output, np.float32) for output in outputs])
    return np.concatenate([1 - probabilities, probabilities], axis=1) if probabilities.shape[1] == 1 else probabilities
