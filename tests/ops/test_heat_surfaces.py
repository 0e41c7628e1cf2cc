"""Pictures made anew by heat: laid in stones, worn away, out of focus, seen through slits; and their edges."""

import cv2
import numpy as np
import pytest

from artforge.core.errors import ShapeError
from artforge.core.light import LUMA
from artforge.core.pictures import resize
from artforge.core.seeds import generator
from artforge.engine.attention.classical_filters import classical_filter
from artforge.ops.edges import edges
from artforge.ops.erode import erode
from artforge.ops.focus import focus
from artforge.ops.mosaic import mosaic
from artforge.ops.slit_scan import slit_scan
from tests.support.heat_pictures import assert_preview_predicts_the_print, hill, soft_picture

STEPS = {
    "mosaic": mosaic,
    "erode": lambda image, heat, **how: erode(image, heat, rng=generator(4), **how),
    "focus": focus,
}


@pytest.mark.parametrize("name", STEPS)
def test_preview_predicts_the_print(name):
    assert_preview_predicts_the_print(STEPS[name], within=0.015)


@pytest.mark.parametrize(("name", "setting"), [("mosaic", "detail"), ("erode", "amount"), ("focus", "blur")])
def test_picture_moves_smoothly_with_its_setting(name, setting):
    image, heat = soft_picture(80, 100), hill(80, 100)
    top = 0.1 if setting == "blur" else 1
    frames = [STEPS[name](image, heat, **{setting: float(value)}) for value in np.linspace(0, top, 121)]
    assert np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3)).max() < 0.025
    assert np.abs(frames[-1] - frames[0]).mean() > 0.05


# mosaic


