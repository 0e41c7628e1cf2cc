"""The measures of a batch: those of the whole test, by other means."""

from __future__ import annotations

import time

import numpy as np
import pytest

from artforge.engine.evaluation.metrics import score_predictions
from artforge.engine.training.batch_scores import MEASURES, batch_scores, evaluation_rows, weighted_loss


def guesses(num: int, num_classes: int, seed: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities with ties among them: few levels, many pictures."""
    rng = np.random.default_rng(seed)
    raw = rng.integers(1, levels, (num, num_classes)).astype(np.float64)
    return rng.integers(0, num_classes, num), (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("levels", [3, 1000])
@pytest.mark.parametrize("num_classes", [2, 3, 7])
@pytest.mark.parametrize("seed", range(5))
def test_they_equal_those_of_scikit_learn(num_classes, seed, levels):
    labels, probabilities = guesses(48, num_classes, seed, levels)
    expected = score_predictions(labels, probabilities, [str(number) for number in range(num_classes)])
    found = batch_scores(labels, probabilities, loss=0.25)
    assert tuple(found) == MEASURES
    assert found.pop("loss") == 0.25
    if num_classes > 2:
        found = {name: value for name, value in found.items() if not name.endswith(("positives", "negatives"))}
        for name in ("precision", "recall", "f1", "roc_auc", "pr_auc"):
            expected[name] = expected[f"macro_{name}"]
    assert found == {name: pytest.approx(expected[name], abs=1e-6) for name in found}


def test_counts_of_many_classes_are_added_up():
    labels, eye = np.array([0, 1, 2]), np.eye(3, dtype=np.float32)
    found = batch_scores(labels, eye[[0, 2, 2]], loss=0.0)
    counts = [found[f"{kind}_{side}"] for kind in ("true", "false") for side in ("positives", "negatives")]
    assert counts == [2, 5, 1, 1]


def test_a_batch_of_one_class_has_no_roc_area_and_no_nan():
    labels, probabilities = np.zeros(6, np.int64), guesses(6, 2, 0, 1000)[1]
    found = batch_scores(labels, probabilities, loss=1.0)
    assert found["roc_auc"] is None
    assert found["pr_auc"] is None
    assert all(np.isfinite(value) for value in found.values() if value is not None)


def test_an_evaluation_measures_every_picture_once_in_mixed_batches():
    labels, probabilities = np.repeat([0, 1], 20), guesses(40, 2, 1, 1000)[1]
    weights = np.array([1.0, 3.0], np.float32)
    rows = list(evaluation_rows("test", 4, labels, probabilities, weights, batch_size=16, seed=0))
    assert [(row["phase"], row["epoch"], row["batch"]) for row in rows] == [
        ("test", 4, 1),
        ("test", 4, 2),
        ("test", 4, 3),
    ]
    assert sum(row["true_positives"] + row["false_negatives"] for row in rows) == 20
    assert all(row["roc_auc"] is not None for row in rows)


def test_the_weighted_loss_is_worked_out_by_hand():
    probabilities = np.array([[0.5, 0.5], [0.75, 0.25]], np.float32)
    expected = (np.log(2) * 1 + np.log(4) * 3) / 4
    assert weighted_loss(np.array([0, 1]), probabilities, np.array([1.0, 3.0])) == pytest.approx(expected)


def test_a_batch_is_measured_in_a_small_part_of_a_millisecond():
    labels, probabilities = guesses(64, 2, 0, 1000)

    def seconds() -> float:
        begun = time.perf_counter()
        batch_scores(labels, probabilities, loss=0.0)
        return time.perf_counter() - begun

    assert min(seconds() for _ in range(50)) < 1e-3
