"""Isolines, hatching and flowing lines lie where the heat has them, and as close as it asks."""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial import cKDTree

from artforge.core.drawings import Drawing, Pen, layer_of
from artforge.core.errors import ChoiceError, ShapeError
from artforge.ops.flow_lines import flow_lines
from artforge.ops.hatch import hatch, spread_thresholds
from artforge.ops.isolines import isolines
from artforge.ops.lines import runs, simplified
from artforge.ops.overprint import overprint

hatching = sys.modules[hatch.__module__]
SQUARE = {"page": "100x100mm", "margin": 10}
"""The heatmap lies from 10 to 90 mm, its middle at (50, 50)."""


def cone(size: int = 160) -> np.ndarray:
    """1 in the middle, 0 at 40 mm from it."""
    rows, columns = (np.mgrid[0:size, 0:size] + 0.5) / size * 80 - 40
    return np.clip(1 - np.hypot(rows, columns) / 40, 0, 1).astype(np.float32)


def even(heat: float) -> np.ndarray:
    return np.full((40, 40), heat, np.float32)


def lines_of(drawing):
    return [line.astype(float) for layer in drawing.layers for line in layer.lines()]


def length_of(line):
    return np.hypot(*np.diff(line, axis=0).T).sum()


# -- isolines --------------------------------------------------------------------------------------------------------


def test_isolines_of_a_cone_are_closed_circles_where_its_heat_is_theirs():
    drawing = isolines(cone(), num_levels=3, low=0.25, high=0.75, smooth=0, **SQUARE)
    circles = lines_of(drawing)
    assert len(circles) == 3
    for circle, level in zip(circles, (0.25, 0.5, 0.75), strict=True):
        np.testing.assert_allclose(np.hypot(*(circle - 50).T), 40 * (1 - level), atol=0.3)
        np.testing.assert_array_equal(circle[0], circle[-1])
        assert length_of(circle) == pytest.approx(2 * np.pi * 40 * (1 - level), rel=0.01)


def test_pens_share_the_levels_from_low_to_high():
    drawing = isolines(cone(), num_levels=4, low=0.2, high=0.8, colors=["red", "blue"], smooth=0, **SQUARE)
    assert [layer.pen.color for layer in drawing.layers] == ["#ff0000", "#0000ff"]
    outer, inner = ([np.hypot(*(line - 50).T).mean() for line in layer.lines()] for layer in drawing.layers)
    assert len(outer) == len(inner) == 2
    assert min(outer) > max(inner)


def test_isolines_reach_the_border_and_no_further():
    slope = np.tile(np.linspace(0, 1, 50, dtype=np.float32), (50, 1))
    (line,) = lines_of(isolines(slope, num_levels=1, low=0.5, high=0.5, smooth=0, **SQUARE))
    np.testing.assert_allclose(line[:, 0], 50, atol=0.2)
    assert sorted(line[[0, -1], 1].tolist()) == pytest.approx([10, 90], abs=1e-4)


def test_short_isolines_are_left_out():
    drawing = isolines(cone(), num_levels=3, low=0.25, high=0.98, smooth=0, shortest=20, **SQUARE)
    assert min(map(length_of, lines_of(drawing))) >= 20
    assert len(lines_of(drawing)) == 2


# -- hatching --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("heat", [0.25, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("num_directions", [1, 2, 3])
def test_hatching_has_as_much_ink_as_the_heat_asks_for(heat, num_directions):
    drawing = hatch(even(heat), spacing=0.5, num_directions=num_directions, low=0, **SQUARE)
    drawn = sum(map(length_of, lines_of(drawing)))
    assert drawn == pytest.approx(heat * num_directions * 80 * 80 / 0.5, rel=0.07)


def test_strokes_lie_at_their_angle():
    for line in lines_of(hatch(even(0.6), angle=30, num_directions=1, **SQUARE)):
        right, down = line[-1] - line[0]
        assert down / right == pytest.approx(-np.tan(np.radians(30)), abs=1e-3)


def test_lines_of_full_heat_are_spaced_evenly():
    lines = lines_of(hatch(even(1), angle=0, num_directions=1, spacing=2, **SQUARE))
    np.testing.assert_allclose(np.diff(sorted(line[0, 1] for line in lines)), 2, atol=1e-3)


