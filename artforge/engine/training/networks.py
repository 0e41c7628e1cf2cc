"""The network of a run: built from its settings alone, the same weights for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from artforge.core.errors import UsageError
from artforge.engine.backend import load_keras, set_random_seed
from artforge.engine.models.architectures import build_architecture, find_architecture, output_bias
from artforge.engine.models.architectures.architecture import IMAGENET
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.epoch import Task
from artforge.engine.training.parallel import layers_of
from artforge.engine.training.precision import computing_in, half_policy

RANDOM = "random"
"""The name of the seed's own weights, where a network would else begin with others."""


def check_weights(config: TrainConfig) -> None:
    """Look for the file of weights before anything slow.

    Raises:
        UsageError: it is not there.
    """
    named = (RANDOM, IMAGENET, *find_architecture(config.architecture).pretrained)
    if config.weights is not None and config.weights not in named and not Path(config.weights).is_file():
        names = ", ".join(dict.fromkeys(named))
        raise UsageError(f"--weights {config.weights}: no such file. Give a file of weights, or one of: {names}.")


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
        network = new_network(task, told=told, weights=start_of(task) if with_weights else None)
        task.devices.prepare(network)
    keep_up(network, task.batches_per_epoch)
    return network


def keep_up(network: Any, batches_per_epoch: int) -> None:
    """Let no BatchNormalization lag behind its weights: an epoch renews at least half of its moving averages.

    On a small set an epoch has a few batches, and averages of the usual momentum (0.9 to 0.99) would still be those of
    the start when the weights have long moved on: the validation loss rises, and the first epochs are kept. Keras reads
    the momentum when it traces the step, so this comes before.
    """
    momentum = 0.5 ** (1 / batches_per_epoch)
    for layer in layers_of(network):
        if isinstance(layer, load_keras().layers.BatchNormalization):
            layer.momentum = min(layer.momentum, momentum)


def new_network(task: Task, *, weights: str | Path | None = None, told: Callable[[str], None] | None = None) -> Any:
    """A network with the seed's weights, or those of a file; its bias gives each class its share from the start."""
    set_random_seed(task.config.seed % 2**32)
    return build_architecture(
        task.config.architecture,
        len(task.dataset.class_names),
        picture_shape=task.dataset.images.shape[1:],
        dropout=task.config.dropout,
        output_bias=output_bias(task.class_counts * task.class_weights),  # the balance as the loss sees it
        weights=weights,
        told=told,
    )


def start_of(task: Task) -> str | Path | None:
    """The weights to begin with, as `build_architecture` takes them; None for those of the seed.

    A network with a start of its own takes it unasked for pictures in colour, but not for the embedded set: that is
    where the start learned, and a test there would not be new to it.
    """
    config, architecture = task.config, find_architecture(task.config.architecture)
    if config.weights is None:
        of_others = config.data is not None and task.dataset.images.shape[-1] == 3
        return architecture.start or None if of_others else None
    if config.weights == RANDOM:
        return None
    named = config.weights in (IMAGENET, *architecture.pretrained)
    return config.weights if named else Path(config.weights)