def test_stone_has_the_mean_colour_of_the_picture_under_it():
    image = soft_picture(80, 120)
    laid = mosaic(image, np.zeros((80, 120), np.float32), largest=0.25, gutter=0.0)
    means = image.reshape(4, 20, 6, 20, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(laid[10::20, 10::20], means, atol=1e-5)


def test_hot_place_has_the_smallest_stones_and_a_cold_one_the_largest():
    image = np.random.default_rng(0).random((128, 128, 3), dtype=np.float32)
    heat = np.zeros((128, 128), np.float32)
    heat[:32, :32] = 1
    laid = mosaic(image, heat, largest=0.25, num_levels=4, gutter=0.0)
    hot, cold = laid[:32, :32], laid[96:, 96:]
    np.testing.assert_allclose(hot, np.repeat(np.repeat(hot[::4, ::4], 4, axis=0), 4, axis=1), atol=1e-6)
    assert len(np.unique(hot.reshape(-1, 3), axis=0)) == 64
    assert len(np.unique(cold.reshape(-1, 3).round(5), axis=0)) == 1


def test_stone_splits_where_any_part_of_it_is_hot():
    heat = np.zeros((128, 128), np.float32)
    heat[60:64, 60:64] = 1  # one of the smallest stones
    laid = mosaic(soft_picture(128, 128), heat, largest=1, num_levels=6, gutter=0.0)
    assert np.unique(laid.reshape(-1, 3).round(5), axis=0).shape[0] == 3 * 5 + 1  # four for each, one of which splits


def test_gutter_has_its_width_and_colour_and_drowns_no_small_stone():
    image = np.ones((100, 100, 3), np.float32)
    cold = mosaic(image, np.zeros((100, 100), np.float32), largest=0.5, gutter=0.04, color="black")
    np.testing.assert_array_equal(cold[10, 48:52], 0)
    np.testing.assert_array_equal(cold[10, 2:48], 1)
    hot = mosaic(image, np.ones((100, 100), np.float32), largest=0.5, num_levels=6, gutter=0.04, color="black")
    assert hot.mean() > 0.6


def test_without_a_gutter_no_ground_shows_between_stones_of_any_size():
    laid = mosaic(np.ones((97, 131, 3), np.float32), hill(97, 131), largest=0.3, gutter=0.0, color="black")
    np.testing.assert_allclose(laid, 1, atol=1e-6)


@pytest.mark.parametrize(("size", "largest"), [((60, 90), 0.01), ((1, 300), 0.25), ((300, 1), 0.25), ((1, 1), 1.0)])
def test_no_stone_is_smaller_than_a_pixel(size, largest):
    image = np.random.default_rng(0).random((*size, 3), dtype=np.float32)
    laid = mosaic(image, np.zeros(size, np.float32), largest=largest, gutter=0.0)
    np.testing.assert_allclose(laid, image, atol=1e-6)


def test_round_stones_are_discs():
    white, cold = np.ones((100, 100, 3), np.float32), np.zeros((100, 100), np.float32)
    laid = mosaic(white, cold, largest=1, gutter=0.0, roundness=1.0, color="black")
    assert laid.mean() == pytest.approx(np.pi / 4, abs=2e-3)
    np.testing.assert_array_equal(laid[0, 0], 0)


# erode


def test_nothing_is_worn_at_0_and_all_at_1():
    image, heat = soft_picture(), hill()
    np.testing.assert_array_equal(erode(image, heat, rng=generator(0), amount=0.0), image)
    bare = erode(image, heat, rng=generator(0), amount=1.0, trace=0.0, color="#336699")
    np.testing.assert_allclose(bare, np.broadcast_to(np.float32([0.2, 0.4, 0.6]), image.shape), atol=1e-6)


def test_what_is_hot_holds_longest_and_what_is_gone_stays_gone():
    image, heat = np.zeros((160, 200, 3), np.float32), hill()
    before = np.zeros(heat.shape, bool)
    for amount in (0.2, 0.4, 0.6, 0.8):
        gone = erode(image, heat, rng=generator(0), amount=amount, color="white", trace=0.0)[..., 0] > 0.6
        assert (gone >= before).mean() > 0.999
        assert gone[heat > 0.6].mean() <= gone[heat < 0.2].mean()
        before = gone
    half = erode(image, heat, rng=generator(0), amount=0.55, color="white", trace=0.0)[..., 0] > 0.6
    assert half[heat > 0.8].mean() < 0.1
    assert half[heat < 0.1].mean() > 0.7


def test_trace_leaves_the_picture_on_the_bare_ground():
    image = soft_picture()
    bare = erode(image, hill(), rng=generator(0), amount=1.0, trace=0.5, color="white")
    assert np.corrcoef((image @ LUMA).ravel(), (bare @ LUMA).ravel())[0, 1] > 0.99


def test_another_seed_wears_elsewhere():
    image, heat = soft_picture(), np.full((160, 200), 0.5, np.float32)
    one, other = (erode(image, heat, rng=generator(seed)) for seed in (0, 1))
    assert np.abs(one - other).mean() > 0.01


# focus


def test_hot_place_stays_bit_for_bit_and_a_cold_one_is_blurred():
    image, heat = soft_picture(), np.zeros((160, 200), np.float32)
    heat[40:80, 40:80] = 1
    seen = focus(image, heat, blur=0.05)
    np.testing.assert_array_equal(seen[40:80, 40:80], image[40:80, 40:80])
    assert seen[100:, 100:].std() < 0.5 * image[100:, 100:].std()


def test_blur_is_a_gaussian_of_the_stated_width_in_light():
    image = np.zeros((101, 101, 3), np.float32)
    image[50, 50] = 1
    seen = focus(image, np.zeros((101, 101), np.float32), blur=0.04)[..., 0].astype(np.float64)
    light = np.where(seen <= 0.04045, seen / 12.92, ((seen + 0.055) / 1.055) ** 2.4)
    assert light.sum() == pytest.approx(1, abs=1e-3)
    spread = (light.sum(axis=0) * (np.arange(101) - 50) ** 2).sum() ** 0.5
    assert spread == pytest.approx(4.04, rel=0.02)


def test_colour_fades_with_the_focus_and_fringes_set_blue_apart_from_red():
    image, cold = soft_picture(), np.zeros((160, 200), np.float32)
    grey = focus(image, cold, fade=1.0)
    np.testing.assert_allclose(grey[..., 0], grey[..., 2], atol=1e-5)
    white = np.repeat((soft_picture(seed=3)[..., :1] > 0.5).astype(np.float32), 3, axis=2)
    fringed = focus(white, np.full((160, 200), 0.5, np.float32), fringe=1.0)
    assert fringed[..., 0].std() > fringed[..., 2].std() + 0.01
    even = focus(white, np.full((160, 200), 0.5, np.float32))
    np.testing.assert_allclose(even[..., 0], even[..., 2], atol=1e-6)
    assert fringed[..., 2].std() < even[..., 2].std() - 0.005


# slit scan


def grounds(*values, size=(40, 60)):
    return np.stack([np.full((*size, 3), value, np.float32) for value in values])


def test_straight_slits_show_each_picture_in_its_place():
    scanned = slit_scan(grounds(0.1, 0.5, 0.9), softness=0.0)[20, :, 0]
    np.testing.assert_allclose(scanned[[5, 15, 25, 35, 45, 55]], [0.1, 0.1, 0.5, 0.5, 0.9, 0.9], atol=1e-6)
    down = slit_scan(grounds(0.1, 0.9), turn=0.25, softness=0.0)
    np.testing.assert_allclose(down[[5, 35], 30, 1], [0.1, 0.9], atol=1e-6)


@pytest.mark.parametrize("softness", [0.0, 0.3, 1.0])
def test_first_and_last_picture_are_whole_at_the_two_sides(softness):
    scanned = slit_scan(grounds(0.1, 0.5, 0.9, size=(40, 600)), softness=softness)[20, :, 0]
    np.testing.assert_allclose(scanned[[0, -1]], [0.1, 0.9], atol=5e-3)
    assert np.diff(scanned).min() > -1e-6
    assert softness == 0 or np.diff(scanned).max() < 0.02


def test_heat_alone_says_which_picture_is_seen_where_slits_are_fully_bent():
    heat = np.tile(np.float32([0.05, 0.45, 0.95]), (40, 20))
    scanned = slit_scan(grounds(0.1, 0.5, 0.9), heat, bend=1.0, softness=0.05)
    np.testing.assert_allclose(scanned[..., 2], np.tile(np.float32([0.1, 0.5, 0.9]), (40, 20)), atol=1e-6)


def test_shift_goes_once_through_the_pictures_and_closes():
    images = np.random.default_rng(0).random((4, 40, 60, 3), dtype=np.float32)
    frames = [slit_scan(images, hill(40, 60), bend=0.5, shift=float(at), softness=0.5) for at in np.linspace(0, 1, 65)]
    np.testing.assert_allclose(frames[0], frames[-1], atol=1e-4)
    assert np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3)).max() < 0.06
    assert np.abs(frames[0] - frames[32]).mean() > 0.1


