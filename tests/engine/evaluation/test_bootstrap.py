"""Intervals: each draw is an ordinary test put together by hand, and whole groups are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as oracle

from artforge.core.seeds import generator
from artforge.engine.evaluation.bootstrap import MEASURES, draw_scores, interval_of, intervals
from artforge.engine.evaluation.calibration import expected_calibration_error
from artforge.engine.evaluation.predictions import Predictions


def drawn_test(num_classes=2, num=60, num_groups=12, seed=0, decimals=2):
    """Predictions with ties; groups of differing sizes."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, num_classes, num)
    logits = rng.normal(size=(num, num_classes)) + 1.2 * np.eye(num_classes)[labels]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if decimals:
        shares = shares.round(decimals)
    groups = tuple(f"artist {number}" for number in rng.integers(0, num_groups, num))
    items = tuple(f"{number}.png" for number in range(num))
    names = tuple(f"class {number}" for number in range(num_classes))
    return Predictions(items, groups, labels, shares.astype(np.float32), names)


def drawn_by_hand(predictions, seed, num_draws):
    """The pictures of each draw, one after another, groups as often as they were drawn."""
    names = sorted(set(predictions.groups))
    times = generator(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=num_draws)
    for row in times:
        yield np.concatenate(
            [
                np.flatnonzero(np.asarray(predictions.groups) == name)
                for name, count in zip(names, row, strict=True)
                for _ in range(count)
            ]
        )


@pytest.mark.parametrize("num_classes", [2, 3])
def test_a_draw_scores_as_scikit_learn_scores_its_pictures(num_classes):
    predictions = drawn_test(num_classes)
    scores = draw_scores(predictions, seed=3, num_draws=8)
    for draw, chosen in enumerate(drawn_by_hand(predictions, seed=3, num_draws=8)):
        labels, shares = predictions.labels[chosen], predictions.probabilities[chosen]
        guess = shares.argmax(axis=1)
        classes = list(range(num_classes))
        average = {"average": "binary"} if num_classes == 2 else {"average": "macro", "labels": classes}
        areas = [oracle.roc_auc_score(labels == one, shares[:, one]) for one in ([1] if num_classes == 2 else classes)]
        expected = {
            "accuracy": oracle.accuracy_score(labels, guess),
            "balanced_accuracy": oracle.balanced_accuracy_score(labels, guess),
            "f1": oracle.f1_score(labels, guess, **average),
            "roc_auc": np.mean(areas),
            "ece": expected_calibration_error(labels, shares),
        }
        assert {name: scores[name][draw] for name in MEASURES} == pytest.approx(expected, abs=1e-6)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    predictions = drawn_test()
    assert intervals(predictions, seed=1) == intervals(predictions, seed=1)
    assert intervals(predictions, seed=1)["accuracy"] != intervals(predictions, seed=2)["accuracy"]


def test_the_number_of_pictures_at_a_time_changes_nothing(monkeypatch):
    predictions = drawn_test()
    whole = draw_scores(predictions, num_draws=20)
    monkeypatch.setattr("artforge.engine.evaluation.bootstrap._CELLS_AT_ONCE", 3 * len(predictions))
    parts = draw_scores(predictions, num_draws=20)
    for name in MEASURES:
        np.testing.assert_array_equal(whole[name], parts[name])


def test_pictures_of_one_group_widen_the_interval():
    """Ten groups whose pictures are all right or all wrong hold as much as ten pictures, not as a thousand."""
    labels = np.tile([0, 1], 500)
    right = np.repeat([True, False], 50).repeat(10)
    guess = np.where(right, labels, 1 - labels)
    shares = np.where(np.eye(2)[guess] > 0, 0.8, 0.2).astype(np.float32)
    items = tuple(map(str, range(1000)))
    groups = tuple(f"artist {number // 100}" for number in range(1000))
    apart = intervals(Predictions(items, items, labels, shares, ("a", "b")))["accuracy"]
    together = intervals(Predictions(items, groups, labels, shares, ("a", "b")))["accuracy"]
    assert together.high - together.low > 5 * (apart.high - apart.low)
    # the standard error of a share is sqrt(p (1 - p) / n), and 95% are 1.96 of it to either side
    assert apart.high - apart.low == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 1000), rel=0.15)


def test_the_interval_holds_the_middle_95_of_100_draws():
    found = interval_of(np.append(np.arange(1001.0), np.nan))
    assert (found.low, found.high) == pytest.approx((25, 975))


def test_with_one_group_nothing_is_known_of_chance():
    predictions = drawn_test(num_groups=1)
    assert set(intervals(predictions).values()) == {None}


def test_a_draw_without_any_group_of_the_test_says_nothing():
    predictions = drawn_test(num_groups=2)
    scores = draw_scores(predictions, num_draws=300, among=[f"elsewhere {number}" for number in range(6)])
    unknown = np.isnan(scores["accuracy"])
    assert unknown.mean() == pytest.approx((6 / 8) ** 8, abs=0.06)
    assert all((np.isnan(scores[name]) == unknown).all() for name in MEASURES)


def test_a_draw_without_a_class_says_nothing_of_the_auc():
    items = ("0", "1", "2")
    predictions = Predictions(items, items, np.array([0, 0, 1]), np.eye(2, dtype=np.float32)[[0, 0, 1]], ("a", "b"))
    scores = draw_scores(predictions, num_draws=200)
    assert np.isnan(scores["roc_auc"]).any()
    assert set(np.unique(scores["roc_auc"][np.isfinite(scores["roc_auc"])])) == {1.0}
    assert set(scores["balanced_accuracy"]) == {1.0}
