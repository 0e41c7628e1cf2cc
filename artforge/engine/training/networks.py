"""The network of a run: built from its settings alone, the same weights for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from artforge.core.errors import UsageError
from artforge.engine.backend import load_keras
from artforge.engine.models.architectures import build_architecture, output_bias
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.epoch import Task
from artforge.engine.training.precision import computing_in, half_policy

IMAGENET = "imagenet"


def check_weights(config: TrainConfig) -> None:
    """Look for the file of weights before anything slow.

    Raises:
        UsageError: it is not there.
    """
    if config.weights not in (None, IMAGENET) and not Path(str(config.weights)).is_file():
        raise UsageError(f"--weights {config.weights}: no such file. Give a file of weights, or {IMAGENET}.")


def network_to_train(task: Task, told: Callable[[str], None], *, with_weights: bool) -> Any:
    """A new network in the precision that the device gains from, spread over the devices.

    Args:
        task: what is to be learned.
        told: hears of the precision, and which layers a file of weights filled.
        with_weights: whether it starts from the weights that the settings name; a checkpoint brings its own.
    """
    policy = half_policy(task.config.mixed_precision)
    if policy:
        told(f"precision: {policy}")
    with task.devices.scope(), computing_in(policy):
        network = new_network(task, told=told, weights=task.config.weights if with_weights else None)
        task.devices.prepare(network)
    return network


def new_network(task: Task, *, weights: str | None = None, told: Callable[[str], None] | None = None) -> Any:
    """A network with the seed's weights, or those of a file; its bias gives each class its share from the start."""
    load_keras().utils.set_random_seed(task.config.seed % 2**32)
    return build_architecture(
        task.config.architecture,
        len(task.dataset.class_names),
        picture_shape=task.dataset.images.shape[1:],
        dropout=task.config.dropout,
        output_bias=output_bias(task.class_counts * task.class_weights),  # the balance as the loss sees it
        weights="imagenet" if weights == IMAGENET else Path(weights) if weights else None,
        told=told,
    )
