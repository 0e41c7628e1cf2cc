"""The folder of one training run: its name, and every file in it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from artforge.core.errors import UsageError
from artforge.core.files import PART, check_writable, locked, make_folder, write_text
from artforge.engine.data.dataset import Dataset
from artforge.engine.data.splits import Split
from artforge.engine.evaluation import history
from artforge.engine.evaluation import runs as reading
from artforge.engine.evaluation.chart_style import write_chart
from artforge.engine.evaluation.predictions import PREDICTIONS_FILE, Predictions, write_predictions
from artforge.engine.evaluation.result_charts import write_test_charts
from artforge.engine.evaluation.training_chart import training_chart
from artforge.engine.training.batch_scores import COLUMNS
from artforge.engine.training.checkpoint import Progress
from artforge.engine.training.config import TrainConfig
from artforge.engine.training.config_file import config_text

# named where they are read: evaluation knows nothing of training
CONFIG_FILE, SPLIT_FILE, METRICS_FILE = reading.CONFIG_FILE, reading.SPLIT_FILE, reading.METRICS_FILE
BATCHES_FILE, EPOCHS_FILE = history.BATCHES_FILE, history.EPOCHS_FILE
CHECKPOINT_FILE = "checkpoint.npz"
CURVES_FILE = "curves.png"
SKIPPED_FILE = "skipped.csv"
RUNS = Path("runs")


def next_run_folder(name: str, runs: Path = RUNS) -> Path:
    """The first of `runs/<name>-1`, `runs/<name>-2`, ... that does not exist."""
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name).strip(".") or "model"
    number = 1
    while (runs / f"{safe}-{number}").exists():
        number += 1
    return runs / f"{safe}-{number}"


@contextmanager
def new_run_folder(folder: Path) -> Iterator[None]:
    """Make the folder before anything slow, and keep other runs out of it while the block lasts.

    If the block fails before a file was written into the folder, it is taken away again.

    Raises:
        UsageError: it already holds a run, or another one is at work in it.
        OutputError: it cannot be made or written to.
    """
    check_new(folder)
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    make_folder(folder)
    with locked(folder):
        check_new(folder)  # by one that was at work and has ended just now
        try:
            check_writable(folder)
            yield
        except BaseException:
            for path in made:
                if path.is_dir() and not any(path.iterdir()):
                    path.rmdir()
            raise


def check_new(folder: Path) -> None:
    """Raise UsageError if a folder already holds a run."""
    if (folder / CONFIG_FILE).exists():
        raise UsageError(
            f"{folder}: already holds a run. Go on with it by --resume {folder}, or choose another folder with --out."
        )


@contextmanager
def old_run_folder(folder: Path) -> Iterator[None]:
    """Keep others out of a folder with a run, and take away the half-written files that a killed process left there.

    Raises:
        UsageError: it holds no run, or another process is at work in it.
    """
    if not (folder / CONFIG_FILE).is_file():
        raise UsageError(f"{folder}: no run to resume (no {CONFIG_FILE} in it). Give --resume a run folder.")
    with locked(folder):
        for part in folder.glob(f"{PART}*"):
            part.unlink(missing_ok=True)
        yield


def write_start(folder: Path, config: TrainConfig, dataset: Dataset, split: Split) -> None:
    """What is known before training: the settings, who stands on which side, what was left out."""
    rows = [
        {"item": item, "label": dataset.class_names[label], "group": group, "split": part}
        for item, label, group, part in zip(dataset.items, dataset.labels, dataset.groups, split.names(), strict=True)
    ]
    write_table(folder / SPLIT_FILE, rows, ("item", "label", "group", "split"))
    skipped = [{"path": one.path, "reason": one.reason} for one in dataset.skipped]
    write_table(folder / SKIPPED_FILE, skipped, ("path", "reason"))
    write_text(folder / CONFIG_FILE, config_text(config))


def read_scores(folder: Path, num_epochs: int) -> dict[str, Any] | None:
    """The scores of the test after so many epochs; None where that has not been written, or is damaged."""
    try:
        scores = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    is_of_these = isinstance(scores, dict) and scores.get("num_epochs") == num_epochs
    return scores if is_of_these and reading.is_finished(folder) else None


def write_history(folder: Path, progress: Progress) -> None:
    """Both tables, whole, after each epoch."""
    write_table(folder / BATCHES_FILE, progress.batches, COLUMNS)
    if progress.epochs:
        write_table(folder / EPOCHS_FILE, progress.epochs, tuple(progress.epochs[0]))


def write_results(
    folder: Path, progress: Progress, predictions: Predictions, scores: dict[str, Any], title: str
) -> None:
    """What is known after the test: the measures, what was said of each picture, and the charts."""
    write_text(folder / METRICS_FILE, json.dumps(scores, indent=1, ensure_ascii=False) + "\n")
    write_predictions(folder / PREDICTIONS_FILE, predictions)
    training: Any = progress.batches_of("training")
    curves = training_chart(progress.epochs, training, title=title, best_epoch=progress.best_epoch)
    write_chart(folder / CURVES_FILE, curves)
    write_test_charts(folder, predictions, title=f"{title}, balanced accuracy {scores['balanced_accuracy']:.3f}")


def write_table(path: Path, rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """A CSV file, whole or not at all."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, stream.getvalue())
