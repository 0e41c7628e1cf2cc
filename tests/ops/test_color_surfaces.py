"""Grain, paper and vignette: chance that is the same at every size, and light that falls off."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from artforge.core.light import to_light
from artforge.core.oklab import to_oklab
from artforge.core.pictures import resize
from artforge.core.seeds import generator
from artforge.ops.grain import grain
from artforge.ops.layout import color_to_rgb
from artforge.ops.noise import clouds, noise
from artforge.ops.paper import paper
from artforge.ops.vignette import vignette


def even(height, width, value):
    return np.full((height, width, 3), value, np.float32)


def likeness(one, other):
    """Correlation of two pictures of one size, their slow drift left out."""
    flat = [(each - cv2.blur(each, (31, 31))).mean(axis=-1).ravel() for each in (one, other)]
    return np.corrcoef(*flat)[0, 1]


# -- chance ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [0.1, 0.02, 0.004])
def test_noise_in_small_is_the_noise_in_large_seen_from_afar(cell):
    large, small = noise(7, cell, (400, 600)), noise(7, cell, (100, 150))
    seen = cv2.resize(large, (150, 100), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(seen.ravel(), small.ravel())[0, 1] > 0.97
    assert small.std() == pytest.approx(seen.std(), rel=0.1)


def test_noise_of_a_wider_picture_goes_on_where_the_narrower_ends():
    np.testing.assert_array_equal(noise(3, 0.05, (100, 160))[:, :120], noise(3, 0.05, (100, 200))[:, :120])


@pytest.mark.parametrize("blur", [0.0, 0.7, 1.5])
def test_noise_has_mean_0_and_standard_deviation_1_on_its_lattice(blur):
    lattice = noise(5, 1 / 300, (300, 300), blur=blur)  # a cell is a pixel
    assert abs(lattice.mean()) < 0.03
    assert lattice.std() == pytest.approx(1, abs=0.04)


@pytest.mark.parametrize("shape", [(1, 300), (300, 1), (10, 4000)])
def test_noise_too_fine_to_be_seen_takes_no_room(shape, monkeypatch):
    drawn = []

    def counting(seed):
        drawn.append(seed)
        assert len(drawn) <= 32 * (max(shape) + 1)
        return generator(seed)

    monkeypatch.setattr("artforge.ops.noise.generator", counting)
    field = noise(3, 0.0008, shape)
    assert field.shape == shape
    assert field.std() == pytest.approx(0.0008 * min(shape), rel=0.2)  # the mean of so many values along each axis


def test_octaves_of_clouds_add_up_as_independent_chance():
    one = noise(11, 0.02, (500, 500)).std()
    four = clouds(11, 0.02, 4, (500, 500), gain=0.6).std()
    assert four / one == pytest.approx((1 + 0.6**2 + 0.6**4 + 0.6**6) ** 0.5, rel=0.05)


# -- grain -----------------------------------------------------------------------------------------------------------


def test_grain_is_strongest_in_the_middle_and_absent_in_black_and_white():
    spread = {}
    for value in (0, 0.1, 0.5, 0.9, 1):
        grained = grain(even(300, 300, value), amount=0.2, size=0.02, rng=generator(1))
        spread[value] = float((grained - value).std())
    assert spread[0] == spread[1] == 0
    # the square root of u(1 - u): 0.3 of 0.5
    assert spread[0.1] / spread[0.5] == pytest.approx(0.6, abs=0.05)
    assert spread[0.9] / spread[0.5] == pytest.approx(0.6, abs=0.05)


def test_amount_is_the_scatter_of_a_middle_grey():
    grained = grain(even(500, 500, 0.5), amount=0.4, size=0.004, color=0, rng=generator(2))  # a cell is a pixel
    assert (grained - 0.5).std() == pytest.approx(0.4 * 0.25, rel=0.06)
    assert abs(grained.mean() - 0.5) < 2e-3


def test_grain_of_black_and_white_film_has_no_colour():
    grained = grain(even(80, 90, 0.5), color=0, rng=generator(3))
    np.testing.assert_allclose(grained, grained[..., :1].repeat(3, axis=-1), atol=1e-6)
    coloured = grain(even(80, 90, 0.5), color=1, rng=generator(3))
    assert abs(np.corrcoef(coloured[..., 0].ravel(), coloured[..., 1].ravel())[0, 1]) < 0.1


def test_a_preview_shows_the_grain_of_the_print():
    print_, preview = (
        grain(even(h, w, 0.4), amount=0.4, size=0.01, rng=generator(4)) for h, w in [(600, 800), (150, 200)]
    )
    assert likeness(resize(print_, (150, 200)), preview) > 0.9


def test_every_frame_and_every_seed_has_its_own_grain():
    grey = even(60, 60, 0.5)
    first, again = (grain(grey, rng=generator(5)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    for other in (grain(grey, frame=1, rng=generator(5)), grain(grey, rng=generator(6))):
        assert abs(likeness(first, other)) < 0.15


def test_no_grain_is_the_picture_bit_for_bit():
    image = np.random.default_rng(7).random((9, 11, 3), dtype=np.float32)
    np.testing.assert_array_equal(grain(image, amount=0, rng=generator(1)), image)


# -- vignette --------------------------------------------------------------------------------------------------------


def test_the_corner_loses_as_much_light_as_amount_says_and_the_middle_none():
    grey = even(400, 600, 0.8)
    dark = vignette(grey, amount=0.75)
    light = to_light(dark)[..., 0] / to_light(grey)[..., 0]
    assert light[0, 0] == pytest.approx(0.25, abs=0.005)
    np.testing.assert_array_equal(dark[150:250, 220:380], grey[150:250, 220:380])


def test_light_only_falls_from_the_middle_outwards_and_the_same_on_all_sides():
    dark = vignette(even(90, 140, 1), amount=1)[..., 0]
    np.testing.assert_allclose(dark, dark[::-1], atol=1e-6)
    np.testing.assert_allclose(dark, dark[:, ::-1], atol=1e-6)
    assert (np.diff(dark[45, 70:]) <= 0).all()
    assert (np.diff(dark[45:, 70]) <= 0).all()


def test_roundness_makes_an_ellipse_a_circle():
    ellipse, circle = (vignette(even(201, 401, 1), amount=1, reach=0, roundness=each)[..., 0] for each in (0, 1))
    assert ellipse[0, 200] == pytest.approx(ellipse[100, 0], abs=0.01)  # the middles of two edges
    assert circle[0, 200] == pytest.approx(circle[100, 100], abs=1e-3)  # as far up as to the side
    assert circle[100, 0] < circle[0, 200] - 0.1


def test_corners_become_the_colour_asked_for_and_a_reach_of_1_changes_nothing():
    image = np.random.default_rng(8).random((40, 30, 3), dtype=np.float32)
    np.testing.assert_allclose(
        vignette(image, amount=1, reach=0, color="ivory")[0, 0], color_to_rgb("ivory"), atol=0.01
    )
    np.testing.assert_array_equal(vignette(image, amount=1, reach=1), image)


# -- paper -----------------------------------------------------------------------------------------------------------


def test_white_becomes_the_paper_and_black_nearly_black():
    sheet = paper(even(200, 300, 1), color="#e8d8b0", rng=generator(1))
    np.testing.assert_allclose(sheet.mean(axis=(0, 1)), color_to_rgb("#e8d8b0"), atol=0.02)
    assert 0.003 < sheet.std(axis=(0, 1)).max() < 0.08
    ink = to_oklab(paper(even(200, 300, 0), rng=generator(1)))[..., 0]
    assert 0.1 < np.median(ink) < 0.35


def test_a_smooth_paper_without_fibres_has_only_the_clouds_of_its_pulp():
    smooth, rough = (paper(even(200, 200, 1), tooth=tooth, fibers=0, rng=generator(2)) for tooth in (0, 1))
    fine = [np.abs(np.diff(sheet[..., 1], axis=1)).mean() for sheet in (smooth, rough)]
    assert fine[1] > 10 * fine[0]


def test_fibres_lie_in_the_sheet_where_they_are_asked_for():
    without, some, many = (
        paper(even(300, 300, 1), fibers=fibers, scale=4, rng=generator(3))[..., 1] for fibers in (0, 0.3, 1)
    )
    changed = [(np.abs(sheet - without) > 0.01).mean() for sheet in (some, many)]
    assert 0.005 < changed[0] < 0.6 * changed[1]


def test_a_preview_shows_the_paper_of_the_print():
    print_, preview = (paper(even(h, w, 0.7), tooth=1, scale=3, rng=generator(4)) for h, w in [(800, 600), (200, 150)])
    assert likeness(resize(print_, (200, 150)), preview) > 0.75


def test_every_seed_is_another_sheet():
    sheets = [paper(even(120, 120, 0.9), rng=generator(seed)) for seed in (5, 5, 6)]
    np.testing.assert_array_equal(sheets[0], sheets[1])
    assert abs(likeness(sheets[0], sheets[2])) < 0.1


def test_a_lighter_picture_is_lighter_on_paper():
    tones = [paper(even(60, 60, value), rng=generator(7)) for value in (0, 0.3, 0.7, 1)]
    assert all((darker <= lighter + 1e-6).all() for darker, lighter in pairwise(tones))
