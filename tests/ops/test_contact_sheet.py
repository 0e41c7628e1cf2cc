"""Contact sheets: every cell in its place, nothing stretched, type that always fits."""

import numpy as np
import pytest

from artforge.core.errors import ShapeError
from artforge.core.values import Kind, array_fault
from artforge.ops.contact_sheet import contact_sheet
from artforge.ops.layout import color_to_rgb
from artforge.ops.line_breaks import shorten
from artforge.ops.mat import mat
from artforge.ops.type_metrics import Type, width_of

GROUND = "#f4f0e8"


def flat(color, size=(60, 90)):
    return np.full((*size, 3), color, np.float32)


def places(sheet, color):
    """The box (top, left, bottom, right) of all pixels of one colour."""
    rows, columns = np.nonzero(np.abs(sheet - np.array(color, np.float32)).max(axis=-1) < 0.02)
    return rows.min(), columns.min(), rows.max() + 1, columns.max() + 1


COLORS = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1)]


@pytest.mark.parametrize("labels", [None, ["a", "b", "c", "d", "e"]])
def test_cells_stand_in_rows_in_the_order_given(labels):
    sheet = contact_sheet([flat(color) for color in COLORS], labels, columns=2, cell_size=90)
    boxes = [places(sheet, color) for color in COLORS]
    assert [box[:2] for box in boxes] == sorted(box[:2] for box in boxes)
    assert boxes[0][0] == boxes[1][0]
    assert boxes[0][1] == boxes[2][1] == boxes[4][1]
    assert all((bottom - top, right - left) == (60, 90) for top, left, bottom, right in boxes)


def test_a_cell_of_the_right_size_is_not_touched():
    picture = np.random.default_rng(0).random((60, 90, 3), dtype=np.float32)
    sheet = contact_sheet([picture, flat((1, 0, 0))], None, columns=2, cell_size=90)
    top, _, bottom, red_left = (
        *places(sheet, (1, 0, 0))[:1],
        None,
        places(sheet, (1, 0, 0))[2],
        places(sheet, (1, 0, 0))[1],
    )
    left = sheet.shape[1] - red_left - 90
    np.testing.assert_array_equal(sheet[top:bottom, left : left + 90], picture)


def test_cells_of_other_shapes_are_centred_and_never_stretched():
    wide, tall = flat((1, 0, 0), (40, 120)), flat((0, 0, 1), (120, 40))
    sheet = contact_sheet([wide, tall], None, columns=2, cell_size=60)
    top, _, bottom, right = places(sheet, (1, 0, 0))
    assert (bottom - top) == 20
    blue_top, blue_left, blue_bottom, blue_right = places(sheet, (0, 0, 1))
    assert (blue_bottom - blue_top, blue_right - blue_left) == (60, 20)
    assert top - blue_top == 20  # in the middle of a place as tall as the tallest
    assert blue_left - right >= 20


def test_the_margins_are_free_and_equal_at_both_sides():
    sheet = contact_sheet(
        [flat(color) for color in COLORS[:4]], ["one", "two", "three", "four"], columns=2, title="Title"
    )
    differs = np.abs(sheet - color_to_rgb(GROUND)).max(axis=-1) > 1e-3
    rows, columns = np.nonzero(differs)
    left, right = columns.min(), sheet.shape[1] - 1 - columns.max()
    assert min(left, right) >= 0.15 * 360
    assert abs(left - right) <= 4
    assert rows.min() >= 0.15 * 360
    assert sheet.shape[0] - 1 - rows.max() >= 0.15 * 360


def test_captions_stand_under_their_pictures_and_the_title_above_all():
    bare = contact_sheet([flat((1, 0, 0))], [" "], columns=1, cell_size=300)
    captioned = contact_sheet([flat((1, 0, 0))], ["intensity 0.5"], columns=1, cell_size=300)
    titled = contact_sheet([flat((1, 0, 0))], None, columns=1, cell_size=300, title="Tide")
    assert captioned.shape[0] > bare.shape[0]
    ink_rows = np.nonzero(captioned.max(axis=-1).min(axis=1) < 0.6)[0]
    _, _, bottom, _ = places(captioned, (1, 0, 0))
    assert ink_rows.min() > bottom
    title_rows = np.nonzero(titled.max(axis=-1).min(axis=1) < 0.5)[0]
    top, *_ = places(titled, (1, 0, 0))
    assert title_rows.max() < top


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\n",
        "日本語のとても長い題名" * 9,
        "🎨🖌️" * 40,
        "\ud800 broken",
        "عربي",
        "a\tb\nc\0d",
        "W" * 500,
        "e\u0301",
    ],
)
def test_any_text_at_all_gives_a_sheet(text):
    for cell_size in (16, 120):
        sheet = contact_sheet([flat((1, 0, 0))] * 2, [text, "plain"], columns=2, cell_size=cell_size, title=text)
        assert array_fault(sheet, Kind.IMAGE) is None


def test_a_long_caption_never_reaches_the_next_picture():
    sheet = contact_sheet([flat((1, 0, 0)), flat((0, 0, 1))], ["W" * 200, ""], columns=2, cell_size=200)
    _, left, bottom, right = places(sheet, (1, 0, 0))
    differs = np.abs(sheet[bottom + 2 :] - color_to_rgb(GROUND)).max(axis=-1) > 0.05
    assert left <= np.nonzero(differs)[1].min()
    assert np.nonzero(differs)[1].max() <= right


def test_what_is_too_long_ends_in_an_ellipsis_and_fits():
    style = Type(14, "small")
    text = "intensity 0.50, twelve channels, strongest first"
    for room in (40, 80, 150, 240):
        short = shorten(text, style, room)
        assert short.endswith("…")
        assert text.startswith(short[:-1])
        assert width_of(short, style) <= room
    assert shorten(text, style, 4000) == text
    assert shorten("  two\n lines\t", style, 4000) == "two lines"


def test_more_columns_than_cells_leave_no_hole():
    one = contact_sheet([flat((1, 0, 0))], None, columns=9, cell_size=100)
    assert one.shape == contact_sheet([flat((1, 0, 0))], None, columns=1, cell_size=100).shape


def test_the_sheet_is_the_same_every_time():
    cells = [flat(color) for color in COLORS]
    one, other = (contact_sheet(cells, list("abcde"), columns=3, title="x") for _ in range(2))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("cells", "labels", "columns"), [([], None, 2), ([flat(0)], None, 0), ([flat(0)], ["a", "b"], 1)]
)
def test_what_cannot_be_laid_out_is_refused(cells, labels, columns):
    with pytest.raises(ShapeError, match="contact sheet"):
        contact_sheet(cells, labels, columns=columns)


@pytest.mark.parametrize(("margin", "edge"), [(0, 0), (0.1, 4), (0.06, 2), (1.5, 60)])
def test_a_mat_goes_round_the_picture_and_leaves_it_alone(margin, edge):
    picture = np.random.default_rng(1).random((40, 70, 3), dtype=np.float32)
    matted = mat(picture, margin=margin, color="#336699")
    assert matted.shape == (40 + 2 * edge, 70 + 2 * edge, 3)
    np.testing.assert_array_equal(matted[edge : edge + 40, edge : edge + 70], picture)
    ring = matted.copy()
    ring[edge : edge + 40, edge : edge + 70] = np.array([0.2, 0.4, 0.6], np.float32)
    np.testing.assert_allclose(ring, np.broadcast_to([0.2, 0.4, 0.6], ring.shape), atol=1e-6)
