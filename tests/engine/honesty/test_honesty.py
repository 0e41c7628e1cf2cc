"""The honesty checks, against numbers worked by hand, exact solutions, and maps that are known to be true or false."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import ChoiceError, ModelError, ShapeError
from artforge.engine.attention.baselines import baseline_of
from artforge.engine.attention.classical_filters import classical_filter
from artforge.engine.attention.grad_cam import grad_cam_batch
from artforge.engine.attention.methods import METHODS, Method
from artforge.engine.attention.upsample import upsample_heatmap
from artforge.engine.backend import to_array
from artforge.engine.honesty.average_drop import average_drop
from artforge.engine.honesty.check import MOST_ALIKE, HonestyReport, check_heatmap
from artforge.engine.honesty.deletion import deletion_curve, insertion_curve, random_area
from artforge.engine.honesty.drop import confidence_drop
from artforge.engine.honesty.probability import probability_of
from artforge.engine.honesty.randomised import layers_with_weights, randomised_weights, rank_correlation, sanity_check
from artforge.engine.honesty.road import PERCENTAGES, impute, road_score
from artforge.engine.models.handle import wrap_model

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


@pytest.mark.parametrize("baseline", ["mean", "black"])
def test_the_average_drop_of_a_set_is_the_mean_over_its_pictures(residual, pictures, baseline):
    heatmaps = grad_cam_batch(pictures, model=residual, targets="red")
    drops = []
    for image, heatmap in zip(pictures, heatmaps, strict=True):
        picture = residual.prepare(image)[0]
        light = np.maximum(upsample_heatmap(heatmap, picture.shape[:2]), 0)
        nothing = baseline_of(picture, baseline, model=residual)
        lit = nothing + (light / light.max())[..., None] * (picture - nothing)
        whole, left = probability_of(0, model=residual)(np.stack([picture, lit]))
        drops.append((max(0, whole - left) / whole, left > whole))
    found = average_drop(pictures, heatmaps, model=residual, targets="red", baseline=baseline)
    assert found.drop == pytest.approx(np.mean([drop for drop, _ in drops]), abs=1e-5)
    assert found.increase == np.mean([rises for _, rises in drops])


def test_a_set_has_a_heatmap_for_each_picture(residual, pictures):
    for images, count in ((pictures, 3), ([], 0)):
        with pytest.raises(ShapeError, match=f"a heatmap for each, received {len(images)} and {count}"):
            average_drop(images, [np.ones((2, 2), np.float32)] * count, model=residual)
    with pytest.raises(ChoiceError, match="only speaks against red"):
        average_drop(pictures[:1], [np.ones((2, 2), np.float32)], model=residual, targets={"red": -1})


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


def test_road_of_one_row_worked_by_hand():
    """Ten grey pixels in a row, each hotter and brighter than the one before; the score is the brightest that is left.

    A gap at an end is filled with its one neighbour: with the coldest gone the brightest stays, 1; with the hottest
    n gone the brightest left is 1 - 0.1 n, and half the difference is 0.05 n. (The noise is left out: a score of one
    decimal does not see it.)
    """
    row = np.linspace(0.1, 1, 10, dtype=np.float32)
    picture = row.reshape(1, 10, 1)

    def brightest(batch):
        return np.round(batch.max(axis=(1, 2, 3)), 1)

    for percentage in (10, 30, 50, 70):
        found = road_score(picture, row[None], brightest, percentages=[percentage])
        assert found == pytest.approx(percentage / 200, abs=1e-6)
    assert road_score(picture, row[None], brightest, percentages=[10, 50]) == pytest.approx(0.15, abs=1e-6)
    assert road_score(picture, -row[None], brightest, percentages=[30]) == pytest.approx(-0.15, abs=1e-6)
    assert PERCENTAGES == (10, 30, 50, 70, 90)


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
    assert abs(stages[-1][1]) < MOST_ALIKE
    assert all(correlation == pytest.approx(1) for _, correlation in sanity_check(residual, posed))


@pytest.mark.parametrize("num_stages", [1, 2, 3, 7])
def test_the_last_stage_randomises_every_layer(residual, pictures, num_stages):
    kernels = [variable for variable in residual.graph.variables if variable.name == "kernel"]
    true = [to_array(kernel).copy() for kernel in kernels]
    changed = []

    def watched():
        changed.append([not np.array_equal(to_array(kernel), old) for kernel, old in zip(kernels, true, strict=True)])
        return grad_cam_batch(pictures[:1], model=residual, targets="red")[0]

    stages = sanity_check(residual, watched, num_stages=num_stages)
    assert len(stages) == num_stages
    assert stages[-1][0] == 1
    assert all(changed[-1])
    assert sum(changed[1]) == (1 if num_stages > 1 else len(kernels))


def normalised(keras, *, frozen):
    """A base with batch normalisation and a moving statistic of its own, frozen or not, under a Dense layer."""
    picture = keras.Input((16, 16, 3))
    inside = keras.Input((16, 16, 3))
    maps = keras.layers.Conv2D(6, 3, activation="relu", name="conv")(inside)
    maps = keras.layers.Conv2D(6, 3, name="late")(keras.layers.BatchNormalization(name="norm")(maps))
    base = keras.Model(inside, maps, name="base")
    pooled = keras.layers.GlobalAveragePooling2D()(base(picture))
    network = keras.Model(picture, keras.layers.Dense(2, name="scores")(keras.layers.Dropout(0.5)(pooled)))
    rng = np.random.default_rng(0)
    for variable in network.weights:
        variable.assign(rng.uniform(0.5, 1.5, variable.shape).astype(np.float32))
    base.trainable = not frozen
    return network


@pytest.mark.parametrize("frozen", [False, True])
def test_frozen_layers_learned_too(keras, frozen):
    model = wrap_model(normalised(keras, frozen=frozen))
    assert layers_with_weights(model) == ["scores", "base/late", "base/norm", "base/conv"]
    before = {variable.path: to_array(variable).copy() for variable in model.keras_model.variables}
    with randomised_weights(model, layers_with_weights(model)):
        changed = {
            variable.path.rpartition("/")[2]
            for variable in model.keras_model.variables
            if not np.array_equal(before[variable.path], to_array(variable))
        }
    assert changed == {"kernel", "bias", "gamma", "beta"}
    for variable in model.keras_model.variables:
        np.testing.assert_array_equal(before[variable.path], to_array(variable))


def test_a_wholly_frozen_network_is_judged_as_if_it_were_not(keras, pictures):
    reports = []
    for frozen in (False, True):
        network = normalised(keras, frozen=frozen)
        network.trainable = not frozen
        reports.append(check_heatmap(pictures[0], model=wrap_model(network), target=0))
    assert reports[0] == reports[1]
    assert reports[1].randomised[-1][0] == 1


def test_a_network_without_weights_cannot_be_shuffled(keras, pictures):
    bare = wrap_model(keras.Sequential([keras.Input((8, 8, 3)), keras.layers.GlobalAveragePooling2D()]))
    with pytest.raises(ModelError, match="no weights that could be shuffled"):
        sanity_check(bare, lambda: np.zeros((2, 2), np.float32))
    with pytest.raises(ChoiceError, match="num_stages must be a whole number of at least 1"):
        sanity_check(bare, lambda: np.zeros((2, 2), np.float32), num_stages=0)


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


@pytest.fixture
def bright(keras):
    """Class 1 is likelier the brighter the picture's upper left quarter is; no other pixel counts."""
    kernel = np.zeros((12, 12, 3, 2), np.float32)
    kernel[:6, :6, :, 1] = 0.2
    layers = keras.layers
    network = keras.Sequential([keras.Input((12, 12, 3)), layers.Flatten(), layers.Dense(2, activation="softmax")])
    network.layers[-1].kernel.assign(kernel.reshape(-1, 2))
    network.layers[-1].bias.assign(np.asarray([12, 0], np.float32))
    return wrap_model(network, class_names=("dark", "bright"))


