from __future__ import annotations

import numpy as np
import pytest

from artforge.core.oklab import from_oklab, mean_difference, to_cones, to_oklab, to_screen


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ((1, 1, 1), (1, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (0.62796, 0.22486, 0.12585)),
        ((0, 0, 1), (0.45201, -0.03246, -0.31153)),
    ],
)
def test_colours_of_the_published_table(colour, expected):
    found = to_oklab(np.asarray([[colour]], np.float32))
    np.testing.assert_allclose(found[0, 0], expected, atol=2e-4)


def test_black_and_white_are_one_apart():
    black, white = np.zeros((4, 5, 3), np.float32), np.ones((4, 5, 3), np.float32)
    assert mean_difference(black, white) == pytest.approx(1, abs=1e-4)
    assert mean_difference(white, white) == 0
    half = white.copy()
    half[:2] = 0
    assert mean_difference(half, white) == pytest.approx(0.5, abs=1e-4)


def test_colours_agree_with_coloraide():
    coloraide = pytest.importorskip("coloraide", reason="coloraide is not installed: no second opinion")
    colours = np.random.default_rng(6).random((5, 6, 3), dtype=np.float32)
    expected = [
        coloraide.Color("srgb", list(map(float, one))).convert("oklab").coords() for one in colours.reshape(-1, 3)
    ]
    np.testing.assert_allclose(to_oklab(colours).reshape(-1, 3), expected, atol=2e-4)


def test_there_and_back_is_the_same_colour():
    colours = np.random.default_rng(7).random((9, 11, 3), dtype=np.float32)
    colours[0] = np.linspace(0, 1, 11)[:, None]
    for back in (from_oklab, to_screen):
        np.testing.assert_allclose(back(to_oklab(colours)), colours, atol=3e-5)


def test_the_cones_take_up_nothing_of_black_and_all_of_white():
    np.testing.assert_allclose(to_cones(np.array([[0, 0, 0], [1, 1, 1]], np.float32)), [[0] * 3, [1] * 3], atol=1e-6)


def test_a_colour_beyond_every_screen_keeps_its_lightness_and_hue():
    beyond = np.array([[0.5, 0.5, 0.1], [0.9, -0.2, -0.3], [0.2, 0.0, 0.4]], np.float32)
    assert ((from_oklab(beyond) < 0) | (from_oklab(beyond) > 1)).any(axis=-1).all()
    shown = to_screen(beyond)
    assert shown.min() >= 0
    assert shown.max() <= 1
    found = to_oklab(shown)
    np.testing.assert_allclose(found[:, 0], beyond[:, 0], atol=2e-3)
    wanted_hue, hue = (np.arctan2(lab[:, 2], lab[:, 1]) for lab in (beyond, found))
    np.testing.assert_allclose(hue, wanted_hue, atol=0.02)
    assert (np.abs(shown - 0.5).max(axis=-1) > 0.49).all()  # as strong as a screen shows it


def test_no_lightness_is_too_much():
    shown = to_screen(np.array([[-0.4, 0.1, 0.1], [1.7, 0.1, -0.2]], np.float32))
    np.testing.assert_allclose(shown, [[0, 0, 0], [1, 1, 1]], atol=2e-3)
