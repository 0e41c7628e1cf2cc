"""Where a run stands after an epoch, in one file without pickle: weights, optimizer, best weights, history."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ModelError
from artforge.core.files import atomic_path
from artforge.engine.backend import load_keras
from artforge.engine.training.batch_scores import Row

Arrays = list[NDArray[Any]]


@dataclass
class Progress:
    """The run so far, all but the weights.

    Attributes:
        num_epochs: finished ones.
        best_epoch: the one with the lowest validation loss, counted from 1; 0 before the first.
        best_loss: that loss.
        stopped_early: whether `patience` has ended the run.
        batches: one row per batch, of training, validation and test, see `batch_scores.COLUMNS`.
        epochs: one row per epoch.
        data_key: of the pictures and their split, so that a run never goes on with other ones.
        class_names: in the order of the network's outputs.
    """

    data_key: str
    num_epochs: int = 0
    best_epoch: int = 0
    best_loss: float = float("inf")
    stopped_early: bool = False
    batches: list[Row] = field(default_factory=list)
    epochs: list[dict[str, float]] = field(default_factory=list)
    class_names: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """What the finished epochs took."""
        return sum(row["seconds"] for row in self.epochs)

    def batches_of(self, phase: str) -> list[Row]:
        """The rows of `training`, `validation` or `test`."""
        return [row for row in self.batches if row["phase"] == phase]


@dataclass
class Checkpoint:
    """Everything a run needs to go on as if it had never stopped: `variables` holds model and optimizer."""

    progress: Progress
    variables: Arrays
    best_weights: Arrays


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write the file, whole or not at all."""
    arrays: dict[str, NDArray[Any]] = {"progress": np.asarray(json.dumps(asdict(checkpoint.progress)))}
    arrays |= {f"variable_{number}": array for number, array in enumerate(checkpoint.variables)}
    arrays |= {f"best_{number}": array for number, array in enumerate(checkpoint.best_weights)}
    with atomic_path(path) as part, part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read the file back.

    Raises:
        ModelError: not a checkpoint, or damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return Checkpoint(
                progress=Progress(**json.loads(str(stored["progress"]))),
                variables=[stored[f"variable_{number}"] for number in range(_count(stored.files, "variable_"))],
                best_weights=[stored[f"best_{number}"] for number in range(_count(stored.files, "best_"))],
            )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"{path}: not a checkpoint that can be read ({error}). Train again without --resume."
        ) from error


def _count(names: list[str], prefix: str) -> int:
    return sum(name.startswith(prefix) for name in names)


def values_of(variables: list[Any]) -> Arrays:
    """Copies of Keras variables as arrays."""
    convert = load_keras().ops.convert_to_numpy
    return [np.array(convert(variable)) for variable in variables]


def assign_values(variables: list[Any], values: Arrays, where: str) -> None:
    """Put arrays back into Keras variables.

    Raises:
        ModelError: they are not of this network.
    """
    shapes = [tuple(variable.shape) for variable in variables]
    if shapes != [value.shape for value in values]:
        raise ModelError(f"{where}: the checkpoint is of another network. Train again without --resume.")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
