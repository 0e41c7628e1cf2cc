"""The mistakes in what a run is asked for that can be told in milliseconds, before Keras is loaded."""

from __future__ import annotations

from pathlib import Path

from artforge.engine.data.catalogue import check_there
from artforge.engine.models.architectures import find_architecture
from artforge.engine.models.architectures.architecture import IMAGENET
from artforge.engine.models.architectures.hub import EXTRA, check_hub
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.networks import check_weights
from artforge.engine.training.run_folder import check_new


def check_early(config: TrainConfig, out: Path | None) -> None:
    """Look at the names of a run: its network and what that needs, its weights, its pictures, its folder.

    Raises:
        ChoiceError: no such architecture, or no such kind of dataset.
        ModelError: an extra that the architecture needs is not installed.
        UsageError: no such weights, or `out` already holds a run.
        DatasetError: nothing that could be read lies where the pictures should be.
    """
    if find_architecture(config.architecture).extra == EXTRA:
        check_hub()
    check_weights(config)
    check_there(Path(config.data) if config.data is not None else None, config.dataset)
    if out is not None:
        check_new(out)


def starts_from_random_filters(config: TrainConfig) -> bool:
    """Whether filters are to be carried over, or held still, that have learned nothing yet."""
    architecture = find_architecture(config.architecture)
    carries_over = architecture.name.endswith("_transfer") or config.frozen_epochs > 0
    return config.weights is None and not architecture.start and IMAGENET in architecture.pretrained and carries_over
