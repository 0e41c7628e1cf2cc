"""Order for the pen: the same drawing, a shorter way."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from artforge.core.drawings import Drawing, Pen, layer_of
from artforge.core.work import Work, working
from artforge.ops.pen_tour import pen_tour, travel
from artforge.ops.plot_order import plot_order

PEN = Pen("#000000", 0.3)
HOME = np.zeros(2)


def dots_at(points):
    return np.repeat(np.asarray(points, float)[:, None], 2, axis=1)


def scattered(count, seed=0):
    return np.random.default_rng(seed).random((count, 2)) * [180, 260]


def segments(drawing):
    """Every straight piece of every line, whichever way it is drawn."""
    lines = [line.tolist() for layer in drawing.layers for line in layer.lines()]
    return sorted(sorted(piece) for line in lines for piece in pairwise(line))


@pytest.mark.parametrize("passes", [0, 1, 40])
def test_tour_goes_to_everything_once(passes):
    order, turned = pen_tour(dots_at(scattered(173)), HOME, passes)
    assert sorted(order.tolist()) == list(range(173))
    assert turned.shape == (173,)


def test_nearest_neighbour_goes_on_to_what_is_nearest():
    line = np.array([[50, 0], [10, 0], [30, 0], [0, 20]])
    assert pen_tour(dots_at(line), HOME, 0)[0].tolist() == [1, 2, 0, 3]


def test_lines_are_drawn_backwards_where_that_is_nearer():
    ends = np.array([[[90, 0], [5, 0]], [[90, 5], [20, 5]]], float)
    order, turned = pen_tour(ends, HOME, 5)
    assert (order.tolist(), turned.tolist()) == ([0, 1], [True, False])
    assert travel(ends, HOME, (order, turned)) == pytest.approx(5 + 5)


def test_pen_goes_on_from_where_a_line_ends():
    ends = np.array([[[5, 0], [90, 0]], [[92, 0], [92, 5]], [[5, 10], [6, 10]]], float)
    assert pen_tour(ends, HOME, 0)[0].tolist() == [0, 1, 2]


def test_turned_pieces_of_lines_make_the_way_shorter_too():
    starts = scattered(200, seed=5)
    ends = np.stack([starts, starts + np.random.default_rng(6).normal(size=(200, 2)) * 25], axis=1)
    first, best = (travel(ends, HOME, pen_tour(ends, HOME, passes)) for passes in (0, 40))
    assert best < 0.9 * first


@pytest.mark.parametrize("count", [60, 700])
def test_more_passes_make_the_way_shorter_until_it_is_near_the_best(count):
    ends = dots_at(scattered(count, seed=count))
    lengths = [travel(ends, HOME, pen_tour(ends, HOME, passes)) for passes in (0, 2, 60)]
    assert lengths[0] >= lengths[1] >= lengths[2]
    assert lengths[2] < 0.95 * lengths[0]
    assert lengths[2] < 1.25 * 0.7124 * np.sqrt(count * 180 * 260)  # Beardwood, Halton and Hammersley


def test_no_turn_of_a_piece_between_neighbours_saves_anything_in_the_end():
    ends = dots_at(scattered(40, seed=3))
    order, turned = pen_tour(ends, HOME, 200)
    shortest = travel(ends, HOME, (order, turned))
    for first in range(40):
        for last in range(first + 1, 41):
            tried = np.concatenate([order[:first], order[first:last][::-1], order[last:]])
            assert travel(ends, HOME, (tried, turned)) > shortest * 0.985


def test_same_things_have_the_same_order_every_time():
    ends = dots_at(scattered(300))
    np.testing.assert_array_equal(pen_tour(ends, HOME, 10)[0], pen_tour(ends, HOME, 10)[0])


def drawing_of(seed=0):
    rng = np.random.default_rng(seed)
    lines = [rng.random(2) * [200, 280] + rng.normal(size=(count, 2)) * 6 for count in rng.integers(2, 7, 150)]
    dots = np.column_stack([scattered(200, seed), rng.uniform(0.3, 1, 200)])
    return Drawing(210, 297, (layer_of(PEN, lines), layer_of(Pen("#ff0000", 0.5), lines[:9], dots)))


def test_order_changes_no_line_and_no_dot():
    drawing = drawing_of()
    ordered = plot_order(drawing, join=0)
    assert segments(ordered) == segments(drawing)
    for layer, other in zip(drawing.layers, ordered.layers, strict=True):
        assert layer.pen == other.pen
        assert sorted(layer.dots.tolist()) == sorted(other.dots.tolist())
        assert layer.num_lines == other.num_lines


def test_travel_is_less_and_what_it_was_is_remembered_and_told():
    drawing, told = drawing_of(), []
    with working(Work(remarked=told.append)):
        ordered = plot_order(drawing)
    for layer, other in zip(drawing.layers, ordered.layers, strict=True):
        assert other.travel() < 0.5 * layer.travel()
        assert other.travel_before == pytest.approx(layer.travel())
    before, now = (sum(layer.travel() for layer in each.layers) / 1000 for each in (drawing, ordered))
    assert told == [f"the raised pen travels {now:,.2f} m instead of {before:,.2f} m, {1 - now / before:.0%} less"]


def test_ordering_again_remembers_the_first_travel():
    drawing = drawing_of()
    twice = plot_order(plot_order(drawing, passes=1), passes=20)
    assert twice.layers[0].travel_before == pytest.approx(drawing.layers[0].travel())


def test_lines_that_meet_are_drawn_without_lifting_the_pen():
    pieces = [np.array([[start, 0], [end, 0]]) for start, end in ((20, 30), (0, 10), (20.05, 10), (60, 50))]
    (layer,) = plot_order(Drawing(100, 10, (layer_of(PEN, pieces),)), join=0.1).layers
    first, second = layer.lines()
    np.testing.assert_allclose(first[:, 0], [0, 10, 10, 20.05, 20, 30])
    np.testing.assert_allclose(second[:, 0], [50, 60])


def test_empty_drawings_stay_empty():
    (layer,) = plot_order(Drawing(100, 10, (layer_of(PEN),))).layers
    assert layer.num_lines == len(layer.dots) == 0