def test_cross_hatching_begins_where_the_first_direction_is_full():
    half, more = (lines_of(hatch(even(heat), angle=0, num_directions=2, **SQUARE)) for heat in (0.45, 0.8))
    upright = [[line for line in lines if abs(line[-1, 0] - line[0, 0]) < 1e-3] for lines in (half, more)]
    assert len(upright[0]) == 0 < len(upright[1])


def test_strokes_break_off_where_it_is_cold_and_none_is_shorter_than_asked():
    heatmap = even(0)
    heatmap[:, 20:] = 1
    lines = lines_of(hatch(heatmap, smooth=0, shortest=3, angle=20, **SQUARE))
    assert min(line[:, 0].min() for line in lines) > 48
    assert min(map(length_of, lines)) >= 3


def test_grain_of_a_picture_breaks_no_stroke():
    grainy = even(0.5625) + np.random.default_rng(0).uniform(-0.02, 0.02, (40, 40)).astype(np.float32)
    lines = lines_of(hatch(grainy, angle=0, num_directions=1, num_tones=8, low=0, smooth=0, shortest=0, **SQUARE))
    assert min(map(length_of, lines)) > 79


def test_relief_lifts_lines_over_the_heat():
    every_line = {"angle": 0, "num_directions": 1, "num_tones": 1, "low": 0, "spacing": 4}
    lines = lines_of(hatch(cone(), relief=6, smooth=0, **every_line, **SQUARE))
    across_the_middle = min(lines, key=lambda line: abs(line[np.abs(line[:, 0] - 15).argmin(), 1] - 52))
    ground = across_the_middle[0, 1]
    peak = across_the_middle[np.abs(across_the_middle[:, 0] - 50).argmin(), 1]
    assert 5 < ground - peak < 6.5


@pytest.mark.parametrize("angle", [0, 0.00001, 30, 45, 90, -137])
def test_strokes_of_full_heat_go_from_border_to_border(angle):
    drawing = hatch(even(1.0), angle=angle, num_directions=1, num_tones=1, spacing=5, shortest=2, **SQUARE)
    ends = np.concatenate([line[[0, -1]] for line in lines_of(drawing)])
    to_border = 40 - np.abs(ends - 50).max(axis=1)
    assert len(drawing.layers[0].ends) >= 16
    assert to_border.max() < 0.27


@pytest.mark.parametrize("angle", [0, 30, 45])
@pytest.mark.parametrize("relief", [0, 4])
def test_of_a_line_no_more_is_looked_at_than_may_lie_on_the_page(monkeypatch, angle, relief):
    looked = []
    heat_at = hatching._heat_at
    monkeypatch.setattr(hatching, "_heat_at", lambda line, *given: looked.append(len(line)) or heat_at(line, *given))
    hatch(cone(), angle=angle, num_directions=1, relief=relief, spacing=1, **SQUARE)
    every = (80 + 2 * relief) ** 2 / 0.25
    assert 80**2 / 0.25 <= sum(looked) < 1.05 * every * (2 if relief else 1)


@pytest.mark.parametrize("count", [1, 2, 5, 8, 13])
def test_thresholds_share_the_range_evenly(count):
    thresholds = spread_thresholds(count)
    expected = [0.0] if count == 1 else (np.arange(count) + 0.5) / count
    np.testing.assert_allclose(sorted(thresholds), expected)
    if count == 8:
        assert np.abs(np.diff(thresholds)).min() > 0.2


# -- flowing lines ---------------------------------------------------------------------------------------------------


def test_lines_around_a_peak_are_rings_and_lines_up_to_it_are_rays():
    rings = lines_of(flow_lines(cone(), near=2, far=2, smooth=2, **SQUARE))
    rays = lines_of(flow_lines(cone(), near=2, far=2, smooth=2, along="slope", shortest=10, **SQUARE))
    away = [line for line in rings if np.hypot(*(line - 50).T).min() > 8]
    assert len(away) > 8
    for line in away:
        assert np.ptp(np.hypot(*(line - 50).T)) < 1.5
    for line in rays:
        outside = line[np.hypot(*(line - 50).T) > 8]
        if len(outside) > 1:
            angles = np.unwrap(np.arctan2(*(outside - 50).T[::-1]), period=np.pi)
            assert np.ptp(angles) < 0.15


