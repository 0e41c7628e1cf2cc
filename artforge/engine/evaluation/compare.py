"""Several runs side by side: one row for each, with its seeds put together, and how far each score may be off."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import UsageError, listing
from artforge.engine.evaluation.bootstrap import Interval, draw_scores, interval_of
from artforge.engine.evaluation.metrics import score_predictions
from artforge.engine.evaluation.predictions import Predictions
from artforge.engine.evaluation.runs import Run

MEASURES = ("accuracy", "balanced_accuracy", "f1", "roc_auc", "ece")
_MAY_DIFFER = {"seed", "name"}
"""Settings in which runs of one row may differ."""


@dataclass(frozen=True)
class Score:
    """A measure of a row.

    Attributes:
        mean: over the seeds; NaN where it is unknown.
        spread: standard deviation over the seeds; None for a single one.
        interval: 95%, by whole groups of pictures; None where a run kept no predictions, or nothing is known of chance.
    """

    mean: float
    spread: float | None
    interval: Interval | None


@dataclass(frozen=True)
class Row:
    """One network: its run, or its runs with several seeds.

    Attributes:
        name: of the row.
        seeds: of its runs.
        scores: by name of the measure.
        num_parameters: of the network; 0 where it is unknown.
        images_per_second: in training, mean over the seeds; NaN where it is unknown.
        seconds: of training, mean over the seeds; NaN where it is unknown.
        test_set: a letter for the pictures it was tested on; rows of different letters cannot be compared.
    """

    name: str
    seeds: tuple[int, ...]
    scores: dict[str, Score]
    num_parameters: int
    images_per_second: float
    seconds: float
    test_set: str

    def as_json(self) -> dict[str, Any]:
        """Flat, ready for JSON and CSV; None where something is unknown."""
        flat: dict[str, Any] = {"name": self.name, "seeds": list(self.seeds)}
        for measure, score in self.scores.items():
            flat[measure] = _known(score.mean)
            flat[f"{measure}_low"] = score.interval.low if score.interval else None
            flat[f"{measure}_high"] = score.interval.high if score.interval else None
            flat[f"{measure}_spread"] = score.spread
        return flat | {
            "parameters": self.num_parameters or None,
            "images_per_second": _known(self.images_per_second),
            "seconds": _known(self.seconds),
            "test_set": self.test_set,
        }


def compare_runs(runs: Sequence[Run], *, seed: int = 0) -> list[Row]:
    """The rows, the best balanced accuracy first.

    Runs that differ only by their seed and name make one row: the means of their scores, how these spread, and the
    95% interval of the mean. For that the groups of all their tests are drawn by chance together: seeds that were
    tested on the same pictures know no more of other pictures than one of them.

    Args:
        runs: at least one; of the same classes.
        seed: of the intervals.

    Raises:
        UsageError: no runs, the same one twice, or runs of other classes; with both lists.
    """
    if not runs:
        raise UsageError("there is no run to compare. Name the folders of finished runs, or a --suite.")
    folders = [run.folder.resolve() for run in runs]
    twice = next((folder for folder in folders if folders.count(folder) > 1), None)
    if twice is not None:
        raise UsageError(f"{twice}: the same run stands there twice")
    first = runs[0]
    for run in runs[1:]:
        if set(run.class_names) != set(first.class_names):
            raise UsageError(
                f"runs of other classes cannot be compared: {first.folder} knows {listing(first.class_names)}; "
                f"{run.folder} knows {listing(run.class_names)}"
            )
    grouped: dict[str, list[Run]] = {}
    for run in runs:
        kept = {name: value for name, value in run.settings.items() if name not in _MAY_DIFFER}
        own = repr(sorted(kept.items(), key=lambda pair: pair[0])) if kept else str(run.folder)
        grouped.setdefault(own, []).append(run)
    letters: dict[tuple[str, ...], str] = {}
    names = _row_names(list(grouped.values()))
    rows = []
    for name, members in zip(names, grouped.values(), strict=True):
        tested = tuple(sorted({_test_key(run) for run in members}))
        letter = letters.setdefault(tested, chr(ord("A") + len(letters) % 26))
        rows.append(_row(name, members, letter, class_names=first.class_names, seed=seed))
    return sorted(rows, key=lambda row: -np.nan_to_num(row.scores["balanced_accuracy"].mean, nan=-1.0))


def as_csv(rows: Sequence[Row]) -> str:
    """The table as CSV; an empty field is unknown."""
    stream = io.StringIO(newline="")
    flat = [row.as_json() for row in rows]
    writer = csv.DictWriter(stream, list(flat[0]), lineterminator="\n")
    writer.writeheader()
    for line in flat:
        writer.writerow({**line, "seeds": " ".join(map(str, line["seeds"]))})
    return stream.getvalue()


def _row_names(rows: Sequence[Sequence[Run]]) -> list[str]:
    """The architecture where that tells the rows apart, else the folder of the (first) run."""
    architectures = [members[0].architecture for members in rows]
    return [
        name if architectures.count(name) == 1 else f"{name} ({members[0].folder.name})"
        for name, members in zip(architectures, rows, strict=True)
    ]


def _row(name: str, runs: Sequence[Run], letter: str, *, class_names: Sequence[str], seed: int) -> Row:
    scores = [_scores_of(run, class_names) for run in runs]
    groups = sorted({group for run in runs if run.predictions for group in run.predictions.groups})
    drawn = [_drawn(run, class_names, seed, groups) for run in runs]
    return Row(
        name=name,
        seeds=tuple(run.seed for run in runs),
        scores={
            measure: _together(
                [one[measure] for one in scores], [None if one is None else one[measure] for one in drawn]
            )
            for measure in MEASURES
        },
        num_parameters=runs[0].num_parameters,
        images_per_second=float(np.mean([run.images_per_second for run in runs])),
        seconds=float(np.mean([run.seconds for run in runs])),
        test_set=letter,
    )


def _together(values: Sequence[float], draws: Sequence[NDArray[np.float64] | None]) -> Score:
    known = [one for one in draws if one is not None]
    return Score(
        mean=float(np.mean(values)),
        spread=float(np.std(values, ddof=1)) if len(values) > 1 else None,
        interval=interval_of(np.mean(known, axis=0)) if len(known) == len(draws) else None,
    )


def _scores_of(run: Run, class_names: Sequence[str]) -> dict[str, float]:
    """From the predictions, so that all runs are scored alike; of a run that kept none, as it wrote them."""
    predictions = _in_order(run, class_names)
    scores = run.scores
    if predictions is not None:
        scores = score_predictions(predictions.labels, predictions.probabilities, predictions.class_names)
    found = {name: scores.get(name, scores.get(f"macro_{name}")) for name in MEASURES}
    return {name: float(value) if isinstance(value, int | float) else math.nan for name, value in found.items()}


def _drawn(
    run: Run, class_names: Sequence[str], seed: int, groups: Sequence[str]
) -> dict[str, NDArray[np.float64]] | None:
    predictions = _in_order(run, class_names)
    return None if predictions is None else draw_scores(predictions, seed=seed, among=groups)


def _in_order(run: Run, class_names: Sequence[str]) -> Predictions | None:
    """The predictions with the classes in one order for all runs, so that the same one is the positive one."""
    own = run.predictions
    if own is None or set(own.class_names) != set(class_names) or tuple(own.class_names) == tuple(class_names):
        return own
    places = [own.class_names.index(name) for name in class_names]
    labels = np.argsort(places)[own.labels].astype(np.int64)
    return Predictions(own.items, own.groups, labels, own.probabilities[:, places], tuple(class_names))


def _test_key(run: Run) -> str:
    """The same for runs that were tested on the same pictures of the same classes."""
    if run.predictions is None:
        return f"unknown: {run.folder}"
    names = run.predictions.class_names
    told = sorted(
        f"{item}\x1f{names[label]}"
        for item, label in zip(run.predictions.items, run.predictions.labels.tolist(), strict=True)
    )
    return hashlib.sha256("\x1e".join(told).encode()).hexdigest()


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
