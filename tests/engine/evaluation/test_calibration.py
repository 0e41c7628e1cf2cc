"""Calibration: the error by hand, and temperatures that are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from artforge.core.errors import ShapeError
from artforge.engine.evaluation.calibration import bin_of, expected_calibration_error, fit_temperature, reliability
from artforge.engine.models.head import probabilities_from


@dataclass
class Twin:
    """What is asked of a network's end."""

    activation: str = "softmax"
    num_outputs: int = 3

    @property
    def is_sigmoid(self):
        return self.activation == "sigmoid" or self.num_outputs == 1


def test_the_error_is_the_mean_gap_of_the_bins():
    # three pictures at 0.9, of which two are right; one at 0.6 that is right
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.6, 0.4]], np.float32)
    labels = np.array([0, 1, 1, 0])
    assert expected_calibration_error(labels, probabilities) == pytest.approx((3 * (0.9 - 2 / 3) + 0.4) / 4, rel=1e-6)


def test_a_certain_network_that_is_always_right_has_no_error():
    assert expected_calibration_error(np.array([0, 1]), np.eye(2, dtype=np.float32)) == 0


def test_a_certain_network_that_is_always_wrong_has_the_whole_error():
    assert expected_calibration_error(np.array([1, 0]), np.eye(2, dtype=np.float32)) == 1


def test_an_edge_belongs_to_the_bin_below():
    assert bin_of(np.array([0.0, 0.2, 0.21, 0.4, 1.0]), num_bins=5).tolist() == [0, 0, 1, 1, 4]


def test_an_empty_bin_is_not_a_number_and_counts_for_nothing():
    curve = reliability(np.array([0]), np.array([[0.7, 0.3]], np.float32), num_bins=4)
    assert curve.counts.tolist() == [0, 0, 1, 0]
    assert np.isnan(curve.accuracy).tolist() == [True, True, False, True]
    assert curve.error == pytest.approx(0.3, rel=1e-6)


def drawn(twin, true_temperature, num=4000, seed=0):
    """Logits, and labels drawn from the very probabilities that those logits have at the true temperature."""
    rng = np.random.default_rng(seed)
    columns = 2 if twin.num_outputs == 1 else twin.num_outputs
    scores = rng.normal(0, 3, (num, columns)).astype(np.float32)
    if twin.num_outputs == 1:
        scores[:, 0] = -scores[:, 1]
    chances = probabilities_from(scores, twin=twin, temperature=true_temperature).cumsum(axis=1)
    return scores, (rng.random((num, 1)) > chances[:, :-1]).sum(axis=1)


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("twin", [Twin(num_outputs=3), Twin("sigmoid", 1), Twin("linear", 1)])
def test_the_temperature_that_made_the_labels_is_found(twin, true_temperature):
    scores, labels = drawn(twin, true_temperature)
    assert fit_temperature(scores, labels, twin=twin) == pytest.approx(true_temperature, rel=0.12)


def test_a_network_that_is_too_sure_is_nearer_to_the_truth_afterwards():
    twin = Twin(num_outputs=3)
    scores, labels = drawn(twin, 4.0)
    temperature = fit_temperature(scores, labels, twin=twin)
    before, after = (probabilities_from(scores, twin=twin, temperature=at) for at in (1.0, temperature))
    assert expected_calibration_error(labels, after) < 0.3 * expected_calibration_error(labels, before)
    np.testing.assert_array_equal(before.argmax(axis=1), after.argmax(axis=1))


def test_several_sigmoids_are_calibrated_each_by_itself():
    twin = Twin("sigmoid", 3)
    scores = np.array([[3, -3, -3], [-3, 3, -3], [3, -3, -3], [-3, -3, 3]], np.float32)
    # of twelve verdicts ten are right: sigmoid(3 / T) = 10 / 12
    labels = np.array([0, 1, 0, 0])
    scores, labels = np.tile(scores, (50, 1)), np.tile(labels, 50)
    assert fit_temperature(scores, labels, twin=twin) == pytest.approx(3 / np.log(5), rel=1e-3)


@pytest.mark.parametrize("labels", [[0, 1], [1, 0]])
def test_where_all_is_right_or_all_is_wrong_the_temperature_stays_one(labels):
    scores = np.array([[2.0, -2, -2], [-1, 4, -3]], np.float32)
    assert fit_temperature(np.tile(scores, (50, 1)), np.tile(labels, 50), twin=Twin()) == 1.0


def test_from_a_handful_of_pictures_no_temperature_is_taken():
    scores, labels = drawn(Twin(), 4.0, num=49)
    assert fit_temperature(scores, labels, twin=Twin()) == 1.0
    scores, labels = drawn(Twin(), 4.0, num=60)
    assert fit_temperature(scores, labels, twin=Twin()) > 2


def test_a_temperature_that_helps_no_other_pictures_is_left():
    """Of a network that is calibrated, a best temperature of few pictures is chance."""
    found = [fit_temperature(*drawn(Twin(), 1.0, num=60, seed=seed), twin=Twin()) for seed in range(20)]
    assert sum(one == 1.0 for one in found) > 12


def test_without_pictures_there_is_no_temperature():
    with pytest.raises(ShapeError, match="one row for each"):
        fit_temperature(np.empty((0, 3), np.float32), np.empty(0, np.int64), twin=Twin())


def test_a_temperature_divides_the_logits():
    scores = np.array([[2.0, 0.0, -2.0]], np.float32)
    for twin in (Twin(), Twin("sigmoid", 3)):
        np.testing.assert_allclose(
            probabilities_from(scores, twin=twin, temperature=4.0), probabilities_from(scores / 4, twin=twin)
        )
