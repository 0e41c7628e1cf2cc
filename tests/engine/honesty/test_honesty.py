"""The honesty checks, against numbers worked by hand, exact solutions, and maps that are known to be true or false."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, ShapeError
from artforge.engine.attention.classical_filters import classical_filter
from artforge.engine.attention.grad_cam import grad_cam_batch
from artforge.engine.backend import to_array
from artforge.engine.honesty.check import check_heatmap
from artforge.engine.honesty.deletion import deletion_curve, insertion_curve, random_area
from artforge.engine.honesty.drop import confidence_drop
from artforge.engine.honesty.randomised import layers_with_weights, randomised_weights, rank_correlation, sanity_check
from artforge.engine.honesty.road import impute, road_score

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def weighed(weights):
    """A score that is a weighted sum of pixels, 1 for a picture of ones."""
    return lambda batch: (batch[..., 0] * weights / weights.sum()).sum(axis=(1, 2)).astype(np.float32)


@pytest.fixture
def linear():
    """8x8 pixels of 1, and the weight of each: the true map."""
    weights = np.random.default_rng(4).random((8, 8)).astype(np.float32)
    return np.ones((8, 8, 1), np.float32), np.zeros((8, 8, 1), np.float32), weights


def test_a_curve_of_four_pixels_worked_by_hand():
    weights = np.asarray([[4, 3], [2, 1]], np.float32)
    picture, baseline = np.ones((2, 2, 1), np.float32), np.zeros((2, 2, 1), np.float32)
    deleted = deletion_curve(picture, weights, baseline, weighed(weights), num_steps=4)
    np.testing.assert_allclose(deleted.scores, [1, 0.6, 0.3, 0.1, 0], atol=1e-6)
    assert deleted.area == pytest.approx((0.8 + 0.45 + 0.2 + 0.05) / 4)
    inserted = insertion_curve(picture, weights, baseline, weighed(weights), num_steps=4)
    np.testing.assert_allclose(inserted.scores, [0, 0.4, 0.7, 0.9, 1], atol=1e-6)


def test_equal_pixels_go_in_rows_from_the_top_left():
    seen = []
    deletion_curve(
        np.ones((2, 2, 1), np.float32),
        np.zeros((2, 2), np.float32),
        np.zeros((2, 2, 1), np.float32),
        lambda batch: seen.append(batch[..., 0].reshape(len(batch), -1)) or np.zeros(len(batch), np.float32),
        num_steps=4,
    )
    assert np.concatenate(seen).tolist() == [[1, 1, 1, 1], [0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]]


def test_the_true_order_beats_a_thousand_random_ones(linear):
    picture, baseline, weights = linear
    score = weighed(weights)
    true = deletion_curve(picture, weights, baseline, score).area
    rng = np.random.default_rng(0)
    chance = [deletion_curve(picture, rng.random((8, 8), dtype=np.float32), baseline, score).area for _ in range(1000)]
    assert true < min(chance)
    assert deletion_curve(picture, -weights, baseline, score).area > max(chance)
    assert random_area(picture, baseline, score, num_orders=50) == pytest.approx(np.mean(chance), abs=0.02)
    assert insertion_curve(picture, weights, baseline, score).area == pytest.approx(1 - true, abs=1e-5)


def test_what_stays_lit_decides_how_much_is_lost(linear):
    picture, baseline, weights = linear
    score = weighed(weights)
    assert confidence_drop(picture, np.ones((8, 8), np.float32), baseline, score) == (0, False)
    nothing = confidence_drop(picture, -np.ones((8, 8), np.float32), baseline, score)
    assert nothing.drop == pytest.approx(1)
    half = np.zeros((8, 8), np.float32)
    half[:4] = 5
    lost = weights[4:].sum() / weights.sum()
    assert confidence_drop(picture, half, baseline, score).drop == pytest.approx(lost, abs=1e-5)
    rises = confidence_drop(picture, half, np.full_like(picture, 2), score)
    assert rises.increases
    assert rises.drop == 0


def test_missing_pixels_are_the_exact_solution_of_their_equations():
    rng = np.random.default_rng(2)
    picture = rng.random((7, 6, 3), dtype=np.float32)
    missing = rng.random((7, 6)) < 0.6
    missing[0, 0] = missing[6, 5] = True
    places = [tuple(place) for place in np.argwhere(missing)]
    equations, goals = np.zeros((len(places), len(places))), np.zeros((len(places), 3))
    for number, (row, column) in enumerate(places):
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                other = (row + down, column + right)
                if (down, right) == (0, 0) or not (0 <= other[0] < 7 and 0 <= other[1] < 6):
                    continue
                weight = 1 / 12 if down and right else 1 / 6
                equations[number, number] += weight
                if missing[other]:
                    equations[number, places.index(other)] -= weight
                else:
                    goals[number] += weight * picture[other]
    filled = impute(picture, missing)
    np.testing.assert_allclose(filled[missing], np.linalg.solve(equations, goals), atol=1e-4)
    np.testing.assert_array_equal(filled[~missing], picture[~missing])
    assert not impute(picture, np.ones((7, 6), bool)).any()


def test_road_tells_a_true_map_from_a_false_one(linear):
    _, _, weights = linear
    picture = np.random.default_rng(0).random((8, 8, 1)).astype(np.float32) * (weights > 0.5)[..., None]
    score = weighed((weights > 0.5).astype(np.float32))
    heat = picture[..., 0]
    assert road_score(picture, heat, score) > 0.02
    assert road_score(picture, -heat, score) == pytest.approx(-road_score(picture, heat, score), abs=0.02)
    assert road_score(picture, heat, score, seed=1) == road_score(picture, heat, score, seed=1)


# randomised weights


def test_rank_correlation_is_spearmans():
    first = np.asarray([[1, 2], [3, 4]], np.float32)
    assert rank_correlation(first, np.exp(first)) == pytest.approx(1)
    assert rank_correlation(first, -first) == pytest.approx(-1)
    assert rank_correlation(first, np.asarray([[2, 1], [4, 3]], np.float32)) == pytest.approx(0.6)
    assert rank_correlation(np.asarray([[1, 1], [2, 2]], np.float32), first) == pytest.approx(2 / np.sqrt(5))
    assert rank_correlation(first, np.zeros((2, 2), np.float32)) == 0


def test_shuffled_weights_come_back_bit_for_bit(residual):
    before = [to_array(variable).copy() for variable in residual.graph.variables]
    layers = layers_with_weights(residual)
    assert layers[0] == "probabilities"
    assert layers[-1] == "early"
    with pytest.raises(RuntimeError), randomised_weights(residual, layers[:2]):
        inside = [to_array(variable) for variable in residual.graph.variables]
        for old, new in zip(before, inside, strict=True):
            np.testing.assert_array_equal(np.sort(old, axis=None), np.sort(new, axis=None))
        changed = [not np.array_equal(old, new) for old, new in zip(before, inside, strict=True)]
        assert any(changed)
        assert not all(changed)
        raise RuntimeError
    for old, variable in zip(before, residual.graph.variables, strict=True):
        np.testing.assert_array_equal(old, to_array(variable))


def test_a_map_of_the_network_changes_and_an_edge_detector_in_disguise_does_not(residual, pictures):
    def looked():
        return grad_cam_batch(pictures[:1], model=residual, layer="inner", targets="red")[0]

    def posed():
        return np.abs(classical_filter(pictures[0], filter="sobel_x"))

    stages = sanity_check(residual, looked, num_stages=2)
    assert [share for share, _ in stages] == [1 / 5, 1]
    assert abs(stages[-1][1]) < 0.8
    assert all(correlation == pytest.approx(1) for _, correlation in sanity_check(residual, posed))


# all together


@pytest.mark.parametrize("method", ["grad_cam", "integrated_gradients"])
def test_a_report_is_the_same_again_and_leaves_the_model_alone(residual, pictures, method):
    before = residual.probabilities(pictures)
    first, second = (check_heatmap(pictures[0], model=residual, method=method, target="green") for _ in range(2))
    assert first == second
    np.testing.assert_array_equal(residual.probabilities(pictures), before)
    assert 0 <= first.deletion <= 1
    assert 0 <= first.drop <= 1
    assert first.as_json()["follows_score"] == first.follows_score
    assert len(first.randomised) == 3


def test_what_does_not_fit_is_refused(residual, pictures, linear):
    picture, baseline, weights = linear
    for check in (deletion_curve, confidence_drop):
        with pytest.raises(ShapeError, match=r"\(4, 4\)"):
            check(picture, np.zeros((4, 4), np.float32), baseline, weighed(weights))
    with pytest.raises(ShapeError, match=r"\(4, 4\)"):
        road_score(picture, np.zeros((4, 4), np.float32), weighed(weights))
    with pytest.raises(ChoiceError, match="did you mean 'grad_cam'"):
        check_heatmap(pictures[0], model=residual, method="gradcam")
