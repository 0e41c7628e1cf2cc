"""Cutting heat off."""

import numpy as np
import pytest

from artforge.core.errors import StepError
from artforge.ops.mask import mask


@pytest.fixture
def heatmap():
    return np.random.default_rng(3).permutation(1200).reshape(30, 40).astype(np.float32) / 1199


@pytest.mark.parametrize("softness", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("keep", [0.1, 0.35, 0.8])
def test_mask_keeps_the_share_that_is_asked_for(heatmap, keep, softness):
    assert mask(heatmap, keep=keep, softness=softness).mean() == pytest.approx(keep, abs=2e-3)


def test_share_of_none_and_of_all_are_exact(heatmap):
    np.testing.assert_array_equal(mask(heatmap, keep=0), 0)
    np.testing.assert_array_equal(mask(heatmap, keep=1), 1)


def test_what_is_kept_is_the_hottest_whatever_its_unit(heatmap):
    hard = mask(heatmap, keep=0.25, softness=0)
    np.testing.assert_array_equal(hard, (heatmap > np.quantile(heatmap, 0.75)).astype(np.float32))
    np.testing.assert_allclose(mask(heatmap * 40 - 7, keep=0.25), mask(heatmap, keep=0.25), atol=1e-4)


def test_threshold_is_where_the_mask_is_half():
    heat = np.array([[0.1, 0.29, 0.4, 0.5, 0.6, 0.71, 1.0]], np.float32)
    # at 0.4: a quarter of the way up the edge from 0.3 to 0.7, 3 / 16 - 2 / 64
    np.testing.assert_allclose(mask(heat, threshold=0.5, softness=0.4), [[0, 0, 5 / 32, 0.5, 27 / 32, 1, 1]], atol=1e-6)
    np.testing.assert_array_equal(mask(heat, threshold=0.6, softness=0), [[0, 0, 0, 0, 1, 1, 1]])


def test_inverted_mask_is_the_rest(heatmap):
    np.testing.assert_array_equal(mask(heatmap, keep=0.4, invert=True), 1 - mask(heatmap, keep=0.4))


def test_equal_heat_takes_the_share_that_is_left_without_a_jump():
    heat = np.zeros((10, 10), np.float32)
    heat[:2] = 1  # a fifth is hot, the rest all the same
    half = mask(heat, keep=0.6, softness=0)
    np.testing.assert_array_equal(half[:2], 1)
    np.testing.assert_allclose(half[2:], 0.5, atol=1e-6)
    np.testing.assert_allclose(mask(np.full((5, 6), 0.3, np.float32), keep=0.25), 0.25, atol=1e-6)


@pytest.mark.parametrize("setting", ["keep", "threshold", "softness"])
def test_mask_moves_smoothly_with_its_settings(setting):
    heatmap = np.random.default_rng(1).random((40, 50), dtype=np.float32)
    other = {} if setting != "softness" else {"keep": 0.3}
    frames = [mask(heatmap, **other, **{setting: float(value)}) for value in np.linspace(0.2, 0.8, 121)]
    assert max(np.abs(np.diff(frames, axis=0)).max(axis=(1, 2))) < 0.15


def test_two_ways_to_say_how_much_are_refused(heatmap):
    with pytest.raises(StepError, match="leave one of them out"):
        mask(heatmap, keep=0.2, threshold=0.5)
