"""How high the learning rate is at each step."""

from __future__ import annotations

import math
from collections.abc import Sequence

from artforge.engine.training.config import TrainConfig
from artforge.engine.training.phases import Phase

WARM_UP_FROM = 1 / 20
COSINE_ENDS_AT = 0.01
PLATEAU_FACTOR = 0.1
PLATEAU_PATIENCE = 3
"""Epochs without a lower validation loss before a plateau lowers the rate."""
LONGEST_WARM_UP = 0.1
"""Of a run that is told its minutes: however long an epoch takes, the rate is up by then."""


def learning_rate(
    config: TrainConfig,
    phase: Phase,
    step: int,
    *,
    steps_per_epoch: int,
    val_losses: Sequence[float] = (),
    time_share: float = 0.0,
) -> float:
    """The rate of one step of a phase.

    Args:
        config: the settings; `cosine` rises over the first epoch of a phase and falls as a cosine to a hundredth.
        phase: in which the step lies.
        step: its number in the phase, from 0.
        steps_per_epoch: batches in an epoch.
        val_losses: of the phase's finished epochs, for `plateau`.
        time_share: how much of the run's minutes is spent, in [0, 1]; 0 where it is told none. The cosine follows
            whichever is further on, the steps or the clock, so that it has fallen when the time is up.

    Source: Loshchilov & Hutter (2017), https://arxiv.org/abs/1608.03983 (cosine)
    """
    highest = phase.learning_rate
    if config.schedule == "constant":
        return highest
    if config.schedule == "plateau":
        return highest * PLATEAU_FACTOR ** num_plateaus(val_losses)
    warm = max(step / steps_per_epoch, time_share / LONGEST_WARM_UP if config.minutes else 0.0)
    if warm < 1:
        return highest * (WARM_UP_FROM + (1 - WARM_UP_FROM) * warm)
    falling = max(1, steps_per_epoch * (phase.num_epochs - 1))
    share = min(1.0, max((step - steps_per_epoch) / falling, time_share))
    return highest * (COSINE_ENDS_AT + (1 - COSINE_ENDS_AT) * (1 + math.cos(math.pi * share)) / 2)


def num_plateaus(val_losses: Sequence[float]) -> int:
    """How often the losses have stood still for `PLATEAU_PATIENCE` epochs; a drop of the rate begins a new count."""
    best, waited, found = math.inf, 0, 0
    for loss in val_losses:
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited == PLATEAU_PATIENCE:
            found, waited = found + 1, 0
    return found
