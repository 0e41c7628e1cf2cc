"""The parts of a run: a head that learns on held layers, then the whole network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from artforge.engine.models.architectures import find_architecture
from artforge.engine.training.config import TrainConfig


@dataclass(frozen=True)
class Phase:
    """Some epochs of a run.

    Attributes:
        first_epoch, last_epoch: counted from 1, both within.
        frozen: whether only the head learns.
        learning_rate: the highest one.
    """

    first_epoch: int
    last_epoch: int
    frozen: bool
    learning_rate: float

    @property
    def num_epochs(self) -> int:
        """How many epochs it has."""
        return self.last_epoch - self.first_epoch + 1


def phase_of(config: TrainConfig, epoch: int) -> Phase:
    """The phase in which an epoch lies."""
    if epoch <= config.frozen_epochs:
        return Phase(1, min(config.frozen_epochs, config.epochs), frozen=True, learning_rate=config.learning_rate)
    rate = config.learning_rate
    if config.frozen_epochs and config.fine_tune_rate is not None:
        rate = config.fine_tune_rate
    return Phase(config.frozen_epochs + 1, config.epochs, frozen=False, learning_rate=rate)


def set_trainable(network: Any, config: TrainConfig, phase: Phase) -> None:
    """Hold all but the head still, or let everything learn. Keras runs held BatchNormalization in inference mode."""
    for layer in find_architecture(config.architecture).frozen(network):
        layer.trainable = not phase.frozen
