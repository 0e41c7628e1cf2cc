"""Adjusting, inking and flattening the tones of a picture."""

from itertools import pairwise

import numpy as np
import pytest

from artforge.core.errors import ChoiceError
from artforge.core.oklab import to_oklab
from artforge.core.work import Work, working
from artforge.ops.adjust import adjust
from artforge.ops.colorize import colorize
from artforge.ops.colormaps import colormap_table
from artforge.ops.duotone import duotone
from artforge.ops.gradient_map import gradient_map
from artforge.ops.layout import color_to_rgb
from artforge.ops.posterize import posterize


def greys(lightness):
    """A row of greys of these OKLab lightnesses."""
    light = np.asarray(lightness, np.float64) ** 3
    srgb = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.repeat(srgb.astype(np.float32)[None, :, None], 3, axis=-1)


def lightness(image):
    return to_oklab(image)[..., 0]


@pytest.fixture
def image():
    return np.random.default_rng(1).random((40, 31, 3), dtype=np.float32)


@pytest.fixture
def soft():
    """Colours that stay on every screen when they are turned or strengthened a little."""
    return 0.45 + 0.1 * np.random.default_rng(2).random((20, 31, 3), dtype=np.float32)


# -- adjust ----------------------------------------------------------------------------------------------------------


def test_without_settings_a_picture_comes_back_bit_for_bit(image):
    for settings in ({}, {"hue": 360}, {"hue": -360}):
        np.testing.assert_array_equal(adjust(image, **settings), image)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"brightness": 0.25}, [0.45, 0.75, 0.95]),
        ({"brightness": -0.1}, [0.1, 0.4, 0.6]),
        ({"contrast": 2}, [0, 0.5, 0.9]),  # (0.2 - 0.5) * 2 + 0.5 is below black
        ({"contrast": 0.5}, [0.35, 0.5, 0.6]),
        ({"gamma": 2}, [0.2**0.5, 0.5**0.5, 0.7**0.5]),
        ({"gamma": 0.5, "contrast": 2, "brightness": 0.5}, [0.08, 0.5, 0.98]),  # in this order
    ],
)
def test_a_lightness_becomes_the_one_worked_by_hand(settings, expected):
    np.testing.assert_allclose(lightness(adjust(greys([0.2, 0.5, 0.7]), **settings))[0], expected, atol=2e-3)


def test_turned_hues_keep_their_lightness_and_strength(soft):
    before, after = to_oklab(soft), to_oklab(adjust(soft, hue=90))
    np.testing.assert_allclose(after[..., 0], before[..., 0], atol=1e-4)
    # a quarter turn from red towards yellow: (a, b) becomes (-b, a)
    np.testing.assert_allclose(after[..., 1], -before[..., 2], atol=1e-4)
    np.testing.assert_allclose(after[..., 2], before[..., 1], atol=1e-4)


def test_saturation_multiplies_the_chroma_alone(soft):
    before, after = to_oklab(soft), to_oklab(adjust(soft, saturation=1.5))
    np.testing.assert_allclose(after, before * [1, 1.5, 1.5], atol=1e-4)
    grey = adjust(soft, saturation=0)
    np.testing.assert_allclose(grey, grey[..., :1].repeat(3, axis=-1), atol=1e-4)


def test_a_colour_that_becomes_too_strong_keeps_its_lightness(image):
    np.testing.assert_allclose(lightness(adjust(image, saturation=3)), lightness(image), atol=2e-3)


@pytest.mark.parametrize("wrong", [{"gamma": 0.05}, {"contrast": 5}, {"brightness": 1.2}, {"hue": 400}])
def test_a_number_beyond_its_range_is_told(image, wrong):
    with pytest.raises(ChoiceError, match=rf"{next(iter(wrong))} must be a number in \["):
        adjust(image, **wrong)


# -- duotone and gradient_map ----------------------------------------------------------------------------------------


def test_black_takes_the_ink_of_the_shadows_and_white_that_of_the_lights():
    inked = duotone(greys([0, 0.5, 1]), shadows="#102040", lights="#fff0d0")
    np.testing.assert_allclose(inked[0, 0], color_to_rgb("#102040"), atol=1e-3)
    np.testing.assert_allclose(inked[0, 2], color_to_rgb("#fff0d0"), atol=1e-3)
    ends = to_oklab(np.stack([color_to_rgb("#102040"), color_to_rgb("#fff0d0")]))
    np.testing.assert_allclose(to_oklab(inked)[0, 1], ends.mean(axis=0), atol=2e-3)  # half way to the eye


def test_a_third_ink_stands_in_the_middle():
    inked = duotone(greys([0, 0.5, 1]), middle="tomato")
    np.testing.assert_allclose(inked[0, 1], color_to_rgb("tomato"), atol=3e-3)


def test_tones_keep_their_order_in_two_inks(image):
    order = np.argsort(lightness(image).ravel())
    inked = lightness(duotone(image)).ravel()[order]
    assert (np.diff(inked) >= -1e-3).all()
    assert np.ptp(inked) > 0.5


@pytest.mark.parametrize("step", [duotone, gradient_map])
def test_amount_goes_an_even_way_from_the_picture_to_its_inks(step, soft):
    np.testing.assert_array_equal(step(soft, amount=0), soft)
    none, half, full = (to_oklab(step(soft, amount=amount, stretch=0)) for amount in (0, 0.5, 1))
    np.testing.assert_allclose(half, (none + full) / 2, atol=2e-3)


