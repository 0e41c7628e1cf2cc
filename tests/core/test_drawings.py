"""A drawing is checked, kept and inked as what it is: lines and dots in millimetres."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from artforge.core.drawings import (
    Drawing,
    Layer,
    Pen,
    drawing_fault,
    layer_of,
    pack_drawing,
    same_page,
    unpack_drawing,
)
from artforge.core.errors import ChoiceError, ShapeError
from artforge.core.inking import ink, size_in_pixels
from artforge.core.papers import canonical_paper, paper_size
from artforge.core.pen_paths import pen_paths

BLACK = Pen("#000000", 0.5)
NO_DOTS = np.zeros((0, 3), np.float32)


def page(*layers, width=40.0, height=30.0, paper="#ffffff"):
    return Drawing(width, height, layers, paper)


def both():
    """Two pens: one draws a corner and a stroke, the other two dots."""
    lines = [np.array([[5, 5], [15, 5], [15, 20]]), np.array([[20, 10], [30, 10]])]
    return page(layer_of(BLACK, lines), layer_of(Pen("#ff0000", 0.3), dots=np.array([[8, 25, 0.3], [30, 22, 4]])))


def test_lines_come_one_by_one_as_they_went_in():
    first, second = both().layers[0].lines()
    np.testing.assert_array_equal(first, [[5, 5], [15, 5], [15, 20]])
    np.testing.assert_array_equal(second, [[20, 10], [30, 10]])


def test_lengths_are_those_of_a_ruler():
    corner_and_stroke, dots = both().layers
    assert corner_and_stroke.drawn_length() == pytest.approx(10 + 15 + 10)
    assert corner_and_stroke.travel() == pytest.approx(np.hypot(5, 5) + np.hypot(5, 10))
    assert dots.drawn_length() == 0
    assert dots.travel() == pytest.approx(np.hypot(8, 25) + np.hypot(22, 3), rel=1e-6)
    assert layer_of(BLACK).travel() == layer_of(BLACK).drawn_length() == 0


def test_packed_drawing_comes_back_to_the_last_bit():
    drawing = both()
    ordered = drawing.with_layers([dataclasses.replace(drawing.layers[0], travel_before=12.5), drawing.layers[1]])
    back = unpack_drawing(pack_drawing(ordered))
    assert (back.width, back.height, back.paper) == (40, 30, "#ffffff")
    assert [layer.travel_before for layer in back.layers] == [12.5, None]
    for layer, other in zip(ordered.layers, back.layers, strict=True):
        assert layer.pen == other.pen
        for what in ("points", "ends", "dots"):
            np.testing.assert_array_equal(getattr(layer, what), getattr(other, what))
            assert getattr(layer, what).dtype == getattr(other, what).dtype
    assert pack_drawing(back) == pack_drawing(ordered)


def test_frozen_drawing_can_be_changed_by_nobody():
    drawing = both()
    drawing.freeze()
    with pytest.raises(ValueError, match="read-only"):
        drawing.layers[0].points[0] = 1


@pytest.mark.parametrize(
    ("drawing", "expected"),
    [
        (np.zeros((2, 2)), "must be a Drawing, received ndarray"),
        (page(width=0.0), "must have a size in mm"),
        (page(layer_of(Pen("#000000", 0.0))), "width must be more than 0"),
        (page(layer_of(BLACK, [np.array([[1, 1], [np.nan, 2]])])), "points must be finite"),
        (page(layer_of(BLACK, [np.array([[1, 1]])])), "at least two points"),
        (page(layer_of(BLACK, dots=np.array([[1, 1, 0]]))), "diameter of more than 0"),
        (page(Layer(BLACK, np.zeros((2, 2)), np.array([2], np.int32), NO_DOTS)), "points must be"),
        (
            page(Layer(BLACK, np.zeros((2, 2), np.float32), np.zeros(0, np.int32), NO_DOTS)),
            "a line",
        ),
    ],
)
def test_what_is_no_sound_drawing_is_told(drawing, expected):
    assert expected in drawing_fault(drawing)


def test_sound_drawings_have_no_fault():
    assert drawing_fault(both()) is None
    assert drawing_fault(page(layer_of(BLACK))) is None


def test_drawings_of_other_pages_do_not_go_together():
    with pytest.raises(ShapeError, match="40 x 30 mm and 50 x 30 mm"):
        same_page([page(), page(width=50.0)])


@pytest.mark.parametrize("width", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("long_edge", [120, 400, 1500])
def test_ink_covers_as_much_paper_as_the_pen_does(width, long_edge):
    line = np.array([[6.1, 7.3], [33.2, 24.9]])
    inked = ink(page(layer_of(Pen("#000000", width), [line])), long_edge)
    covered = (1 - inked).mean() * 40 * 30
    length = np.hypot(*(line[1] - line[0]))
    assert covered == pytest.approx(width * length + np.pi * width**2 / 4, rel=0.1, abs=0.05)  # with its round ends


@pytest.mark.parametrize("diameter", [0.3, 1.0, 6.0])
def test_dots_cover_their_discs(diameter):
    inked = ink(page(layer_of(Pen("#000000", 0.2), dots=np.array([[13.3, 11.7, diameter]]))), 400)
    assert (1 - inked).mean() * 40 * 30 == pytest.approx(np.pi * diameter**2 / 4, rel=0.02)


def test_everything_stands_where_its_millimetres_say():
    inked = ink(page(layer_of(BLACK, dots=np.array([[10, 5, 2]]))), 400)
    rows, columns = np.nonzero(inked[..., 0] < 0.5)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((100, 50), abs=0.6)


def test_later_pens_lie_over_earlier_ones_on_paper_of_its_colour():
    stroke = [np.array([[5, 15], [35, 15]])]
    drawing = page(layer_of(Pen("#ff0000", 4), stroke), layer_of(Pen("#0000ff", 2), stroke), paper="#fcfaf4")
    inked = np.rint(ink(drawing, 400) * 255)
    assert inked[150, 200].tolist() == [0, 0, 255]
    assert inked[150 - 15, 200].tolist() == [255, 0, 0]
    assert inked[20, 20].tolist() == [0xFC, 0xFA, 0xF4]


def test_bands_leave_no_seam(monkeypatch):
    places = np.linspace(0, 40, 200)
    waves = [np.stack([places, 15 + 14 * np.sin(places / 3 + turn)], axis=-1) for turn in np.arange(0, 6, 0.4)]
    dots = np.random.default_rng(1).random((20, 3)) * [40, 30, 2] + 0.01
    drawing = page(layer_of(BLACK, waves, dots))
    whole = ink(drawing, 300)
    for rows in (37, 40, 64):
        monkeypatch.setattr("artforge.core.inking._BAND_ROWS", rows)
        np.testing.assert_allclose(ink(drawing, 300), whole, atol=2.5 / 255)


def test_sizes_follow_the_page():
    assert size_in_pixels(page(), 800) == (600, 800)
    assert size_in_pixels(page(width=210, height=297)) == (1754, 1240)  # A4 at 150 dpi
    assert ink(page(), 64).shape == (48, 64, 3)
    with pytest.raises(ChoiceError, match="long_edge"):
        ink(page(), 0)


def test_pen_touches_small_dots_and_fills_large_ones_to_their_edge():
    touch, spiral = list(pen_paths(both().layers[1]))
    assert np.hypot(*(touch[1] - touch[0])) < 0.02
    distances = np.hypot(*(spiral - [30, 22]).T)
    assert distances.max() == pytest.approx((4 - 0.3) / 2, abs=1e-4)  # and the pen's half width beyond
    turns = np.abs(np.diff(np.unwrap(np.arctan2(*(spiral[1:] - [30, 22]).T[::-1]))).sum()) / (2 * np.pi)
    assert distances.max() / (turns - 1) < 0.3  # turns lie closer than the pen is wide


@pytest.mark.parametrize(("text", "size"), [("A4", (210, 297)), ("a3", (297, 420)), ("300x200.5mm", (300, 200.5))])
def test_pages_have_names_or_millimetres(text, size):
    assert paper_size(text) == size
    assert paper_size(canonical_paper(text)) == size


@pytest.mark.parametrize(
    ("text", "expected"),
    [("A11", "did you mean 'A"), ("letters", "did you mean 'letter'"), ("300x200", "like A4 or"), (7, "received 7")],
)
def test_what_is_no_page_is_told(text, expected):
    with pytest.raises(ChoiceError, match=expected):
        paper_size(text)


@pytest.mark.parametrize("text", ["1x200mm", "300x9000mm"])
def test_no_page_is_smaller_than_a_stamp_or_larger_than_a_wall(text):
    with pytest.raises(ChoiceError, match="5 to 5000 mm"):
        paper_size(text)
