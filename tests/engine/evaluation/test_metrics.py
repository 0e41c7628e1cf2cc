"""The measures: by hand where a hand suffices, else against scikit-learn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn import metrics as oracle

from artforge.core.errors import ShapeError
from artforge.engine.evaluation.metrics import confusion_matrix, cross_entropy, pr_auc, roc_auc, score_predictions

TWO = ("algorithmic", "hand_made")
THREE = ("algorithmic", "hand_made", "scanned")


def guesses(num_classes: int, seed: int, *, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """60 labels and probabilities that know something of them."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, num_classes, 60)
    logits = rng.normal(size=(60, num_classes)) + 1.2 * np.eye(num_classes)[labels]
    if ties:
        logits = np.round(logits)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return labels, probabilities.astype(np.float32)


def test_four_pictures_counted_by_hand():
    labels = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3]], np.float32)
    scores = score_predictions(labels, probabilities, TWO)
    counts = [scores[f"{kind}s"] for kind in ("true_positive", "false_positive", "true_negative", "false_negative")]
    assert counts == [1, 1, 1, 1]
    assert scores["accuracy"] == 0.5
    assert scores["mse"] == pytest.approx((0.1**2 + 0.6**2 + 0.2**2 + 0.7**2) / 4, rel=1e-6)
    assert scores["loss"] == pytest.approx(-np.log([0.9, 0.4, 0.8, 0.3]).mean(), rel=1e-6)
    assert scores["roc_auc"] == 0.75
    assert scores["positive_class"] == "hand_made"


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_two_classes_agree_with_scikit_learn(seed, ties):
    labels, probabilities = guesses(2, seed, ties=ties)
    scores = score_predictions(labels, probabilities, TWO)
    predicted, positive = probabilities.argmax(axis=1), probabilities[:, 1]
    expected = {
        "accuracy": oracle.accuracy_score(labels, predicted),
        "balanced_accuracy": oracle.balanced_accuracy_score(labels, predicted),
        "precision": oracle.precision_score(labels, predicted),
        "recall": oracle.recall_score(labels, predicted),
        "f1": oracle.f1_score(labels, predicted),
        "roc_auc": oracle.roc_auc_score(labels, positive),
        "pr_auc": oracle.average_precision_score(labels, positive),
        "loss": oracle.log_loss(labels, positive),
        "mse": oracle.brier_score_loss(labels, positive),
    }
    for name, value in expected.items():
        assert scores[name] == pytest.approx(value, rel=1e-5), name
    assert scores["confusion_matrix"] == oracle.confusion_matrix(labels, predicted).tolist()


@pytest.mark.parametrize("seed", [0, 1])
def test_three_classes_agree_with_scikit_learn(seed):
    labels, probabilities = guesses(3, seed)
    scores = score_predictions(labels, probabilities, THREE)
    predicted = probabilities.argmax(axis=1)
    assert scores["macro_f1"] == pytest.approx(oracle.f1_score(labels, predicted, average="macro"))
    assert scores["macro_precision"] == pytest.approx(oracle.precision_score(labels, predicted, average="macro"))
    assert scores["macro_recall"] == pytest.approx(oracle.recall_score(labels, predicted, average="macro"))
    by_class = [oracle.roc_auc_score(labels == index, probabilities[:, index]) for index in range(3)]
    assert scores["macro_roc_auc"] == pytest.approx(np.mean(by_class))
    assert scores["balanced_accuracy"] == pytest.approx(oracle.balanced_accuracy_score(labels, predicted))
    assert "true_positives" not in scores


def test_a_class_that_is_never_guessed_has_precision_zero_not_nan():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2]], np.float32)
    scores = score_predictions(np.array([0, 1]), probabilities, TWO)
    assert scores["precision"] == scores["recall"] == scores["f1"] == 0


def test_rows_of_the_confusion_matrix_are_the_true_classes():
    np.testing.assert_array_equal(
        confusion_matrix(np.array([0, 0, 1]), np.array([1, 1, 0]), 2), np.array([[0, 2], [1, 0]])
    )


def test_a_wrong_and_certain_guess_costs_a_finite_loss():
    assert cross_entropy(np.array([0]), np.array([[0.0, 1.0]], np.float32)) == pytest.approx(-np.log(1e-7))


def test_equal_scores_are_worth_half_an_auc():
    positive = np.array([True, False, True, False])
    assert roc_auc(positive, np.full(4, 0.5, np.float32)) == 0.5
    assert pr_auc(positive, np.full(4, 0.5, np.float32)) == 0.5


def test_a_test_of_one_class_has_no_auc_but_every_other_score():
    probabilities = np.array([[0.9, 0.1], [0.3, 0.7]], np.float32)
    scores = score_predictions(np.array([0, 0]), probabilities, TWO)
    assert scores["roc_auc"] is None
    assert scores["pr_auc"] is None
    assert scores["balanced_accuracy"] == scores["accuracy"] == 0.5
    assert scores["true_negatives"] == scores["false_positives"] == 1
    positives = score_predictions(np.array([1, 1]), probabilities, TWO)
    assert positives["roc_auc"] is None
    assert positives["pr_auc"] == 1


def test_a_class_that_is_not_in_the_test_counts_in_no_mean_of_recalls_and_areas():
    labels, probabilities = guesses(3, seed=4)
    kept = labels != 2
    scores = score_predictions(labels[kept], probabilities[kept], THREE)
    areas = [oracle.roc_auc_score(labels[kept] == index, probabilities[kept, index]) for index in (0, 1)]
    assert scores["macro_roc_auc"] == pytest.approx(np.mean(areas))
    recalls = [scores["class_recall"][name] for name in THREE[:2]]
    assert scores["balanced_accuracy"] == pytest.approx(np.mean(recalls))
    assert scores["class_recall"]["scanned"] == 0


def test_every_score_is_json_without_nan():
    labels, probabilities = guesses(3, seed=5)
    json.dumps(score_predictions(labels[:1], probabilities[:1], THREE), allow_nan=False)


def test_the_eleven_measures_of_the_notebook_are_all_there():
    """Those of `tf.keras.metrics` in TensorFlow's lesson on unbalanced classes, which the notebook takes over."""
    labels, probabilities = guesses(2, seed=6)
    counts = {"true_positives", "false_positives", "true_negatives", "false_negatives"}
    others = {"loss", "mse", "accuracy", "precision", "recall", "roc_auc", "pr_auc"}
    assert counts | others | {"f1", "balanced_accuracy", "ece"} <= set(score_predictions(labels, probabilities, TWO))


def test_rows_of_independent_classes_need_not_add_up_to_one():
    probabilities = np.array([[0.8, 0.8, 0.0], [0.1, 0.3, 0.1]], np.float32)
    assert cross_entropy(np.array([0, 1]), probabilities) == pytest.approx(-np.log([0.5, 0.6]).mean(), rel=1e-5)


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.5])
def test_what_is_no_probability_is_refused_with_its_row(wrong):
    probabilities = np.array([[0.5, 0.5], [wrong, 0.5]], np.float32)
    with pytest.raises(ShapeError, match="in row 1"):
        score_predictions(np.array([0, 1]), probabilities, TWO)


def test_a_label_that_is_none_is_refused():
    with pytest.raises(ShapeError, match="from 0 to 1, received 0 to 2"):
        score_predictions(np.array([0, 2]), np.full((2, 2), 0.5, np.float32), TWO)


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match=r"\(3, 2\)"):
        score_predictions(np.array([0, 1]), np.full((3, 2), 0.5, np.float32), TWO)