QUARTER = np.zeros((12, 12), np.float32)
QUARTER[:6, :6] = 1


@pytest.mark.parametrize(("pose", "follows"), [(QUARTER, True), (1 - QUARTER, False)])
def test_a_true_map_follows_the_score_and_a_false_one_does_not(bright, monkeypatch, pose, follows):
    image = np.random.default_rng(0).random((12, 12, 3), dtype=np.float32) * 0.3
    image[:6, :6] += 0.6
    monkeypatch.setitem(METHODS, "posed", Posed("posed", looks_at_layer=False, heatmap=pose))
    report = check_heatmap(image, model=bright, method="posed", target="bright")
    assert report.follows_score is follows
    assert not report.depends_on_learning  # it is the same whatever the weights
    assert report.road_beats_chance is follows


class Posed(Method):
    """A method that says the same of every picture and every network."""

    def __init__(self, name, *, looks_at_layer, heatmap):
        super().__init__(name, looks_at_layer)
        object.__setattr__(self, "heatmap", heatmap)

    def batch(self, images, **others):
        return [self.heatmap] * len(images)


@pytest.mark.parametrize("method", ["grad_cam", "saliency", "occlusion"])
def test_a_network_whose_score_nothing_moves_has_no_heatmap_to_test(keras, pictures, method):
    layers = keras.layers
    scores = layers.Dense(2, kernel_initializer="zeros")
    network = keras.Sequential([keras.Input((12, 12, 3)), layers.Conv2D(2, 3), layers.Flatten(), scores])
    report = check_heatmap(pictures[0], model=wrap_model(network), method=method, target=0)
    assert report.flat
    assert not (report.follows_score or report.depends_on_learning)
    assert report.as_json()["flat"] is True