def test_one_picture_alone_is_itself():
    image = soft_picture(40, 60)
    np.testing.assert_allclose(slit_scan(image[None], softness=1.0, shift=0.3), image, atol=1e-6)


def test_slits_are_bent_by_heat_of_their_size_only():
    with pytest.raises(ShapeError, match="'upsample'"):
        slit_scan(grounds(0.1, 0.2), hill(10, 10))


# edges


@pytest.mark.parametrize("operator", ["sobel", "scharr"])
def test_slope_of_a_ramp_is_its_slope_whichever_way_it_runs(operator):
    down, across = np.mgrid[0:100, 0:100].astype(np.float32) / 200
    for turn in (0.0, 0.1, 0.25):
        ramp = 0.25 + (across * np.cos(2 * np.pi * turn) + down * np.sin(2 * np.pi * turn)) / 2
        found = edges(np.repeat(ramp[..., None], 3, axis=2), operator=operator, scale=0.02)
        np.testing.assert_allclose(found[20:-20, 20:-20], 2 * 0.5 / 200, rtol=1e-3)


def test_fine_sobel_edges_are_the_length_of_both_classical_answers():
    image = cv2.GaussianBlur(soft_picture(), (0, 0), 0.5, borderType=cv2.BORDER_REFLECT_101)
    parts = [classical_filter(image, filter=name) for name in ("sobel_x", "sobel_y")]
    np.testing.assert_allclose(edges(soft_picture(), scale=1e-6), np.hypot(*parts) / 8 * 0.5, atol=1e-5)


def test_fine_scharr_edges_are_those_of_opencv():
    light = cv2.GaussianBlur(soft_picture() @ LUMA, (0, 0), 0.5, borderType=cv2.BORDER_REFLECT_101)
    parts = [cv2.Scharr(light, cv2.CV_32F, *way, borderType=cv2.BORDER_REFLECT_101) for way in ((1, 0), (0, 1))]
    np.testing.assert_allclose(
        edges(soft_picture(), operator="scharr", scale=1e-6), np.hypot(*parts) / 32 * 0.5, atol=1e-5
    )


def test_scharr_answers_edges_of_every_direction_more_alike_than_sobel():
    down, across = np.mgrid[-60:61, -60:61].astype(np.float32)
    ring = 0.5 + 0.5 * np.cos(np.hypot(down, across) * 1.2)
    image = np.repeat(ring[..., None].astype(np.float32), 3, axis=2)
    on = (np.abs(np.hypot(down, across) - 40) < 12) & (np.abs(np.sin(np.hypot(down, across) * 1.2)) > 0.95)
    scharr, sobel = (edges(image, operator=name, scale=1e-6)[on] for name in ("scharr", "sobel"))
    assert scharr.std() / scharr.mean() < sobel.std() / sobel.mean()


@pytest.mark.parametrize("operator", ["sobel", "scharr", "laplacian"])
def test_small_picture_answers_as_its_print(operator):
    image = soft_picture(640, 800)
    printed = edges(image, operator=operator, scale=0.02)
    preview = edges(resize(image, (160, 200)), operator=operator, scale=0.02)
    small = cv2.resize(printed, (200, 160), interpolation=cv2.INTER_AREA)
    assert np.abs(small - preview).max() < 0.1 * printed.max()


def test_flat_picture_has_no_edges_and_a_line_has_two_laplacian_ones():
    assert edges(np.full((30, 40, 3), 0.3, np.float32), operator="laplacian").max() < 1e-6
    step = np.zeros((60, 100, 3), np.float32)
    step[:, 50:] = 1
    row = edges(step, operator="laplacian", scale=0.05)[30]
    peaks = np.flatnonzero((row[1:-1] > row[:-2]) & (row[1:-1] >= row[2:]) & (row[1:-1] > 0.5 * row.max())) + 1
    np.testing.assert_array_equal(peaks, [46, 53])  # one sigma, 3 pixels, on each side of the edge at 49.5
