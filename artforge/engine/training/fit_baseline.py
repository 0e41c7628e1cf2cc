"""Networks whose weights scikit-learn finds in one go: one epoch in the history, no steps."""

from __future__ import annotations

import time

from artforge.engine.models.architectures.baseline import fit_baseline
from artforge.engine.training.batch_scores import weighted_loss
from artforge.engine.training.checkpoint import Checkpoint, Progress, values_of
from artforge.engine.training.epoch import Task, Watcher, validate
from artforge.engine.training.fit import Trained


def fit_in_one_go(task: Task, checkpoint: Checkpoint, watcher: Watcher) -> Trained:
    """Fit a baseline to the training pictures; its weights are left in the checkpoint.

    Args:
        task: what is to be learned.
        checkpoint: begins anew: there is nothing to go on from.
        watcher: hears of the one epoch.

    Raises:
        DatasetError: fewer pictures than components.
    """
    begun = time.perf_counter()
    dataset, training = task.dataset, task.split.training
    network = fit_baseline(
        task.config.architecture,
        dataset.images,
        dataset.labels,
        training,
        num_classes=len(dataset.class_names),
        seed=task.config.seed,
        class_weights=task.class_weights,
    )
    fitted = time.perf_counter() - begun
    predict = task.devices.predictor(network)
    seen = predict(task.images_of, training)
    measures, rows = validate(task, predict, epoch=1)
    row = {
        "epoch": 1,
        "loss": weighted_loss(dataset.labels[training], seen, task.class_weights),
        **measures,
        "learning_rate": 0.0,
        "seconds": round(time.perf_counter() - begun, 3),
        "images_per_second": round(len(training) / fitted, 1),
        "waiting": 0.0,
    }
    old = checkpoint.progress
    checkpoint.progress = Progress(
        old.data_key, 1, 1, measures["val_loss"], batches=rows, epochs=[row], class_names=old.class_names
    )
    checkpoint.best_weights = values_of(network.weights)
    watcher.epoch_done(row, is_best=True)
    return Trained(checkpoint.progress)
