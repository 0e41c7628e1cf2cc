"""Scores to be doubted: those of guessing, and those of labels reversed."""

from __future__ import annotations

import pytest
from made_runs import predictions_of

from artforge.engine.evaluation.bootstrap import intervals
from artforge.engine.evaluation.doubts import chance_of, is_like_guessing, looks_reversed
from artforge.engine.evaluation.metrics import score_predictions


def scores_of(skill, **options):
    predictions = predictions_of(skill, **options)
    scores = score_predictions(predictions.labels, predictions.probabilities, predictions.class_names)
    return scores | {"intervals": {name: one and (one.low, one.high) for name, one in intervals(predictions).items()}}


@pytest.mark.parametrize(
    ("skill", "like_guessing", "is_reversed"), [(3.0, False, False), (0.0, True, False), (-3.0, True, True)]
)
def test_a_model_is_doubted_that_guesses_or_takes_each_class_for_the_other(skill, like_guessing, is_reversed):
    scores = scores_of(skill)
    assert (is_like_guessing(scores), looks_reversed(scores)) == (like_guessing, is_reversed)


def test_guessing_among_three_classes_reaches_a_third():
    scores = scores_of(3.0, class_names=("a", "b", "c"))
    assert chance_of(scores) == pytest.approx(1 / 3)
    assert not is_like_guessing(scores)
    assert not looks_reversed(scores_of(-3.0, class_names=("a", "b", "c")))


@pytest.mark.parametrize(("score", "expected"), [(0.5, True), (0.7, False)])
def test_where_nothing_is_known_of_chance_the_score_itself_counts(score, expected):
    scores = {
        "confusion_matrix": [[1, 1], [1, 1]],
        "balanced_accuracy": score,
        "intervals": {"balanced_accuracy": None},
    }
    assert is_like_guessing(scores) is expected


def test_a_test_of_one_class_is_not_doubted():
    scores = {"confusion_matrix": [[4, 0], [0, 0]], "balanced_accuracy": 1.0, "intervals": {"balanced_accuracy": None}}
    assert not is_like_guessing(scores)