def test_rings_are_closed():
    rings = [line for line in lines_of(flow_lines(cone(), near=3, far=3, smooth=2, **SQUARE)) if length_of(line) > 100]
    assert len(rings) > 3
    closed = [line for line in rings if (line[0] == line[-1]).all()]
    assert len(closed) >= len(rings) - 2


@pytest.mark.parametrize("along", ["isolines", "slope"])
def test_flowing_lines_keep_their_distance(along):
    lines = lines_of(flow_lines(cone(), near=2.5, far=2.5, along=along, smooth=2, **SQUARE))
    dense = [
        np.concatenate([np.linspace(a, b, max(2, int(np.hypot(*(b - a)) / 0.2))) for a, b in pairwise(line)])
        for line in lines
    ]
    owners = np.repeat(np.arange(len(dense)), list(map(len, dense)))
    near = cKDTree(np.concatenate(dense)).query_pairs(0.4 * 2.5, output_type="ndarray")
    assert (owners[near[:, 0]] == owners[near[:, 1]]).all()


def test_flowing_lines_fill_the_place_and_leave_no_hole():
    points = np.concatenate(lines_of(flow_lines(even(0.5) + 0.01 * cone(40), near=2, far=2, shortest=2, **SQUARE)))
    rows, columns = np.mgrid[12:88:40j, 12:88:40j]
    gaps = cKDTree(points).query(np.stack([columns, rows], axis=-1).reshape(-1, 2))[0]
    assert np.quantile(gaps, 0.98) < 2.5


def test_lines_are_closer_where_it_is_hot_and_absent_where_it_is_cold():
    slope = np.tile(np.linspace(0, 1, 60, dtype=np.float32), (60, 1))
    lines = lines_of(flow_lines(slope, near=1, far=4, low=0.2, along="slope", **SQUARE))
    points = np.concatenate([line[:-1] + np.diff(line, axis=0) / 2 for line in lines])
    weight = np.concatenate([np.hypot(*np.diff(line, axis=0).T) for line in lines])
    ink, _ = np.histogram(points[:, 0], [10, 25, 45, 65, 90], weights=weight)
    assert ink[0] == 0
    assert ink[3] / 25 > 1.3 * ink[1] / 20


def test_distances_the_wrong_way_round_are_told():
    with pytest.raises(ChoiceError, match="near must not lie above far"):
        flow_lines(cone(), near=3, far=2)
    with pytest.raises(ChoiceError, match="low must not lie above high"):
        isolines(cone(), low=0.7, high=0.2)


# -- what they share -------------------------------------------------------------------------------------------------


def test_simplified_lines_pass_within_the_tolerance_of_what_is_left_out():
    places = np.linspace(0, 2 * np.pi, 400)
    wave = np.stack([10 * places, 5 * np.sin(places)], axis=-1)
    short = simplified(wave, 0.05)
    assert len(short) < 60
    np.testing.assert_allclose(np.interp(wave[:, 0], *short.T), wave[:, 1], atol=0.12)
    circle = np.stack([np.cos(places), np.sin(places)], axis=-1)
    circle[-1] = circle[0]
    np.testing.assert_array_equal(simplified(circle, 0.01)[[0, -1]], circle[[0, 0]].astype(np.float32))


def test_runs_are_where_it_is_true():
    assert runs(np.array([True, True, False, True, False, False, True])) == [(0, 2), (3, 4), (6, 7)]
    assert runs(np.zeros(3, bool)) == []


def test_overprint_has_the_pens_of_both_in_their_order_on_the_first_paper():
    stroke = [np.array([[1.0, 1], [5, 5]])]
    one = Drawing(50, 40, (layer_of(Pen("#111111", 1), stroke),), "#ffeedd")
    other = Drawing(50, 40, (layer_of(Pen("#222222", 1), stroke), layer_of(Pen("#333333", 2))), "#000000")
    both = overprint(one, other)
    assert [layer.pen.color for layer in both.layers] == ["#111111", "#222222", "#333333"]
    assert both.paper == "#ffeedd"
    with pytest.raises(ShapeError, match="give them one 'page'"):
        overprint(one, Drawing(40, 50, ()))