@pytest.mark.parametrize(
    ("changed", "follows", "depends"),
    [
        ({}, True, True),
        ({"deletion": 0.5}, False, True),
        ({"insertion": 0.3}, False, True),
        ({"road": 0.004}, False, True),
        ({"deletion": 0.398, "deletion_random": 0.402}, False, True),  # both are told as 0.40
        ({"insertion": 0.402, "insertion_random": 0.398}, False, True),
        ({"flat": True}, False, False),
        ({"randomised": ((0.2, 0.1), (1.0, MOST_ALIKE))}, True, False),
        ({"randomised": ((0.2, 0.9), (1.0, -0.49))}, True, True),
        ({"randomised": ((0.2, 0.1), (1.0, -0.9))}, True, False),
    ],
)
def test_each_verdict_hangs_on_its_own_numbers(changed, follows, depends):
    fair = {
        "flat": False,
        "deletion": 0.2,
        "deletion_random": 0.4,
        "insertion": 0.6,
        "insertion_random": 0.4,
        "drop": 0.1,
    }
    fair |= {"increases": False, "road": 0.1, "randomised": ((0.2, 0.9), (1.0, 0.1))}
    report = HonestyReport(**{**fair, **changed})
    assert (report.follows_score, report.depends_on_learning) == (follows, depends)


def test_the_class_of_the_most_weight_is_watched(bright):
    image = np.random.default_rng(0).random((12, 12, 3), dtype=np.float32)
    both = check_heatmap(image, model=bright, method="saliency", target={"bright": 0.5, "dark": -2})
    alone = check_heatmap(image, model=bright, method="saliency", target="bright")
    assert (both.deletion, both.insertion_random) == (alone.deletion, alone.insertion_random)


@pytest.mark.parametrize("target", [{"dark": -1}, {"dark": -1, "bright": -0.5}])
def test_a_target_without_a_class_to_watch_is_refused(bright, target):
    image = np.random.default_rng(0).random((12, 12, 3), dtype=np.float32)
    with pytest.raises(ChoiceError, match=r"the target only speaks against dark.*Ask about the class itself"):
        check_heatmap(image, model=bright, method="saliency", target=target)


def test_what_does_not_fit_is_refused(residual, pictures, linear):
    picture, baseline, weights = linear
    for check in (deletion_curve, confidence_drop):
        with pytest.raises(ShapeError, match=r"\(4, 4\)"):
            check(picture, np.zeros((4, 4), np.float32), baseline, weighed(weights))
    with pytest.raises(ShapeError, match=r"\(4, 4\)"):
        road_score(picture, np.zeros((4, 4), np.float32), weighed(weights))
    with pytest.raises(ShapeError, match=r"of one size, received \(4, 4\) and \(4, 5\)"):
        rank_correlation(np.zeros((4, 4), np.float32), np.zeros((4, 5), np.float32))
    with pytest.raises(ChoiceError, match="num_steps must be a whole number of at least 1"):
        deletion_curve(picture, weights, baseline, weighed(weights), num_steps=0)
    with pytest.raises(ChoiceError, match="num_orders must be a whole number of at least 1"):
        random_area(picture, baseline, weighed(weights), num_orders=0)
    with pytest.raises(ChoiceError, match="did you mean 'grad_cam'"):
        check_heatmap(pictures[0], model=residual, method="gradcam")
