"""The training loop: one epoch after another, the best one kept, a checkpoint after each."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from artforge.engine.training.checkpoint import Checkpoint, Progress, assign_values, values_of
from artforge.engine.training.epoch import Clock, DivergedError, Task, Watcher, train_steps, validate
from artforge.engine.training.parallel import Predictor
from artforge.engine.training.phases import Phase, phase_of, set_trainable
from artforge.engine.training.precision import compiles
from artforge.engine.training.step import Step, compile_network


@dataclass(frozen=True)
class Trained:
    """What the loop leaves; the weights of the best epoch are in the checkpoint.

    Attributes:
        progress: with the whole history.
        interrupted: whether Ctrl-C ended it.
        diverged: what is to be said where the loss was no longer a number.
    """

    progress: Progress
    interrupted: bool = False
    diverged: str | None = None


def fit(
    network: Any, task: Task, *, checkpoint: Checkpoint, save: Callable[[Checkpoint], None], watcher: Watcher
) -> Trained:
    """Train a network from where the checkpoint stands.

    Ctrl-C ends the loop at once, and so does a loss that is no number; the best finished epoch is kept.

    Args:
        network: new, built within the scope of the task's devices; the loop runs within it too.
        task: what is to be learned.
        checkpoint: a new one has no variables; it is changed as the run goes on.
        save: called with it after every epoch.
        watcher: follows the run.

    Raises:
        DivergedError: the loss is no longer a number, and no epoch has been finished before.
    """
    progress, config, devices = checkpoint.progress, task.config, task.devices
    phase = phase_of(config, max(1, progress.num_epochs))
    step = _begin(phase, network, task)
    if checkpoint.variables:
        assign_values(_everything(network), checkpoint.variables, "checkpoint")
    predict = devices.predictor(network)
    clock = Clock(config.minutes, progress.seconds)
    try:
        for epoch in range(progress.num_epochs + 1, config.epochs + 1):
            if progress.stopped_early or devices.agree(clock.share) >= 1:
                break
            if phase_of(config, epoch) != phase:
                phase = phase_of(config, epoch)
                step, predict = _begin(phase, network, task), devices.predictor(network)
            row = _one_epoch(task, step, predict, phase, epoch, clock, progress, watcher)
            is_best = row["val_loss"] < progress.best_loss
            if is_best:
                checkpoint.best_weights = values_of(network.weights)
                progress.best_epoch, progress.best_loss = epoch, row["val_loss"]
            progress.num_epochs = epoch
            progress.stopped_early = epoch - progress.best_epoch >= config.patience
            checkpoint.variables = values_of(_everything(network))
            save(checkpoint)
            watcher.epoch_done(row, is_best=is_best)
    except KeyboardInterrupt:
        if devices.num_workers > 1:  # the others cannot go on
            raise
        return Trained(progress, interrupted=True)
    except DivergedError as error:
        if not progress.best_epoch:
            raise
        return Trained(progress, diverged=str(error))
    return Trained(progress)


def _begin(phase: Phase, network: Any, task: Task) -> Step:
    """Give the network a new optimizer for the weights that learn in this phase."""
    config, devices = task.config, task.devices
    set_trainable(network, config, phase)
    fused = devices.can_fuse and compiles(config.jit)
    compile_network(network, config, batch_size=task.batch_size, fused=fused)
    return devices.make_step(network)


def _one_epoch(
    task: Task,
    step: Step,
    predict: Predictor,
    phase: Phase,
    epoch: int,
    clock: Clock,
    progress: Progress,
    watcher: Watcher,
) -> dict[str, float]:
    """The epoch's row of the history; those of its batches are added to the progress."""
    begun = time.perf_counter()
    val_losses = [row["val_loss"] for row in progress.epochs[phase.first_epoch - 1 :]]
    steps = train_steps(task, step, phase=phase, epoch=epoch, val_losses=val_losses, clock=clock, watcher=watcher)
    measures, rows = validate(task, predict, epoch)
    row = {
        "epoch": epoch,
        "loss": math.fsum(steps.losses) / len(steps.losses),
        **measures,
        "learning_rate": steps.learning_rate,
        "seconds": round(time.perf_counter() - begun, 3),
        "images_per_second": round(steps.num_pictures / steps.seconds, 1),
        "waiting": round(steps.waiting, 4),
    }
    progress.batches += [*steps.rows, *rows]
    progress.epochs.append(row)
    return row


def _everything(network: Any) -> list[Any]:
    return [*network.variables, *network.optimizer.variables]
