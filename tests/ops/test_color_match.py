"""The tones and colours of one picture given to another."""

import numpy as np
import pytest

from artforge.core.oklab import to_oklab
from artforge.ops.match_color import least_transport, match_color
from artforge.ops.match_histogram import match_histogram


def picture(seed, size, low, high, tint):
    generator = np.random.default_rng(seed)
    base = generator.random((*size, 1)) * 0.6 + generator.random((*size, 3)) * 0.4
    return (low + (high - low) * base**tint).astype(np.float32)


@pytest.fixture
def image():
    return picture(1, (60, 50), 0.2, 0.7, [1.0, 1.4, 0.8])


@pytest.fixture
def like():
    return picture(2, (41, 77), 0.3, 0.9, [0.7, 1.1, 2.0])


# -- match_histogram -------------------------------------------------------------------------------------------------


def test_four_values_take_the_four_of_the_other_picture_in_their_order():
    values, wanted = [0.1, 0.4, 0.2, 0.3], [0.9, 0.5, 0.8, 0.6]
    image, like = (np.array(each, np.float32).reshape(2, 2, 1).repeat(3, axis=-1) for each in (values, wanted))
    np.testing.assert_allclose(match_histogram(image, like)[..., 0].ravel(), [0.5, 0.9, 0.6, 0.8], atol=2e-3)


def test_each_channel_is_spread_as_in_the_other_picture(image, like):
    matched = match_histogram(image, like)
    for channel in range(3):
        shares = np.linspace(0, 1, 21)
        found, wanted = (np.quantile(each[..., channel], shares) for each in (matched, like))
        np.testing.assert_allclose(found, wanted, atol=0.01)
        order = image[..., channel].ravel().argsort()
        assert (np.diff(matched[..., channel].ravel()[order]) >= -1e-6).all()


def test_by_lightness_the_hues_stay(image, like):
    matched, before, wanted = (to_oklab(each) for each in (match_histogram(image, like, by="lightness"), image, like))
    shares = np.linspace(0.02, 0.98, 13)
    np.testing.assert_allclose(np.quantile(matched[..., 0], shares), np.quantile(wanted[..., 0], shares), atol=0.01)
    inside = np.hypot(before[..., 1], before[..., 2]) < 0.05  # weak enough for every lightness
    np.testing.assert_allclose(matched[inside][:, 1:], before[inside][:, 1:], atol=2e-3)


@pytest.mark.parametrize("by", ["channels", "lightness"])
def test_a_picture_matched_to_itself_stays(image, by):
    np.testing.assert_allclose(match_histogram(image, image, by=by), image, atol=2e-3)


def test_a_whole_area_of_one_value_takes_the_mean_of_its_part():
    image, like = np.full((6, 8, 3), 0.3, np.float32), np.linspace(0.2, 0.8, 144, dtype=np.float32).reshape(6, 8, 3)
    matched = match_histogram(image, like)
    np.testing.assert_allclose(matched, like.mean(axis=(0, 1)) + np.zeros_like(image), atol=1e-3)


@pytest.mark.parametrize("step", [match_histogram, match_color])
def test_amount_goes_from_the_picture_to_the_full_match(step, image, like):
    np.testing.assert_array_equal(step(image, like, amount=0), image)
    full = step(image, like)
    nearness = [np.abs(step(image, like, amount=amount) - full).mean() for amount in (0, 0.25, 0.5, 0.75, 1)]
    assert (np.diff(nearness) < 0).all()


# -- match_color -----------------------------------------------------------------------------------------------------


def test_the_transport_is_the_one_worked_by_hand():
    # a cloud of standard deviations 1 and 2 becomes one of 3 and 1: stretched by 3, and by 1/2
    np.testing.assert_allclose(least_transport(np.diag([1.0, 4.0]), np.diag([9.0, 1.0])), np.diag([3, 0.5]), atol=1e-12)


def test_the_transport_moves_one_spread_onto_the_other_by_a_symmetric_matrix():
    generator = np.random.default_rng(4)
    have, want = (root @ root.T + 0.1 * np.eye(3) for root in generator.normal(size=(2, 3, 3)))
    moved = least_transport(have, want)
    np.testing.assert_allclose(moved @ have @ moved, want, atol=1e-9)
    np.testing.assert_allclose(moved, moved.T, atol=1e-12)
    assert np.linalg.eigvalsh(moved).min() > 0
    # no other way is as short: one that turns the cloud first moves its points farther
    turn = np.linalg.qr(generator.normal(size=(3, 3)))[0]
    root = np.linalg.cholesky(want)
    other = root @ turn @ np.linalg.inv(np.linalg.cholesky(have))

    def cost(matrix):
        return np.trace((matrix - np.eye(3)) @ have @ (matrix - np.eye(3)).T)

    assert cost(moved) < cost(other)


def test_mean_and_spread_become_those_of_the_other_picture(image, like):
    found, wanted = (to_oklab(each).reshape(-1, 3).astype(np.float64) for each in (match_color(image, like), like))
    np.testing.assert_allclose(found.mean(axis=0), wanted.mean(axis=0), atol=3e-3)
    np.testing.assert_allclose(np.cov(found.T), np.cov(wanted.T), atol=1e-3)


def test_keep_lightness_takes_only_the_colours(image, like):
    found, before, wanted = (to_oklab(each) for each in (match_color(image, like, keep_lightness=True), image, like))
    np.testing.assert_allclose(found[..., 0], before[..., 0], atol=2e-3)
    np.testing.assert_allclose(found.mean(axis=(0, 1))[1:], wanted.mean(axis=(0, 1))[1:], atol=0.01)


def test_a_picture_matched_to_its_own_colours_stays(image):
    np.testing.assert_allclose(match_color(image, image), image, atol=2e-4)


def test_no_colours_are_made_out_of_the_noise_of_a_grey_picture(like):
    grey = np.random.default_rng(5).random((30, 30, 1), dtype=np.float32).repeat(3, axis=-1)
    noisy = np.clip(grey + np.float32(0.002) * np.random.default_rng(6).normal(size=(30, 30, 3)), 0, 1)
    matched = to_oklab(match_color(noisy.astype(np.float32), like))
    rest = to_oklab(match_color(grey, like))
    assert np.abs(matched - rest)[..., 1:].mean() < 0.02
