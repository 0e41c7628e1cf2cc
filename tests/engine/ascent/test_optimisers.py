from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import ChoiceError
from artforge.engine.ascent.deprocess import Finish, finished
from artforge.engine.ascent.gradient_scale import scale_gradients
from artforge.engine.ascent.optimisers import Adam, PlainStep, RmsProp

ALL = [PlainStep(0.1), Adam(0.1), Adam(0.1, nesterov=True), RmsProp(0.1)]


def test_scales_by_hand():
    gradients = np.asarray([[[[3, 4, 0]], [[0, 0, 0]]], [[[0, 0, 2]], [[0, 6, 0]]]], np.float32)
    expected = {
        "none": ([3, 4], 6),
        "l2": ([3 / 5, 4 / 5], 6 / np.sqrt(40)),
        "rms": ([3 / np.sqrt(25 / 6), 4 / np.sqrt(25 / 6)], 6 / np.sqrt(40 / 6)),
        "mean_abs": ([3 / (7 / 6), 4 / (7 / 6)], 6 / (8 / 6)),
        "pixel": ([3 / 5, 4 / 5], 1),
    }
    for how, (first, second) in expected.items():
        found = scale_gradients(gradients, how)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found[0, 0, 0, :2], first, rtol=1e-6)
        np.testing.assert_allclose(found[1, 1, 0, 1], second, rtol=1e-6)
        np.testing.assert_array_equal(found[0, 1], 0)


@pytest.mark.parametrize("how", ["none", "l2", "rms", "mean_abs", "pixel"])
def test_a_gradient_of_nothing_stays_nothing_and_a_tiny_one_is_a_direction(how):
    np.testing.assert_array_equal(scale_gradients(np.zeros((2, 3, 3, 3), np.float32), how), 0)
    tiny = scale_gradients(np.full((1, 2, 2, 3), 1e-18, np.float32), how)
    assert np.isfinite(tiny).all()
    assert how == "none" or tiny.min() > 0.1


def test_the_first_steps_of_adam_by_hand():
    climber = Adam(0.1).begin(np.zeros((1, 1), np.float32))
    first = climber.update(np.zeros((1, 1), np.float32), np.asarray([[4.0]], np.float32))
    assert first[0, 0] == pytest.approx(0.1, rel=1e-5)
    second = climber.update(first, np.asarray([[-2.0]], np.float32))
    mean = (0.9 * 0.1 * 4 - 0.1 * 2) / (1 - 0.81)
    square = (0.999 * 0.001 * 16 + 0.001 * 4) / (1 - 0.999**2)
    assert second[0, 0] == pytest.approx(0.1 + 0.1 * mean / np.sqrt(square), rel=1e-4)


def test_the_first_step_of_nadam_by_hand():
    climber = Adam(0.1, nesterov=True).begin(np.zeros((1, 1), np.float32))
    first = climber.update(np.zeros((1, 1), np.float32), np.asarray([[4.0]], np.float32))
    ahead = 0.9 * 0.4 / (1 - 0.81) + 0.1 * 4 / (1 - 0.9)
    assert first[0, 0] == pytest.approx(0.1 * ahead / 4, rel=1e-5)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("factor", [1e-9, 1e12])
def test_adam_does_not_care_how_large_gradients_are(factor, nesterov):
    rng = np.random.default_rng(0)
    gradients = rng.normal(0, 1, (4, 2, 50)).astype(np.float32)
    places = []
    for scale in (1.0, factor):
        climber = Adam(0.1, nesterov=nesterov).begin(np.zeros((2, 50), np.float32))
        place = np.zeros((2, 50), np.float32)
        for gradient in gradients:
            place = climber.update(place, gradient * np.float32(scale))
        places.append(place)
    np.testing.assert_allclose(*places, rtol=1e-4, atol=1e-6)


def test_adam_in_parts_is_adam(monkeypatch):
    rng = np.random.default_rng(0)
    gradients = rng.normal(0, 1, (3, 2, 7, 9)).astype(np.float32)
    found = []
    for at_once in (1 << 22, 10):
        monkeypatch.setattr("artforge.engine.ascent.optimisers._AT_ONCE", at_once)
        climber, place = Adam(0.1).begin(gradients[0]), np.zeros((2, 7, 9), np.float32)
        for gradient in gradients:
            place = climber.update(place, gradient)
        found.append(place)
    np.testing.assert_allclose(*found, rtol=1e-6)


