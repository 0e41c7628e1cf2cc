"""Films' own steps: pictures fade, follow each other, are averaged and looked at by a camera, always without a jump."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from artforge.core.errors import ChoiceError, ShapeError
from artforge.core.oklab import to_oklab
from artforge.ops.camera import camera, focus_of
from artforge.ops.crossfade import crossfade
from artforge.ops.sequence import fading, sequence
from artforge.ops.smooth_over_time import shutter, smooth_heat_over_time, smooth_over_time

BLACK, WHITE = (np.full((3, 4, 3), level, np.float32) for level in (0, 1))
SPACES = ("srgb", "linear", "oklab")


# -- crossfade -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", SPACES)
def test_fade_begins_and_ends_with_the_very_pictures(paint, space):
    one, other = paint(1), paint(2)
    np.testing.assert_array_equal(crossfade(one, other, share=0.0, space=space), one)
    np.testing.assert_array_equal(crossfade(one, other, share=1.0, space=space), other)
    assert not np.shares_memory(crossfade(one, other, share=1.0, space=space), other)


@pytest.mark.parametrize(("space", "grey"), [("srgb", 0.5), ("linear", 0.735357), ("oklab", 0.388573)])
def test_half_way_from_black_to_white_is_the_middle_of_its_space(space, grey):
    """Half the light is sRGB 1.055 * 0.5^(1/2.4) - 0.055; half the lightness of OKLab is light 0.5^3."""
    np.testing.assert_allclose(crossfade(BLACK, WHITE, space=space), grey, atol=1e-5)


def test_way_through_oklab_is_even_to_the_eye(paint):
    one, other = paint(1), paint(2)
    faded = crossfade(one, other, share=0.25, space="oklab")
    np.testing.assert_allclose(to_oklab(faded), 0.75 * to_oklab(one) + 0.25 * to_oklab(other), atol=0.02)


def test_pictures_of_two_sizes_do_not_fade(paint):
    with pytest.raises(ShapeError, match="one size are wanted, received 64x48 and 9x8"):
        crossfade(paint(1), paint(2, 8, 9))


# -- sequence ------------------------------------------------------------------------------------------------------


@pytest.fixture
def pictures(paint):
    return np.stack([paint(seed, 12, 16) for seed in (1, 2, 3)])


def test_pictures_stand_one_after_the_other(pictures):
    for number in range(3):
        for place in (0, 0.2, 0.39):
            np.testing.assert_array_equal(sequence(pictures, at=(number + place) / 3, hold=0.4), pictures[number])


def test_between_them_each_fades_into_the_next(pictures):
    half_faded = 0.4 + 0.6 / 2
    for number in range(3):
        expected = crossfade(pictures[number], pictures[(number + 1) % 3], share=0.5)
        np.testing.assert_allclose(sequence(pictures, at=(number + half_faded) / 3), expected, atol=1e-5)


def test_closed_sequence_ends_where_it_began_and_an_open_one_with_the_last(pictures):
    np.testing.assert_array_equal(sequence(pictures, at=1.0), pictures[0])
    np.testing.assert_array_equal(sequence(pictures, at=1.0, closed=False), pictures[2])
    for place in np.linspace(0.85, 1, 5):  # of 2.4 times a picture, the last 0.4 stand still
        np.testing.assert_array_equal(sequence(pictures, at=float(place), closed=False), pictures[2])


@pytest.mark.parametrize("hold", [0.0, 0.4, 0.9])
@pytest.mark.parametrize("closed", [True, False])
def test_sequence_never_jumps(pictures, hold, closed):
    frames = [sequence(pictures, at=float(at), hold=hold, closed=closed, space="srgb") for at in np.linspace(0, 1, 241)]
    steps = np.abs(np.diff(np.stack(frames), axis=0)).mean(axis=(1, 2, 3))
    apart = np.abs(pictures[0] - pictures[1]).mean()
    assert steps.max() < 0.3 * apart


def test_hold_of_1_cuts_and_of_0_never_stands(pictures):
    np.testing.assert_array_equal(sequence(pictures, at=0.33, hold=1.0), pictures[0])
    np.testing.assert_array_equal(sequence(pictures, at=0.34, hold=1.0), pictures[1])
    assert [fading(place, 0.0) for place in (0, 0.5, 1)] == [0, 0.5, 1]
    assert fading(0.25, 0.0) == pytest.approx(0.15625)
    assert not np.array_equal(sequence(pictures, at=0.05, hold=0.0), pictures[0])


# -- smooth over time ----------------------------------------------------------------------------------------------


def test_shutter_of_five_is_a_raised_cosine():
    np.testing.assert_allclose(shutter(5), np.array([0.25, 0.75, 1, 0.75, 0.25]) / 3, atol=1e-6)
    np.testing.assert_array_equal(shutter(1), 1)


def test_flash_spreads_over_the_moments_as_light():
    moments = np.zeros((5, 2, 3, 3), np.float32)
    moments[2] = 1
    light = ((smooth_over_time(moments) + 0.055) / 1.055) ** 2.4
    np.testing.assert_allclose(light, 1 / 3, atol=1e-5)
    np.testing.assert_allclose(smooth_over_time(moments, space="srgb"), 1 / 3, atol=1e-6)


@pytest.mark.parametrize("space", SPACES)
def test_average_lies_between_its_moments(pictures, space):
    smooth = smooth_over_time(pictures, space=space)
    assert smooth.min() >= 0
    assert smooth.max() <= 1
    lightness = to_oklab(smooth)[..., 0]
    assert (lightness >= to_oklab(pictures)[..., 0].min(axis=0) - 0.02).all()
    assert (lightness <= to_oklab(pictures)[..., 0].max(axis=0) + 0.02).all()


def test_heat_is_averaged_with_its_sign():
    moments = np.random.default_rng(4).normal(size=(4, 5, 7)).astype(np.float32)
    np.testing.assert_allclose(
        smooth_heat_over_time(moments, frames=3), np.average(moments, axis=-1, weights=np.hanning(9)[1:-1]), atol=1e-6
    )


# -- camera --------------------------------------------------------------------------------------------------------


def blob(x: float, y: float, height: int = 90, width: int = 120, spread: float = 4.0) -> np.ndarray:
    """A soft spot whose middle stands at (x, y) in pixels from the top left corner."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    spot = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * spread**2))
    return np.repeat(spot[..., None], 3, axis=2).astype(np.float32)


