"""Pixels moved by heat: displaced, drawn out, sorted."""

import cv2
import numpy as np
import pytest

from artforge.core.light import LUMA
from artforge.core.seeds import generator
from artforge.ops.displace import displace
from artforge.ops.flow_field import flow_field
from artforge.ops.heat_fields import slope_field
from artforge.ops.pixel_sort import pixel_sort
from tests.support.heat_pictures import assert_preview_predicts_the_print, hill, soft_picture

STEPS = {
    "displace by slope": displace,
    "displace by level": lambda image, heat, **how: displace(image, heat, by="level", **how),
    "flow field": lambda image, heat, **how: flow_field(image, heat, rng=generator(1), bristles=0.0, **how),
}


# the field


def test_slope_points_uphill_and_is_as_long_as_stated():
    ramp = np.tile(np.linspace(0, 1, 101, dtype=np.float32), (101, 1))  # rises by 1 over the short edge, about
    middle = slope_field(ramp, smooth=0, turn=0)[50, 50]
    np.testing.assert_allclose(middle, [1.01 / np.hypot(1.01, 2), 0], atol=1e-4)
    np.testing.assert_allclose(slope_field(ramp.T.copy(), smooth=0, turn=0)[50, 50], middle[::-1], atol=1e-4)


@pytest.mark.parametrize(("turn", "expected"), [(0.25, (0, 1)), (0.5, (-1, 0)), (0.75, (0, -1)), (1.0, (1, 0))])
def test_turn_goes_clockwise(turn, expected):
    ramp = np.tile(np.linspace(0, 1, 50, dtype=np.float32), (40, 1))
    arrow = slope_field(ramp, smooth=0, turn=turn)[20, 25]
    np.testing.assert_allclose(arrow / np.hypot(*arrow), expected, atol=1e-5)


def test_no_arrow_is_longer_than_one_and_flat_heat_has_none():
    steep = np.random.default_rng(0).random((60, 90), dtype=np.float32)
    assert np.hypot(*np.moveaxis(slope_field(steep, smooth=0, turn=0.1), -1, 0)).max() < 1
    np.testing.assert_allclose(slope_field(np.full((20, 30), 0.4, np.float32), smooth=0.05, turn=0), 0, atol=1e-6)


# what all of them keep


@pytest.mark.parametrize("name", STEPS)
def test_flat_heat_of_zero_and_no_strength_leave_the_picture_as_it_is(name):
    image = soft_picture()
    cold = np.zeros(image.shape[:2], np.float32)
    np.testing.assert_allclose(STEPS[name](image, cold), image, atol=1e-6)
    strength = {"length": 0.0} if name == "flow field" else {"amount": 0.0}
    np.testing.assert_array_equal(STEPS[name](image, hill(), **strength), image)


@pytest.mark.parametrize("name", STEPS)
def test_preview_predicts_the_print(name):
    assert_preview_predicts_the_print(STEPS[name], within=0.005)


@pytest.mark.parametrize("name", STEPS)
def test_moving_turn_moves_the_picture_smoothly_and_comes_round(name):
    image, heat = soft_picture(80, 100), hill(80, 100)
    frames = [STEPS[name](image, heat, turn=float(turn)) for turn in np.linspace(0, 1, 49)]
    np.testing.assert_allclose(frames[0], frames[-1], atol=2e-3)
    assert np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3)).max() < 0.02


# displace


def test_hot_place_swells_at_turn_0_and_shrinks_at_half_a_turn():
    heat = hill()
    disc = np.repeat((hill(spread=0.1) > 0.5)[..., None], 3, axis=2).astype(np.float32)
    area = disc.mean()
    assert displace(disc, heat, amount=0.1).mean() > 1.5 * area
    assert displace(disc, heat, amount=0.1, turn=0.5).mean() < 0.7 * area


def test_even_heat_slides_the_whole_picture_by_the_amount():
    image = soft_picture(100, 140)
    moved = displace(image, np.ones((100, 140), np.float32), amount=0.2, by="level")
    np.testing.assert_allclose(moved[:, 20:], image[:, :-20], atol=1e-4)
    down = displace(image, np.ones((100, 140), np.float32), amount=0.2, by="level", turn=0.25)
    np.testing.assert_allclose(down[20:], image[:-20], atol=1e-4)


# flow field


