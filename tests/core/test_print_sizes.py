"""Sizes of paper in pixels, and a picture on its sheet: never stretched, and the same in whatever bands it is made."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core import banded_images
from artforge.core.banded_images import as_banded, laid_on, resized
from artforge.core.papers import Page
from artforge.core.pictures import resize
from artforge.core.print_sizes import PrintSize, parse_length, parse_print_size

RED = np.asarray([1, 0, 0], np.float32)


@pytest.mark.parametrize(
    ("text", "landscape", "expected"),
    [
        ("A3@300dpi", False, (4961, 3508)),
        ("A3@300dpi", True, (3508, 4961)),
        ("a0@300dpi", False, (14043, 9933)),
        ("594x841mm@300dpi", False, (9933, 7016)),
        ("841 x 594 mm @ 300 dpi", False, (9933, 7016)),
        ("A2", True, (4961, 7016)),
        ("30x40cm@100dpi", False, (1575, 1181)),
        ("8x10in@150dpi", True, (1200, 1500)),
        ("letter@72dpi", False, (792, 612)),
    ],
)
def test_a_sheet_has_the_pixels_of_its_millimetres_and_lies_as_the_picture_does(text, landscape, expected):
    size, _ = parse_print_size(text)
    sheet = size.sheet(60, 90) if landscape else size.sheet(90, 60)
    assert (sheet.height, sheet.width) == expected


def test_one_edge_alone_takes_the_picture_s_own_shape():
    size = parse_print_size("400mm@254dpi")[0]
    sheet = size.sheet(300, 400)
    assert (sheet.height, sheet.width) == (3000, 4000) == sheet.picture
    assert size.page(sheet.height, sheet.width) == Page(400, 300)


def test_the_text_tells_whether_it_has_a_dpi():
    assert [parse_print_size(text)[1] for text in ("A4", "A4@300dpi", "10x20cm", "10x20cm@90dpi")] == [False, True] * 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A33", "no paper is called 'A33' - did you mean 'A3'"),
        ("leter", "did you mean 'letter'"),
        ("1mm", "5 to 5000 mm"),
        ("0x10mm", "5 to 5000 mm"),
        ("9x9m", "no size of paper"),
        ("A3@300", "behind the @ stands a resolution such as 300dpi"),
        ("A3@1e9dpi", "behind the @ stands a resolution such as 300dpi"),
        ("", "no size of paper"),
    ],
)
def test_what_is_no_paper_is_told_with_the_nearest(text, expected):
    with pytest.raises(ValueError, match=expected):
        parse_print_size(text)


def test_lengths_are_read_in_three_units():
    assert parse_length("3mm") == 3
    assert parse_length("0.5 cm") == 5
    assert parse_length("0.125in") == pytest.approx(3.175)
    with pytest.raises(ValueError, match="mm, cm or in"):
        parse_length("3")


@pytest.mark.parametrize("size", [(100, 150), (150, 100), (77, 400), (300, 300)])
@pytest.mark.parametrize("bleed", [0, 3])
@pytest.mark.parametrize("fit", ["contain", "cover"])
def test_a_picture_on_a_sheet_keeps_its_shape(size, bleed, fit):
    sheet = PrintSize(210, 297, dpi=150, bleed=bleed, fit=fit).sheet(*size)
    aspect = size[0] / size[1]
    assert abs(sheet.picture[0] - sheet.picture[1] * aspect) <= 1 + aspect
    inset = round(bleed / 25.4 * 150) if fit == "contain" else 0
    if fit == "contain":
        assert sheet.picture[0] <= sheet.height - 2 * inset
        assert sheet.picture[1] <= sheet.width - 2 * inset
    else:
        assert sheet.picture[0] >= sheet.height
        assert sheet.picture[1] >= sheet.width
    assert abs(2 * sheet.top + sheet.picture[0] - sheet.height) <= 1  # in the middle
    assert abs(2 * sheet.left + sheet.picture[1] - sheet.width) <= 1


def test_bleed_is_added_at_each_side_of_the_trimmed_sheet():
    size = PrintSize(100, 200, dpi=254, bleed=5)
    sheet = size.sheet(2, 1)
    assert (sheet.height, sheet.width) == (2100, 1100)
    assert size.page(2100, 1100) == Page(100, 200, bleed=5)
    assert size.page(1100, 2100) == Page(200, 100, bleed=5)


def test_a_preview_is_the_same_page_with_a_quarter_of_the_pixels():
    size = PrintSize(210, 297, dpi=254, bleed=2)
    whole, small = size.sheet(30, 20), size.sheet(30, 20, scale=0.25)
    assert size.page(small.height, small.width) == size.page(whole.height, whole.width)
    for large, quarter in zip(
        (whole.height, whole.width, *whole.picture), (small.height, small.width, *small.picture), strict=True
    ):
        assert abs(large / 4 - quarter) <= 1


@pytest.mark.parametrize("band_pixels", [1, 997, 10**9])
@pytest.mark.parametrize(("fit", "shape"), [("contain", (31, 50)), ("cover", (31, 50)), ("contain", (50, 33))])
def test_a_print_is_the_same_in_whatever_bands(monkeypatch, band_pixels, fit, shape, paint):
    picture = paint(7, *shape)
    whole = laid_on(picture, PrintSize(40, 60, dpi=100, bleed=2, fit=fit).sheet(*shape), RED).whole()
    monkeypatch.setattr(banded_images, "BAND_PIXELS", band_pixels)
    banded = laid_on(picture, PrintSize(40, 60, dpi=100, bleed=2, fit=fit).sheet(*shape), RED)
    together = np.concatenate([band for _, band in banded.bands()])
    assert together.shape == whole.shape == banded.shape
    np.testing.assert_array_equal(together, whole)


@pytest.mark.parametrize("size", [(97, 131), (41, 64), (20, 31), (60, 40)])
def test_a_banded_picture_is_what_resizing_gives(size, paint):
    picture = paint(3, 40, 62)
    np.testing.assert_allclose(resized(picture, size).whole(), resize(picture, size), atol=1e-5)


def test_what_the_picture_does_not_reach_is_ground_and_the_rest_the_picture(paint):
    picture = paint(5, 20, 40)
    sheet = PrintSize(40, 40, dpi=25.4, bleed=4).sheet(20, 40)
    laid = laid_on(picture, sheet, RED).whole()
    assert (sheet.top, sheet.left, sheet.picture) == (14, 4, (20, 40))
    np.testing.assert_array_equal(laid[14:34, 4:44], picture)
    laid[14:34, 4:44] = RED
    np.testing.assert_array_equal(laid, np.broadcast_to(RED, laid.shape))


def test_cover_cuts_the_same_off_at_both_sides(paint):
    picture = paint(6, 20, 40)
    sheet = PrintSize(20, 20, dpi=25.4, fit="cover").sheet(20, 40)
    np.testing.assert_array_equal(laid_on(picture, sheet, RED).whole(), picture[:, 10:30])


def test_a_picture_in_memory_is_its_own_bands(paint):
    picture = paint(8, 12, 9)
    np.testing.assert_array_equal(as_banded(picture).whole(), picture)
    assert as_banded(as_banded(picture)).shape == (12, 9, 3)
