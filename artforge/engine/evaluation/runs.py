"""What a run folder says of its run, read with suspicion: settings, split, scores, predictions, speed."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any

import numpy as np

from artforge.core.errors import UsageError
from artforge.core.problems import Problems
from artforge.core.yaml_tree import DocumentKind, parse_tree
from artforge.engine.evaluation.history import EPOCHS_FILE, read_table
from artforge.engine.evaluation.predictions import PREDICTIONS_FILE, Predictions, read_predictions
from artforge.engine.models.card import read_card
from artforge.engine.models.store import MODEL_FILE

CONFIG_FILE = "config.yaml"
SPLIT_FILE = "split.csv"
METRICS_FILE = "test_metrics.json"
_CONFIG = DocumentKind("a run's config", max_characters=100_000)
_SPLIT_COLUMNS = {"item", "label", "split"}
_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("seed", "pictures_per_class"), (int,)),
    **dict.fromkeys(("architecture",), (str,)),
    **dict.fromkeys(("data", "dataset"), (str, NoneType)),
}
"""Of the settings that are read here."""


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        folder: where it lies.
        settings: its config, by name.
        class_names: in the order of the model.
        scores: of its test.
        predictions: of its test; None for a run that kept none.
        num_parameters: of its network; 0 where nothing says so.
        seconds: of training, validation included; NaN where nothing says so.
        images_per_second: in training, the median of its epochs; NaN where nothing says so.
    """

    folder: Path
    settings: dict[str, Any]
    class_names: tuple[str, ...]
    scores: dict[str, Any]
    predictions: Predictions | None
    num_parameters: int
    seconds: float
    images_per_second: float

    @property
    def architecture(self) -> str:
        """The name of its network."""
        return str(self.settings.get("architecture", "unknown"))

    @property
    def seed(self) -> int:
        """Of its weights, its order and, where the set fixes none, its split."""
        return int(self.settings.get("seed", 0))


def is_finished(folder: Path) -> bool:
    """Whether a run has come to its end: there is a model, and it was tested."""
    return (folder / MODEL_FILE).is_file() and (folder / METRICS_FILE).is_file()


def read_run(folder: Path) -> Run:
    """Read a run folder; the network itself is not opened.

    Raises:
        UsageError: no such folder, no run, one without a model, or a damaged file.
        ModelError: a damaged model card.
        DatasetError: a damaged table of predictions.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such run folder")
    settings = read_settings(folder)
    if not is_finished(folder):
        raise UsageError(
            f"{folder}: this run has no tested model yet (no {MODEL_FILE} or no {METRICS_FILE}). "
            f"Go on with it by: artforge train --resume {folder}"
        )
    card = read_card(folder / MODEL_FILE)
    scores = _read_json(folder / METRICS_FILE)
    table = folder / PREDICTIONS_FILE
    epochs = folder / EPOCHS_FILE
    history = read_table(epochs)[0] if epochs.is_file() else {}
    speeds = history.get("images_per_second", np.empty(0))
    return Run(
        folder=folder,
        settings=settings,
        class_names=card.class_names,
        scores=scores,
        predictions=read_predictions(table) if table.is_file() else None,
        num_parameters=card.num_parameters,
        seconds=float(np.nansum(history["seconds"])) if "seconds" in history else float("nan"),
        images_per_second=float(np.nanmedian(speeds)) if np.isfinite(speeds).any() else float("nan"),
    )


def read_settings(folder: Path) -> dict[str, Any]:
    """The config of a run, as it was written.

    Raises:
        UsageError: no config there, or a damaged one.
    """
    path = folder / CONFIG_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder}: not a run folder ({CONFIG_FILE}: {error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: damaged, not a config of a run") from error
    problems = Problems(str(path), text, UsageError)
    tree = parse_tree(text, problems, _CONFIG)
    if problems.found or tree is None or not isinstance(tree.value, dict):
        raise UsageError("\n".join(filter(None, [problems.report(), f"{path}: damaged, not a config of a run"])))
    settings: dict[str, Any] = tree.plain()
    for name, kinds in _KINDS.items():
        if name in settings and type(settings[name]) not in kinds:
            wanted = " or ".join(kind.__name__.removesuffix("Type").lower() for kind in kinds)
            raise UsageError(f"{path}: damaged: {name} must be {wanted}, received {settings[name]!r}")
    return settings


def read_parts(folder: Path) -> dict[str, tuple[str, str]]:
    """What a run used each picture for: item -> (label, `training`, `validation` or `test`).

    Raises:
        UsageError: no split there, or a damaged one.
    """
    path = folder / SPLIT_FILE
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if not set(reader.fieldnames or ()) >= _SPLIT_COLUMNS:
                raise UsageError(
                    f"{path}: damaged: expected the columns {', '.join(sorted(_SPLIT_COLUMNS))}, received "
                    f"{', '.join(reader.fieldnames or ()) or 'none'}"
                )
            parts = {row["item"]: (row["label"], row["split"]) for row in reader}
            if any(None in pair for pair in parts.values()):
                raise UsageError(f"{path}: damaged: a line of it is cut off")
            return parts
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: damaged, not a CSV file in UTF-8 ({error})") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, ValueError) as error:
        raise UsageError(f"{path}: damaged, not the scores of a run ({error})") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path}: damaged, not the scores of a run")
    return content
