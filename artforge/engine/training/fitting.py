"""What a run settles for itself once its network and its pictures are known."""

from __future__ import annotations

from artforge.core.errors import UsageError
from artforge.engine.models.architectures import Architecture
from artforge.engine.training.config import MOST_EPOCHS, TrainConfig

PICTURES_SEEN = 30_000
MOST_FITTED_EPOCHS = 40
WINDOW, VIEWS = 64, 4


def fitted_to_network(config: TrainConfig, architecture: Architecture) -> TrainConfig:
    """The settings with size, window and views filled in.

    Raises:
        UsageError: windows are asked for, but the network sees pictures of one size only.
    """
    size = config.image_size or architecture.image_size
    window = config.window
    if window is None:
        window = 0 if architecture.fixed_size else WINDOW
    if window and window < size and architecture.fixed_size:
        raise UsageError(
            f"{architecture.name} sees pictures of one size only ({size} px here), so it cannot be trained on windows "
            f"of {window} px. Leave the window at 0."
        )
    views = config.views or (VIEWS if 0 < window < size else 1)
    return config.model_copy(update={"image_size": size, "window": window, "views": views})


def fitted_to_pictures(config: TrainConfig, num_training: int) -> TrainConfig:
    """The settings with the epochs filled in: as many as the minutes take where those are told."""
    if config.epochs:
        return config
    return config.model_copy(update={"epochs": MOST_EPOCHS if config.minutes else fitted_epochs(num_training)})


def fitted_epochs(num_training: int) -> int:
    """Enough passes over the training pictures that they add up to some 30,000 pictures, but no more than 40 passes.

    `views` is left out of the count: a pass shows each picture that many times (4 by default, each time as another
    window of 64 px), so with the defaults the network sees some 120,000 windows.
    """
    return min(MOST_FITTED_EPOCHS, max(1, round(PICTURES_SEEN / num_training)))