def test_the_first_steps_of_rmsprop_by_hand():
    climber = RmsProp(2.0).begin(np.zeros((1, 2), np.float32))
    first = climber.update(np.zeros((1, 2), np.float32), np.asarray([[3.0, 4.0]], np.float32))
    np.testing.assert_allclose(first[0], [2 * 0.6 / np.sqrt(0.05 * 0.36), 2 * 0.8 / np.sqrt(0.05 * 0.64)], rtol=1e-4)
    second = climber.update(first, np.asarray([[0.0, -1.0]], np.float32))
    square = 0.95 * 0.05 * 0.64 + 0.05
    assert second[0, 1] - first[0, 1] == pytest.approx(-2 / np.sqrt(square), rel=1e-4)


@pytest.mark.parametrize("optimiser", ALL, ids=repr)
def test_they_climb_a_hill(optimiser):
    top = np.asarray([[1.0, -2.0, 0.5]], np.float32)
    parameters = np.zeros((1, 3), np.float32)
    climber = optimiser.begin(parameters)
    for _ in range(200):
        parameters = climber.update(parameters, top - parameters)
    assert np.abs(parameters - top).max() < 0.15


@pytest.mark.parametrize("optimiser", ALL, ids=repr)
def test_pictures_of_a_batch_do_not_mix(optimiser):
    rng = np.random.default_rng(0)
    slopes = rng.normal(size=(5, 3, 4)).astype(np.float32)
    together = np.zeros((3, 4), np.float32)
    climber = optimiser.begin(together)
    for gradients in slopes:
        together = climber.update(together, gradients)
    for number in range(3):
        alone = np.zeros((1, 4), np.float32)
        climber = optimiser.begin(alone)
        for gradients in slopes:
            alone = climber.update(alone, gradients[number : number + 1])
        np.testing.assert_allclose(alone[0], together[number], rtol=1e-6)


@pytest.mark.parametrize("optimiser", ALL, ids=repr)
def test_a_climber_goes_on_from_its_state(optimiser):
    rng = np.random.default_rng(0)
    slopes = rng.normal(size=(6, 2, 4)).astype(np.float32)
    parameters = np.zeros((2, 4), np.float32)
    climber = optimiser.begin(parameters)
    for gradients in slopes[:3]:
        parameters = climber.update(parameters, gradients)
    other, copied = optimiser.begin(parameters), parameters.copy()
    other.restore({name: array.copy() for name, array in climber.state().items()})
    for gradients in slopes[3:]:
        parameters, copied = climber.update(parameters, gradients), other.update(copied, gradients)
        np.testing.assert_array_equal(parameters, copied)


def test_finishes_by_hand():
    raw = np.asarray([[[-1, 0, 1], [2, 3, 1]]], np.float32)  # mean 1, standard deviation sqrt(5/3)
    np.testing.assert_allclose(finished(raw, Finish("clip")), raw.clip(0, 1))
    contrast = finished(raw, Finish("contrast", 0.1))
    np.testing.assert_allclose(contrast, 0.5 + 0.1 * (raw - 1) / np.sqrt(10 / 6), rtol=1e-5)
    stretched = finished(raw, Finish("stretch"))
    assert stretched.min() == pytest.approx(0, abs=0.01)
    assert stretched.max() == pytest.approx(1, abs=0.01)
    assert stretched[0, 0, 2] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("how", ["clip", "contrast", "stretch"])
def test_a_flat_picture_stays_finite(how):
    assert np.isfinite(finished(np.full((3, 3, 3), 0.3, np.float32), Finish(how))).all()


@pytest.mark.parametrize("how", ["contrast", "stretch"])
def test_the_pictures_of_a_film_share_the_scale_of_one(how):
    rng = np.random.default_rng(0)
    raw, other = rng.normal(size=(2, 8, 8, 3)).astype(np.float32)
    shown = finished(raw, Finish(how), like=other * 2)
    assert shown.std() < finished(raw, Finish(how)).std()


@pytest.mark.parametrize(
    "wrong", [lambda: PlainStep(-1), lambda: Adam(np.inf), lambda: RmsProp(0.1, decay=1), lambda: Finish("contrast", 0)]
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ChoiceError, match="received"):
        wrong()
