"""How far a score could be off by the chance of which pictures were in the test: the bootstrap, by whole groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artforge.core.seeds import generator
from artforge.engine.evaluation.calibration import NUM_BINS, bin_of
from artforge.engine.evaluation.predictions import Predictions

NUM_DRAWS = 1000
COVERAGE = 0.95
MEASURES = ("accuracy", "balanced_accuracy", "f1", "roc_auc", "ece")
_CELLS_AT_ONCE = 2**22  # a weight for each draw and picture: 32 MB at a time

Draws = Mapping[str, NDArray[np.float64]]
"""By name of the measure: float64 (draws,); NaN where a draw has pictures of one class only."""


@dataclass(frozen=True)
class Interval:
    """Where the score lies in 95 of 100 draws."""

    low: float
    high: float


def intervals(predictions: Predictions, *, seed: int = 0, num_draws: int = NUM_DRAWS) -> dict[str, Interval | None]:
    """The 95% interval of each measure; see `draw_scores` and `interval_of`."""
    draws = draw_scores(predictions, seed=seed, num_draws=num_draws)
    return {name: interval_of(values) for name, values in draws.items()}


def interval_of(draws: NDArray[np.float64]) -> Interval | None:
    """Percentiles 2.5 and 97.5 of the draws in which the score is known; None where it is known in none."""
    known = draws[np.isfinite(draws)]
    if not len(known):
        return None
    low, high = np.quantile(known, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return Interval(float(low), float(high))


def draw_scores(
    predictions: Predictions, *, seed: int = 0, num_draws: int = NUM_DRAWS, among: Sequence[str] = ()
) -> dict[str, NDArray[np.float64]]:
    """Each measure on tests put together by chance: as many groups as there are, drawn with replacement.

    Pictures of one group (an artist, a script) are like each other, so a group is drawn or left out as a whole;
    pictures drawn one by one would make the interval too narrow. With a single group nothing is known of chance, and
    every score is NaN.

    Args:
        predictions: of the test.
        seed: the same seed gives the same draws.
        num_draws: how many.
        among: names of groups to draw from, those of the test among them; where nothing is given, the test's own. Tests
            that are drawn from the same groups by the same seed have the same groups in the same draw.

    Returns:
        `accuracy`, `balanced_accuracy`, `f1`, `roc_auc` and `ece`: float64 (draws,) each. F1 and AUC are those of the
        second of two classes, else means over the classes, as in `metrics.score_predictions`.

    The calibration error cannot fall below 0 and grows with every bin that few pictures fill, so its draws lie above
    the error of the whole test by some hundredths where a test is small: its interval is a cautious one.

    Source: Efron, Bootstrap methods (1979), https://doi.org/10.1214/aos/1176344552; whole groups: Field & Welsh,
    Bootstrapping clustered data (2007), https://doi.org/10.1111/j.1467-9868.2007.00593.x
    """
    own = np.asarray(predictions.groups, dtype=np.str_)
    names = np.unique(np.concatenate([own, np.asarray(among, dtype=np.str_)]))
    group_of, num_groups = np.searchsorted(names, own), len(names)
    if (own == own[0]).all():
        return {name: np.full(num_draws, np.nan) for name in MEASURES}
    times = generator(seed).multinomial(num_groups, np.full(num_groups, 1 / num_groups), size=num_draws)
    at_once = max(1, _CELLS_AT_ONCE // len(predictions))
    tables = _Tables.of(predictions, group_of, num_groups)
    parts = [_scores(tables, times[start : start + at_once], group_of) for start in range(0, num_draws, at_once)]
    return {name: np.concatenate([part[name] for part in parts]) for name in MEASURES}


@dataclass(frozen=True)
class _Tables:
    """What each group adds to the sums that the scores are made of.

    Attributes:
        shown, guessed, hits: float64 (groups, classes): pictures of a class, taken for it, and both.
        bins: float64 (groups, bins): confidence less right, summed in each bin of the calibration curve.
        positive: bool (n, classes to rank): the labels that an AUC is of.
        order: int64 (n, classes to rank): the pictures by rising probability.
        starts: for each class to rank, int64: the first picture of every run of equal probabilities.
    """

    shown: NDArray[np.float64]
    guessed: NDArray[np.float64]
    hits: NDArray[np.float64]
    bins: NDArray[np.float64]
    positive: NDArray[np.bool_]
    order: NDArray[np.int64]
    starts: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, predictions: Predictions, group_of: NDArray[np.int64], num_groups: int) -> _Tables:
        num_classes = len(predictions.class_names)
        one_hot = np.eye(num_classes)
        truth, guess = one_hot[predictions.labels], one_hot[predictions.predicted]
        confidence = predictions.probabilities.max(axis=1).astype(np.float64)
        surplus = np.eye(NUM_BINS)[bin_of(confidence)] * (confidence - predictions.right)[:, None]
        ranked = [1] if num_classes == 2 else range(num_classes)
        scores = predictions.probabilities[:, list(ranked)]
        order = np.argsort(scores, axis=0, kind="stable")
        rising = np.take_along_axis(scores, order, axis=0)
        starts = [np.flatnonzero(np.append(True, np.diff(column) != 0)) for column in rising.T]

        def by_group(values: NDArray[np.float64]) -> NDArray[np.float64]:
            sums = np.zeros((num_groups, values.shape[1]))
            np.add.at(sums, group_of, values)
            return sums

        return cls(
            shown=by_group(truth),
            guessed=by_group(guess),
            hits=by_group(truth * guess),
            bins=by_group(surplus),
            positive=truth[:, list(ranked)].astype(bool),
            order=order,
            starts=tuple(starts),
        )


def _scores(tables: _Tables, times: NDArray[np.int64], group_of: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    shown, guessed, hits = (times @ table for table in (tables.shown, tables.guessed, tables.hits))
    num_pictures = shown.sum(axis=1)
    f1 = _ratio(2 * hits, shown + guessed, nothing=0.0)
    f1[num_pictures == 0] = np.nan  # where the groups of another test were drawn alone
    weights = times.astype(np.float64)
    areas = [
        _auc(weights[:, group_of[order]], positive[order], starts)
        for order, positive, starts in zip(tables.order.T, tables.positive.T, tables.starts, strict=True)
    ]
    return {
        "accuracy": _ratio(hits.sum(axis=1), num_pictures, nothing=np.nan),
        "balanced_accuracy": _mean_known(_ratio(hits, shown, nothing=np.nan)),
        "f1": f1[:, 1] if f1.shape[1] == 2 else f1.mean(axis=1),
        "roc_auc": _mean_known(np.stack(areas, axis=1)),
        "ece": _ratio(np.abs(times @ tables.bins).sum(axis=1), num_pictures, nothing=np.nan),
    }


def _auc(weights: NDArray[np.float64], positive: NDArray[np.bool_], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Area under the ROC curve of each draw: weights (draws, n) of pictures by rising score, ties counted half."""
    positives, negatives = weights * positive, weights * ~positive
    if len(starts) < len(positive):  # equal probabilities are one step of the curve
        positives, negatives = (np.add.reduceat(side, starts, axis=1) for side in (positives, negatives))
    below = np.cumsum(negatives, axis=1) - negatives
    pairs = positives.sum(axis=1) * negatives.sum(axis=1)
    return _ratio((positives * (below + negatives / 2)).sum(axis=1), pairs, nothing=np.nan)


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64], *, nothing: float) -> NDArray[np.float64]:
    return np.asarray(np.divide(above, below, out=np.full(below.shape, nothing), where=below > 0), np.float64)


def _mean_known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of each row over what is known in it; NaN where nothing is."""
    known = np.isfinite(values)
    return _ratio(np.where(known, values, 0).sum(axis=1), known.sum(axis=1).astype(np.float64), nothing=np.nan)