def middle_of(image: np.ndarray) -> np.ndarray:
    """Centre of gravity (x, y) in pixels from the top left corner."""
    return np.array(ndimage.center_of_mass(image[..., 0].astype(np.float64)))[::-1] + 0.5


def test_whole_view_is_the_picture(paint):
    np.testing.assert_array_equal(camera(paint(1), zoom=1.0, x=0.9, y=0.1), paint(1))


@pytest.mark.parametrize("zoom", [1.0, 1.7, 3.0])
def test_view_is_in_the_middle_of_what_it_looks_at(zoom):
    seen = camera(blob(60, 45), zoom=zoom)
    np.testing.assert_allclose(middle_of(seen), (60, 45), atol=0.02)


def test_point_far_from_the_edge_comes_to_the_middle():
    seen = camera(blob(66, 40), zoom=4.0, x=66 / 120, y=40 / 90)
    np.testing.assert_allclose(middle_of(seen), (60, 45), atol=0.05)


def test_slow_pan_moves_by_fractions_of_a_pixel():
    """A thousandth of the width at zoom 3 is 0.36 of a pixel, in every frame."""
    places = [middle_of(camera(blob(60, 45), zoom=3.0, x=0.5 + 0.001 * frame))[0] for frame in range(20)]
    np.testing.assert_allclose(np.diff(places), -0.36, atol=0.004)


def test_slow_zoom_neither_jumps_nor_shimmers(paint):
    frames = np.stack([camera(paint(3), zoom=2.0 * 1.002**frame, x=0.6) for frame in range(30)])
    steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    assert steps.max() < 1.5 * np.median(steps)


def test_camera_slows_down_before_the_edge_and_never_leaves_the_picture():
    ramp = np.repeat(np.linspace(0, 1, 200, dtype=np.float32)[None, :, None], 3, axis=2).repeat(20, axis=0)
    lefts = np.array([camera(ramp, zoom=2.0, x=float(x))[10, 0, 0] for x in np.linspace(0, 1, 41)])
    assert (np.diff(lefts) > 0).all()
    assert lefts[0] < 0.02
    assert 0.48 < lefts[-1] < 0.5
    assert np.diff(lefts)[-1] < 0.2 * np.diff(lefts)[20]


def test_every_pixel_is_the_mean_of_what_it_covers():
    board = np.indices((64, 96)).sum(axis=0) % 2
    board = np.repeat(board[..., None], 3, axis=2).astype(np.float32)
    seen = camera(board, zoom=1.0, long_edge=24)
    assert seen.shape == (16, 24, 3)
    np.testing.assert_allclose(seen, 0.5, atol=0.02)
    small = camera(blob(47.3, 41.8), zoom=1.0, long_edge=30)
    assert small.mean() == pytest.approx(blob(47.3, 41.8).mean(), rel=0.003)


def test_picture_larger_than_the_view_stays_sharp_from_near(paint):
    large = paint(5, 480, 640)
    seen = camera(large, zoom=4.0, long_edge=160)
    np.testing.assert_allclose(seen, large[180:300, 240:400], atol=1e-6)


def test_camera_turns_to_the_hottest_place():
    heat = blob(90, 30)[..., 0]
    np.testing.assert_allclose(focus_of(heat), (90 / 120, 30 / 90), atol=1e-3)
    towards, halfway, away = (camera(blob(90, 30), heat, zoom=2.0, follow=follow) for follow in (1.0, 0.5, 0.0))
    np.testing.assert_array_equal(away, camera(blob(90, 30), zoom=2.0))
    np.testing.assert_array_equal(
        halfway, camera(blob(90, 30), zoom=2.0, x=(0.5 + focus_of(heat)[0]) / 2, y=(0.5 + focus_of(heat)[1]) / 2)
    )
    distances = [np.hypot(*(middle_of(each) - (60, 45))) for each in (towards, halfway, away)]
    assert distances == sorted(distances)


def test_focus_glides_from_peak_to_peak():
    one, other = blob(30, 45)[..., 0], blob(90, 45)[..., 0]
    places = [focus_of((1 - share) * one + share * other)[0] for share in np.linspace(0, 1, 101)]
    assert np.abs(np.diff(places)).max() < 0.03
    assert places[0] < 0.26
    assert places[-1] > 0.74


def test_heat_that_is_nowhere_above_0_leaves_the_camera_where_it_is(paint):
    assert focus_of(np.full((4, 5), -1, np.float32)) is None
    cold = camera(paint(1), np.full((4, 5), -1, np.float32), zoom=2.0, x=0.3)
    np.testing.assert_array_equal(cold, camera(paint(1), zoom=2.0, x=0.3))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"zoom": 0.5}, r"zoom must be a number in \[1, 64\], received 0\.5"),
        ({"x": 1.5}, r"x must be a number in \[0, 1\], received 1\.5"),
        ({"long_edge": 0}, "long_edge must be a whole number of at least 1, received 0"),
    ],
)
def test_camera_refuses_what_it_cannot_look_at(paint, settings, message):
    with pytest.raises(ChoiceError, match=message):
        camera(paint(1), **settings)
