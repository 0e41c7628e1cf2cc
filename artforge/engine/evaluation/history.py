"""Histories of training, batch by batch: those of run folders, and the published text form of others."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import UsageError
from artforge.engine.evaluation.rolling import batch_places, fitting_window, rolling_mean

BATCHES_FILE = "history_batches.csv"
EPOCHS_FILE = "history_epochs.csv"
TEXT_MEASURES = ("loss", "mean squared error", "accuracy", "PR AUC", "recall", "precision")
"""What the six lists of the text form are, in their order."""
TRAINING = "training"
MOST_BYTES = 64 * 2**20

_LIST = re.compile(r"\s*\[([^\[\]]*)\]\s*(,|\Z)")
_NUMBER = re.compile(r"[-+]?\d{1,40}(?:\.\d{0,40})?(?:[eE][-+]?\d{1,3})?|nan")
_POSITIONS, _PHASE = ("epoch", "batch"), "phase"


@dataclass(frozen=True)
class Batches:
    """What was measured batch by batch in one phase of a run.

    Attributes:
        places: float64 (n,), where each batch stands: its number, or an epoch and its part.
        measures: by name, float64 (n,); NaN where a batch was not measured.
        window: batches of the rolling average.
    """

    places: NDArray[np.float64]
    measures: Mapping[str, NDArray[np.float64]]
    window: int

    def rolled(self, measure: str) -> NDArray[np.float64]:
        """The rolling average of a measure, float64 (n,)."""
        return rolling_mean(self.measures[measure], self.window)


@dataclass(frozen=True)
class History:
    """How the measures of a run went.

    Attributes:
        name: for the heading.
        phases: by name, such as `training`, `validation` and `test`.
        unit: of the places, `batch` or `epoch`.
    """

    name: str
    phases: Mapping[str, Batches]
    unit: str

    @property
    def measures(self) -> list[str]:
        """The names of all that was measured, in the order of the file."""
        return list(dict.fromkeys(name for batches in self.phases.values() for name in batches.measures))


def read_history(path: Path, window: int | None = None) -> History:
    """Read the history of a run folder, a `history_batches.csv`, or the text form: a tuple of six lists.

    Args:
        path: of the folder or the file.
        window: batches of the rolling average; None fits the length. Where there is a validation or a test at one
            state of the network, it is never longer than that.

    Raises:
        UsageError: no such file, too large, or not such a history; with the line, or the list and the number in it.
    """
    if path.is_dir():
        if not (path / BATCHES_FILE).is_file():
            raise UsageError(f"{path}: no {BATCHES_FILE} in this folder. Expected the folder of a training run.")
        return _of_run(path.resolve().name, path / BATCHES_FILE, window)
    text = _read(path)
    if path.suffix.lower() == ".csv":
        return _of_run(path.stem, path, window)
    measures = _measured(parse_text_history(text, str(path)), str(path))
    places = np.arange(1.0, len(next(iter(measures.values()))) + 1)
    return History(path.stem, {TRAINING: Batches(places, measures, window or fitting_window(len(places)))}, "batch")


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


def summary(history: History) -> list[dict[str, float | str]]:
    """The rolling average of each measure in each phase in four numbers: first, lowest, highest, last."""
    rows: list[dict[str, float | str]] = []
    for measure in history.measures:
        for phase, batches in history.phases.items():
            if measure in batches.measures:
                rolled = batches.rolled(measure)
                known = rolled[np.isfinite(rolled)]
                told = {"first": known[0], "lowest": known.min(), "highest": known.max(), "last": known[-1]}
                rows.append({"measure": measure, "phase": phase, **{key: float(one) for key, one in told.items()}})
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


def _of_run(name: str, path: Path, window: int | None) -> History:
    table, phases = read_table(path)
    missing = [column for column in _POSITIONS if column not in table]
    if missing or len(table) == len(_POSITIONS):
        raise UsageError(
            f"{path}: not a history of batches: expected the columns {', '.join(_POSITIONS)} and at least one "
            f"measure, received {', '.join(table) or 'none'}"
        )
    if not all(np.isfinite(table[column]).all() and (table[column] >= 1).all() for column in _POSITIONS):
        raise UsageError(f"{path}: epochs and batches are counted from 1, and one is missing or below")
    named = np.asarray(phases or [TRAINING] * len(table["epoch"]))
    told = dict.fromkeys(named.tolist())
    return History(name, {phase: _phase(phase, table, named == phase, window, path) for phase in told}, "epoch")


def _phase(
    name: str, table: Mapping[str, NDArray[np.float64]], rows: NDArray[np.bool_], window: int | None, where: Path
) -> Batches:
    places = batch_places(table["epoch"][rows], table["batch"][rows])
    fitting = window or fitting_window(len(places))
    if name != TRAINING:  # an average over several epochs would mix networks
        fitting = min(window or len(places), int(table["batch"][rows].max()))
    columns = {column: values[rows] for column, values in table.items() if column not in _POSITIONS}
    return Batches(places, _measured(columns, f"{where}: {name}"), fitting)


def _measured(columns: Mapping[str, NDArray[np.float64]], where: str) -> dict[str, NDArray[np.float64]]:
    """Those columns that say something, with NaN for all that is no finite number.

    Raises:
        UsageError: there are none.
    """
    known = {key: np.where(np.isfinite(one), one, np.nan) for key, one in columns.items() if np.isfinite(one).any()}
    if not known:
        raise UsageError(f"{where}: nothing was measured in any batch: every field is empty or no number")
    return known


def read_table(path: Path) -> tuple[dict[str, NDArray[np.float64]], list[str]]:
    """The columns of a CSV file of numbers by name, and the words of its column `phase`, if it has one.

    An empty field is NaN.

    Raises:
        UsageError: it cannot be read, or a line is damaged.
    """
    reader = csv.reader(_read(path).splitlines())
    header = next(reader, [])
    numeric = [number for number, column in enumerate(header) if column != _PHASE]
    rows: list[list[float]] = []
    phases: list[str] = []
    for row in reader:
        if len(row) != len(header):
            raise UsageError(
                f"{path}:{reader.line_num}: {len(row)} fields, expected {len(header)} ({', '.join(header)})"
            )
        try:
            rows.append([float(row[number]) if row[number] else math.nan for number in numeric])
        except ValueError as error:
            raise UsageError(f"{path}:{reader.line_num}: {error}: a history holds numbers only") from error
        phases += [row[header.index(_PHASE)]] if _PHASE in header else []
    if not rows:
        raise UsageError(f"{path}: no batch in it yet")
    names = [header[number] for number in numeric]
    return dict(zip(names, np.asarray(rows, np.float64).T, strict=True)), phases