def test_strokes_follow_the_lines_of_equal_heat():
    heat = hill()
    radial = np.repeat(0.5 + 0.5 * np.cos(30 * heat[..., None]), 3, axis=2).astype(
        np.float32
    )  # the same along every line of equal heat
    np.testing.assert_allclose(
        flow_field(radial, heat, rng=generator(1), bristles=0.0, length=0.2)[20:-20, 20:-20],
        radial[20:-20, 20:-20],
        atol=0.08,
    )
    assert np.abs(flow_field(radial, heat, rng=generator(1), bristles=0.0, length=0.2, turn=0.0) - radial).max() > 0.4


def test_strokes_run_both_ways_from_each_pixel():
    image, heat = soft_picture(), hill(x=0.4, y=0.6)
    mirrored = STEPS["flow field"](image[:, ::-1].copy(), heat[:, ::-1].copy())
    np.testing.assert_allclose(mirrored[:, ::-1], STEPS["flow field"](image, heat), atol=1e-3)


def test_bristles_show_where_strokes_run_and_hang_on_chance():
    grey = np.full((160, 200, 3), 0.5, np.float32)
    brushed = flow_field(grey, hill(), rng=generator(1), bristles=1.0)
    assert brushed[40:120, 60:140].std() > 0.02
    np.testing.assert_allclose(brushed[:6, :6], 0.5, atol=0.01)
    assert np.abs(brushed - flow_field(grey, hill(), rng=generator(2), bristles=1.0)).max() > 0.02


# pixel sort


def test_sorted_lines_rise_where_it_is_hot_and_the_rest_stays():
    image = np.random.default_rng(0).random((40, 60, 3), dtype=np.float32)
    heat = np.zeros((40, 60), np.float32)
    heat[:, 20:50] = 1
    sorted_ = pixel_sort(image, heat, rng=generator(0), direction="right", longest=4.0, ragged=0.0)
    np.testing.assert_array_equal(sorted_[:, :20], image[:, :20])
    np.testing.assert_array_equal(sorted_[:, 50:], image[:, 50:])
    light = sorted_[:, 20:50] @ LUMA
    # a line may break once, where the longest that is allowed ends
    assert (np.diff(light, axis=1) < 0).sum(axis=1).max() <= 1
    assert (np.diff(light, axis=1) < 0).any(axis=1).mean() < 0.5


@pytest.mark.parametrize(("direction", "axis"), [("right", 1), ("left", 1), ("down", 0), ("up", 0)])
def test_every_line_holds_the_same_pixels_as_before(direction, axis):
    image, heat = soft_picture(37, 53, seed=2), hill(37, 53)
    moved = pixel_sort(image, heat, rng=generator(3), direction=direction)
    assert (moved != image).any()
    order, before = moved @ LUMA, image @ LUMA
    np.testing.assert_allclose(np.sort(order, axis=axis), np.sort(before, axis=axis), atol=1e-6)


def test_up_is_down_seen_upside_down():
    image, heat = soft_picture(36, 52, seed=2), hill(36, 52, y=0.3)
    up = pixel_sort(image, heat, rng=generator(3), direction="up")
    down = pixel_sort(image[::-1].copy(), heat[::-1].copy(), rng=generator(3), direction="down")
    np.testing.assert_array_equal(up, down[::-1])


def test_no_sorted_line_is_longer_than_the_longest():
    image = np.random.default_rng(5).random((50, 400, 3), dtype=np.float32)
    sorted_ = pixel_sort(
        image, np.ones((50, 400), np.float32), rng=generator(0), direction="right", longest=0.5, ragged=0.0
    )
    falls = np.diff(sorted_ @ LUMA, axis=1) < 0
    longest = [np.diff(np.flatnonzero(line)).max() for line in falls]
    assert max(longest) <= 25
    assert len({int(np.flatnonzero(line)[0]) for line in falls}) > 5  # lines do not all break at one place


@pytest.mark.parametrize("by", ["hue", "saturation", "heat"])
def test_order_is_what_is_asked_for(by):
    image, heat = soft_picture(20, 90, seed=4), 0.6 + 0.4 * hill(20, 90)
    moved = pixel_sort(np.dstack([image[..., :2], heat]), heat, rng=generator(1), direction="right", by=by, longest=4.0)
    hsv = cv2.cvtColor(moved, cv2.COLOR_RGB2HSV)
    value = {"hue": hsv[..., 0], "saturation": hsv[..., 1], "heat": moved[..., 2]}[by]
    assert (np.diff(value[5]) < -1e-4).sum() <= 2


def test_cold_is_sorted_where_hot_is_not():
    image, heat = soft_picture(30, 40, seed=1), hill(30, 40)
    hot = pixel_sort(image, heat, rng=generator(1), ragged=0.0)
    cold = pixel_sort(image, heat, rng=generator(1), ragged=0.0, where="cold")
    assert not ((hot != image) & (cold != image)).any()
