"""Histories of training, batch by batch: those of run folders, and the published text form of others."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import UsageError
from artforge.engine.evaluation.rolling import batch_places, rolling_mean

BATCHES_FILE = "history_batches.csv"
EPOCHS_FILE = "history_epochs.csv"
TEXT_MEASURES = ("loss", "mean squared error", "accuracy", "PR AUC", "recall", "precision")
"""What the six lists of the text form are, in their order."""
MOST_BYTES = 64 * 2**20

_LIST = re.compile(r"\s*\[([^\[\]]*)\]\s*(,|\Z)")
_NUMBER = re.compile(r"[-+]?\d{1,40}(?:\.\d{0,40})?(?:[eE][-+]?\d{1,3})?|nan")
_POSITIONS = ("epoch", "batch")


@dataclass(frozen=True)
class History:
    """How the measures of a run went.

    Attributes:
        name: for the heading.
        measures: by name, float64 (n,): one value a batch; NaN where it was not measured.
        places: float64 (n,), where each stands: a number of batches, or an epoch and its part.
        unit: of the places, `batch` or `epoch`.
        epochs: by name, float64 (m,): measures taken at the end of each epoch, such as those of the validation.
    """

    name: str
    measures: Mapping[str, NDArray[np.float64]]
    places: NDArray[np.float64]
    unit: str
    epochs: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


def read_history(path: Path) -> History:
    """Read the history of a run folder, a `history_batches.csv`, or the text form: a tuple of six lists.

    Raises:
        UsageError: no such file, too large, or not such a history; with the line, or the list and the number in it.
    """
    if path.is_dir():
        if not (path / BATCHES_FILE).is_file():
            raise UsageError(f"{path}: no {BATCHES_FILE} in this folder. Expected the folder of a training run.")
        return _of_run(path.resolve().name, path / BATCHES_FILE, path / EPOCHS_FILE)
    text = _read(path)
    if path.suffix.lower() == ".csv":
        return _of_run(path.stem, path, path.with_name(EPOCHS_FILE) if path.name == BATCHES_FILE else None)
    measures = parse_text_history(text, str(path))
    count = len(next(iter(measures.values())))
    return History(path.stem, measures, np.arange(1.0, count + 1), "batch")


def parse_text_history(text: str, where: str) -> dict[str, NDArray[np.float64]]:
    """The six lists of `([...], [...], ...)` by name; nothing in it is ever run.

    Args:
        text: a Python tuple of six lists of numbers, one for each batch; `nan` marks a batch that was not measured.
        where: it comes from, for the messages.

    Raises:
        UsageError: anything else; says which list and which number.
    """
    whole = text.strip()
    if not (whole.startswith("(") and whole.endswith(")")):
        raise UsageError(
            f"{where}: not a history: expected a run folder, a {BATCHES_FILE}, or a text file with a tuple of "
            f"{len(TEXT_MEASURES)} lists, ([...], [...], ...); this starts with {whole[:20]!r}"
        )
    inner, position = whole[1:-1], 0
    lists: list[NDArray[np.float64]] = []
    while position < len(inner.rstrip()):
        found = _LIST.match(inner, position)
        if not found or len(lists) == len(TEXT_MEASURES):
            raise UsageError(
                f"{where}: expected a tuple of {len(TEXT_MEASURES)} lists of numbers and nothing else; after "
                f"{len(lists)} lists comes {inner[position : position + 20]!r}"
            )
        lists.append(_numbers(found[1], f"{where}: list {len(lists) + 1} ({TEXT_MEASURES[len(lists)]})"))
        position = found.end()
    lengths = [len(values) for values in lists]
    if len(lists) != len(TEXT_MEASURES) or len(set(lengths)) > 1:
        raise UsageError(
            f"{where}: expected {len(TEXT_MEASURES)} lists of the same length ({', '.join(TEXT_MEASURES)}), received "
            f"{len(lists)} of {', '.join(map(str, lengths)) or 'no'} numbers"
        )
    return dict(zip(TEXT_MEASURES, lists, strict=True))


def summary(history: History, window: int) -> list[dict[str, float | str]]:
    """The rolling average of each measure in four numbers: first, lowest, highest, last.

    Those of the epochs follow, as they are.
    """
    rolled = {name: rolling_mean(values, window) for name, values in history.measures.items()}
    rows: list[dict[str, float | str]] = []
    for name, values in {**rolled, **history.epochs}.items():
        known = values[np.isfinite(values)]
        if len(known):
            rows.append(
                {
                    "measure": name,
                    "first": float(known[0]),
                    "lowest": float(known.min()),
                    "highest": float(known.max()),
                    "last": float(known[-1]),
                }
            )
    return rows


def _read(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise UsageError(
                f"{path}: {size / 2**20:.0f} MiB, more than the {MOST_BYTES // 2**20} MiB that a history may take"
            )
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not a text file in UTF-8, so no history") from error


def _numbers(body: str, where: str) -> NDArray[np.float64]:
    tokens = [token.strip() for token in body.split(",")]
    if tokens[-1] == "":  # of an empty list, or behind a last comma
        tokens.pop()
    if not tokens:
        raise UsageError(f"{where}: is empty")
    for number, token in enumerate(tokens, start=1):
        if not _NUMBER.fullmatch(token) or math.isinf(float(token)):
            raise UsageError(f"{where}: number {number} is none: {token[:40]!r}")
    return np.asarray([float(token) for token in tokens], np.float64)


def _of_run(name: str, batches: Path, epochs: Path | None) -> History:
    table = read_table(batches)
    missing = [column for column in _POSITIONS if column not in table]
    if missing or len(table) == len(_POSITIONS):
        raise UsageError(
            f"{batches}: not a history of batches: expected the columns {', '.join(_POSITIONS)} and at least one "
            f"measure, received {', '.join(table) or 'none'}"
        )
    if not all(np.isfinite(table[column]).all() and (table[column] >= 1).all() for column in _POSITIONS):
        raise UsageError(f"{batches}: epochs and batches are counted from 1, and one is missing or below")
    by_epoch = read_table(epochs) if epochs is not None and epochs.is_file() else {}
    return History(
        name,
        {column: values for column, values in table.items() if column not in _POSITIONS},
        batch_places(table["epoch"], table["batch"]),
        "epoch",
        {column: values for column, values in by_epoch.items() if column.startswith("val_")},
    )


def read_table(path: Path) -> dict[str, NDArray[np.float64]]:
    """The columns of a CSV file of numbers; an empty field is NaN."""
    reader = csv.reader(_read(path).splitlines())
    header, rows = next(reader, []), []
    for row in reader:
        try:
            rows.append([float(text) if text else math.nan for text in row])
        except ValueError as error:
            raise UsageError(f"{path}:{reader.line_num}: {error}: a history holds numbers only") from error
        if len(row) != len(header):
            raise UsageError(
                f"{path}:{reader.line_num}: {len(row)} fields, expected {len(header)} ({','.join(header)})"
            )
    if not rows:
        raise UsageError(f"{path}: no batch in it yet")
    return dict(zip(header, np.asarray(rows, np.float64).T, strict=True))
