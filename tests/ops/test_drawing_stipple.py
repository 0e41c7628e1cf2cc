"""Stippling puts ink where it is wanted, as much as is wanted, and its dots keep their distance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from artforge.core.errors import ChoiceError, ShapeError, StepError
from artforge.core.inking import ink
from artforge.core.pictures import resize
from artforge.ops.darkness import darkness
from artforge.ops.pages import on_grid, place_on_page
from artforge.ops.stipple import stipple
from artforge.ops.voronoi import draw_points, nearest_point, spread_points

SQUARE = {"page": "100x100mm", "margin": 10}
"""The heatmap lies from 10 to 90 mm."""


def halves(left: float, right: float) -> np.ndarray:
    heatmap = np.full((40, 40), left, np.float32)
    heatmap[:, 20:] = right
    return heatmap


def dots_of(drawing):
    (layer,) = drawing.layers
    return layer.dots


@pytest.mark.parametrize("num_dots", [1, 7, 900])
def test_there_are_as_many_dots_as_asked_for_and_all_on_the_heat(num_dots):
    dots = dots_of(stipple(halves(1, 0.3), num_dots=num_dots, rounds=6, **SQUARE))
    assert dots.shape == (num_dots, 3)
    assert (dots[:, :2] >= 10).all()
    assert (dots[:, :2] <= 90).all()


def test_counted_dots_stand_by_the_heat_itself():
    dots = dots_of(stipple(halves(0.9, 0.3), num_dots=2000, **SQUARE))
    num_left = int((dots[:, 0] < 50).sum())
    assert num_left / (2000 - num_left) == pytest.approx(3, rel=0.08)
    np.testing.assert_allclose(dots[:, 2], 0.4)


def test_no_dot_stands_where_there_is_no_heat():
    assert (dots_of(stipple(halves(0, 0.5), num_dots=500, **SQUARE))[:, 0] >= 49.5).all()


def test_sized_dots_have_the_area_that_the_heat_asks_for_and_are_larger_where_it_is_hot():
    dots = dots_of(stipple(halves(0.8, 0.2), num_dots=1200, tone="sized", pen=0.05, **SQUARE))
    area = np.pi / 4 * dots[:, 2].astype(float) ** 2
    left = dots[:, 0] < 50
    assert area[left].sum() == pytest.approx(0.85 * 0.8 * 80 * 40, rel=0.02)
    assert area[~left].sum() == pytest.approx(0.85 * 0.2 * 80 * 40, rel=0.02)
    assert np.median(dots[left, 2]) > 1.3 * np.median(dots[~left, 2])


def test_no_sized_dot_is_smaller_than_the_pen():
    assert dots_of(stipple(halves(0.5, 0.01), num_dots=500, tone="sized", pen=0.7, **SQUARE))[:, 2].min() >= 0.69


def nearest_of(points):
    return cKDTree(points).query(points, k=2)[0][:, 1]


def test_spread_dots_keep_their_distance_and_thrown_ones_do_not():
    even = np.full((30, 30), 0.5, np.float32)
    thrown, spread = (nearest_of(dots_of(stipple(even, num_dots=800, rounds=n, **SQUARE))[:, :2]) for n in (0, 40))
    hexagonal = np.sqrt(2 / np.sqrt(3) * 80 * 80 / 800)  # the distance in the densest of all patterns
    assert spread.min() > 0.55 * hexagonal
    assert spread.mean() > 0.85 * hexagonal
    assert thrown.min() < 0.3 * hexagonal


def test_dots_stand_in_the_weighted_middle_of_what_is_nearest_to_them():
    rows, columns = np.mgrid[0:160, 0:200]
    density = (0.2 + 0.8 * np.exp(-((columns - 60) ** 2 + (rows - 90) ** 2) / 2000)).astype(np.float32)
    points = spread_points(draw_points(density, 150, np.random.default_rng(4)), density, 60)
    cells = np.stack([columns.ravel() + 0.5, rows.ravel() + 0.5], axis=-1)
    owners = cKDTree(points).query(cells)[1]  # found by another way
    weight = density.ravel().astype(float) ** 2
    middles = np.stack([np.bincount(owners, weight * cells[:, axis]) for axis in (0, 1)], axis=-1)
    middles /= np.bincount(owners, weight)[:, None]
    assert np.hypot(*(middles - points).T).mean() < 0.03 * np.sqrt(density.size / 150)


def test_lone_point_goes_to_the_middle_of_the_squared_density():
    moved = spread_points(np.array([[0.2, 0.1]]), np.array([[1, 2]], np.float32), 1)
    np.testing.assert_allclose(moved, [[(0.5 * 1 + 1.5 * 4) / 5, 0.5]])


def test_nearest_points_are_those_that_a_search_finds():
    points = np.random.default_rng(2).random((300, 2)) * [200, 160]
    owners = nearest_point(points, (160, 200))
    rows, columns = np.mgrid[0:160, 0:200]
    searched = cKDTree(np.floor(points)).query(np.stack([columns, rows], axis=-1).reshape(-1, 2))[1]
    assert (owners.ravel() == searched).mean() > 0.96


def test_thrown_points_come_by_their_share_everywhere():
    density = np.ones((60, 90), np.float32)
    density[:, :30] = 3
    x, _ = draw_points(density, 1000, np.random.default_rng(0)).T
    assert (x < 30).sum() == pytest.approx(600, abs=8)


def test_ink_goes_where_the_second_heatmap_is_hot():
    dark, where = np.full((20, 20), 0.8, np.float32), halves(0, 1)
    assert (dots_of(stipple(dark, where, num_dots=300, rounds=20, elsewhere=0.0, **SQUARE))[:, 0] > 49).all()
    some = dots_of(stipple(dark, where, num_dots=2000, rounds=20, elsewhere=0.25, **SQUARE))[:, 0]
    assert (some > 50).sum() / (some < 50).sum() == pytest.approx(4, rel=0.1)


def test_chance_decides_where_dots_stand_and_its_absence_is_always_the_same():
    few = {"num_dots": 50, "rounds": 2, **SQUARE}
    one, other = (dots_of(stipple(halves(1, 0.5), rng=np.random.default_rng(seed), **few)) for seed in (1, 2))
    assert not np.array_equal(one, other)
    np.testing.assert_array_equal(*(dots_of(stipple(halves(1, 0.5), **few)) for _ in range(2)))


def test_heatmap_of_a_preview_gives_the_same_composition():
    rows, columns = np.mgrid[0:240, 0:320] / 240
    heatmap = np.clip(np.sin(5 * columns) * np.cos(4 * rows), 0, 1).astype(np.float32)
    small = on_grid(heatmap, (60, 80))
    pictures = [ink(stipple(each, num_dots=2000, rounds=20, page="A6"), 900) for each in (heatmap, small)]
    one, other = (resize(picture, (33, 47)).mean(axis=-1) for picture in pictures)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.98


def test_no_heat_is_a_page_without_a_dot():
    drawing = stipple(np.zeros((5, 5), np.float32), num_dots=10)
    assert (drawing.width, drawing.height) == (210, 297)
    assert len(dots_of(drawing)) == 0


def test_papers_turn_with_the_picture_and_millimetres_stay():
    across = np.zeros((20, 30), np.float32)
    assert place_on_page(across, "A4", 0).page_width == 297
    assert place_on_page(across.T, "A4", 0).page_width == 210
    place = place_on_page(across, "200x300mm", 10)
    assert (place.page_width, place.left, place.width, place.height) == (200, 10, 180, 120)
    assert place.top == (300 - 120) / 2


@pytest.mark.parametrize(
    ("settings", "error", "expected"),
    [
        ({"margin": 60, "page": "A6"}, ChoiceError, "margins of 60 mm leave no room on 105 x 148 mm"),
        ({"page": "A9"}, ChoiceError, "like A4 or 300x200mm"),
        ({"tone": "size"}, ChoiceError, "did you mean 'sized'"),
        ({"where": np.zeros((20, 40), np.float32)}, ShapeError, "'where' 40x20 must have the format"),
        ({"where": np.full((20, 20), 7, np.float32)}, StepError, "normalize"),
    ],
)
def test_what_cannot_be_stippled_is_told(settings, error, expected):
    with pytest.raises(error, match=expected):
        stipple(np.ones((20, 20), np.float32), num_dots=5, **settings)


def test_darkness_is_ink_on_paper_and_light_is_chalk_on_a_board():
    picture = np.array([[[1, 1, 1], [0, 0, 0], [0, 1, 0], [0.5, 0.5, 0.5]]], np.float32)
    np.testing.assert_allclose(darkness(picture), [[0, 1, 0.2848, 0.5]], atol=1e-6)
    np.testing.assert_allclose(darkness(picture, reverse=True), [[1, 0, 0.7152, 0.5]], atol=1e-6)
    np.testing.assert_allclose(darkness(picture, gamma=2), [[0, 1, 0.2848**2, 0.25]], atol=1e-6)