@pytest.mark.parametrize("step", [duotone, gradient_map])
def test_stretch_gives_the_outermost_colours_to_the_outermost_tones(step):
    dull = greys(np.linspace(0.4, 0.6, 300))
    ends = {stretch: step(dull, stretch=stretch)[0, [0, -1]] for stretch in (0, 1)}
    full = step(greys([0, 1]), stretch=0)[0]
    np.testing.assert_allclose(ends[1], full, atol=0.02)
    assert np.abs(ends[0] - full).max() > 0.2


def test_a_picture_of_one_tone_is_not_stretched():
    even = np.full((4, 5, 3), 0.5, np.float32)
    np.testing.assert_array_equal(duotone(even, stretch=1), duotone(even, stretch=0))


@pytest.mark.parametrize("step", [duotone, gradient_map])
def test_more_balance_is_lighter(step, image):
    means = [lightness(step(image, balance=balance)).mean() for balance in (-1, -0.3, 0, 0.6, 1)]
    assert (np.diff(means) > 0.01).all()


def test_a_gradient_map_colours_lightness_as_colorize_colours_heat():
    ramp = np.linspace(0, 1, 200)
    expected = colorize(ramp.astype(np.float32)[None], map="magma")
    np.testing.assert_allclose(gradient_map(greys(ramp), map="magma", stretch=0), expected, atol=2e-3)
    backwards = gradient_map(greys(ramp), map="magma", stretch=0, reverse=True)
    np.testing.assert_allclose(backwards, expected[:, ::-1], atol=2e-3)


def told_by(step, *args, **settings):
    told = []
    with working(Work(noticed=told.append)):
        step(*args, **settings)
    return told


@pytest.mark.parametrize("name", ["jet", "matlab:jet", "gist_rainbow", "hsv"])
def test_a_colormap_that_misleads_is_taken_and_told(image, name):
    heat = image[..., 0]
    for told in (told_by(colorize, heat, map=name), told_by(gradient_map, image, map=name)):
        assert len(told) == 1
        assert name in told[0]
        assert "viridis" in told[0]
    assert told_by(colorize, heat) == told_by(colorize, heat, map="viridis") == []
    assert told_by(colorize, heat, map=["red", "blue"]) == []


@pytest.mark.parametrize("name", ["crameri:lajolla", "crameri:lipari", "inferno"])
def test_every_default_colormap_is_even_and_becomes_only_lighter(name):
    table = to_oklab(colormap_table(name))
    assert (np.diff(table[::64, 0]) > 0).all()
    steps = np.linalg.norm(np.diff(table[::64], axis=0), axis=-1)
    assert steps.max() < 4 * np.median(steps)


# -- posterize -------------------------------------------------------------------------------------------------------


def test_three_levels_of_a_channel_are_three_equal_parts():
    values = np.array([0, 0.32, 0.34, 0.66, 0.67, 1], np.float32)
    flat = posterize(values[None, :, None].repeat(3, axis=-1), levels=3, by="channels")
    np.testing.assert_allclose(flat[0, :, 0], [0, 0, 0.5, 0.5, 1, 1], atol=1e-6)


@pytest.mark.parametrize("levels", [2, 5, 16])
def test_as_many_tones_are_left_as_asked_for(levels):
    flat = lightness(posterize(greys(np.linspace(0, 1, 999)), levels=levels))[0]
    expected = np.linspace(0, 1, levels)
    np.testing.assert_allclose(np.unique(flat.round(2)), expected.round(2), atol=0.011)


def test_levels_between_whole_numbers_slide():
    ramp = greys(np.linspace(0, 1, 999))
    for by in ("tones", "channels"):
        pictures = [posterize(ramp, levels=levels, by=by) for levels in np.linspace(3.9, 4.1, 41)]
        jumps = [np.abs(one - other).mean() for one, other in pairwise(pictures)]
        assert max(jumps) < 0.01


def test_softness_makes_ramps_and_never_turns_back():
    ramp = np.linspace(0, 1, 400, dtype=np.float32)[None, :, None].repeat(3, axis=-1)
    hard, soft = (posterize(ramp, by="channels", softness=softness)[0, :, 0] for softness in (0, 0.6))
    assert (np.diff(soft) >= 0).all()
    assert len(np.unique(hard)) == 5
    assert len(np.unique(soft)) > 100
    assert np.diff(soft).max() < 0.05
    np.testing.assert_allclose([soft[0], soft[-1]], [0, 1], atol=1e-6)


def test_hues_stay_where_tones_are_few(soft):
    before, after = to_oklab(soft), to_oklab(posterize(soft, levels=8))
    np.testing.assert_allclose(after[..., 1:], before[..., 1:], atol=1e-3)


def test_a_picture_of_four_colours_keeps_them(image):
    inks = np.array([[0.9, 0.2, 0.1], [0.1, 0.3, 0.8], [0.95, 0.9, 0.8], [0.05, 0.05, 0.1]], np.float32)
    places = np.random.default_rng(3).integers(0, 4, (30, 40))
    places[:, 20:] = 0
    np.testing.assert_allclose(posterize(inks[places], levels=4, by="colors"), inks[places], atol=2e-4)
    assert len(np.unique(posterize(image, levels=7, by="colors").reshape(-1, 3), axis=0)) == 7
