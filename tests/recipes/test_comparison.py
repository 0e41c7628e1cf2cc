"""Two files are told apart by whatever they show: every frame, the last bit, each line; and not by their words."""

from __future__ import annotations

import weakref
import zlib

import numpy as np
import pikepdf
import pytest

from artforge.core.drawings import Drawing, Pen, layer_of
from artforge.core.errors import PictureError
from artforge.core.formats import pdf_pages
from artforge.core.formats.drawn import write_drawing
from artforge.core.formats.known import FILM_FORMATS, FORMATS
from artforge.core.formats.medium import Medium
from artforge.core.formats.stills import write_still
from artforge.core.formats.writing import write_film
from artforge.core.formats.xmp import Label
from artforge.core.papers import Page
from artforge.core.values import Frames
from artforge.recipes.comparison import compare_shown
from artforge.recipes.shown import told_change
from artforge.recipes.shown_pixels import compare_frames

NUM_FRAMES, CHANGED = 12, 7
HEIGHT, WIDTH = 48, 64
WORDS = [Label(title="one", alt="a line", record="{}"), Label(title="other", alt="lines", record='{"a": 1}')]


def film(path, name, change=0.0, num_frames=NUM_FRAMES, label=None):
    """A film of grey frames, each lighter than the one before; one pixel of frame 7 differs by `change`."""

    def draw(index):
        frame = np.full((HEIGHT, WIDTH, 3), (40 + 10 * index) / 255, np.float32)
        frame[8:24, 8:24, 1] += change * (index == CHANGED)
        return frame

    write_film(path, Frames(num_frames, 12.0, draw), name, label=label)
    return path


def still(path, name, levels, label=None, medium=None):
    write_still(path, (levels / 65535).astype(np.float32), name, label, medium=medium)
    return path


def drawing(*, moved=0.0, width=0.3, num_lines=3, page=(210.0, 148.0)):
    lines = [np.array([[10, 10 + 5 * index], [20.5, 30], [40, 12]]) for index in range(num_lines)]
    lines[2][1, 0] += moved
    layers = (layer_of(Pen("#1d3557", 0.3), lines[:1]), layer_of(Pen("#e63946", width), lines))
    return Drawing(*page, layers, "#fcfaf4")


@pytest.fixture
def draw(tmp_path):
    """`draw(format, label, **changes)` writes a drawing under a name of its own."""

    def run(name, label=WORDS[0], **changes):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.{name}"
        write_drawing(path, drawing(**changes), name, label)
        return path

    return run


# -- films -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(FILM_FORMATS))
def test_one_frame_that_differs_is_found_in_a_film_of_any_format(tmp_path, name):
    suffix = FORMATS[name].suffix
    before = film(tmp_path / f"a{suffix}", name, label=WORDS[0])
    after = film(tmp_path / f"b{suffix}", name, change=0.4)
    found = compare_shown(before, after)
    assert not found.same
    assert found.largest > 80
    assert f"(in frame {CHANGED})" in found.told[0]
    assert compare_shown(before, film(tmp_path / f"c{suffix}", name, label=WORDS[1])).same


def test_frames_that_differ_are_counted_and_measured(tmp_path):
    before, after = (film(tmp_path / f"{change}.apng", "apng", change) for change in (0, 51 / 255))
    found = compare_shown(before, after)
    mean = 51 * 16 * 16 / (HEIGHT * WIDTH * 3) / NUM_FRAMES  # worked out: 51 levels in a square of one colour
    assert found.largest == 51
    assert found.mean == pytest.approx(mean)
    assert found.told == (
        f"differ by {mean:.3g} levels of 255 on average, 51 at most (in frame 7); 1 of 12 frames, "
        "the first is frame 7 (counted from 0)",
    )
    assert found.picture[8:24, 8:24, 1].min() == 1
    assert found.picture.sum() == 16 * 16


def test_a_film_that_ends_earlier_is_told_with_what_both_have(tmp_path):
    whole, cut = film(tmp_path / "a.apng", "apng"), film(tmp_path / "b.apng", "apng", num_frames=9)
    found = compare_shown(whole, cut)
    assert found.largest is None
    assert found.told == ("12 and 9 frames; those that both have are the same",)


def test_two_frames_at_a_time_are_in_memory():
    born = []

    def frames(offset):
        for index in range(50):
            frame = np.full((4, 4, 3), index + offset, np.uint8)
            born.append(weakref.ref(frame))
            alive.append(sum(each() is not None for each in born))
            yield frame
            del frame

    alive: list[int] = []
    assert compare_frames(frames(0), frames(3)).largest == 3
    assert max(alive) <= 6  # two, the two before them and the distances


def test_sizes_that_differ_are_named(tmp_path):
    found = compare_frames([np.zeros((4, 6, 3), np.uint8)], [np.zeros((4, 8, 3), np.uint8)])
    assert (found.told, found.sizes) == (("not compared, 6x4 and 8x4",), ((4, 6), (4, 8)))


# -- pictures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["png16", "tiff16"])
def test_one_level_of_65535_is_seen(tmp_path, name):
    levels = np.random.default_rng(0).integers(0, 65535, (20, 30, 3))
    other = levels.copy()
    other[4, 5, 1] += 1
    suffix = FORMATS[name].suffix
    before = still(tmp_path / f"a{suffix}", name, levels, WORDS[0])
    found = compare_shown(before, still(tmp_path / f"b{suffix}", name, other))
    assert found.told[0].endswith("levels of 65535 on average, 1 at most")
    assert found.largest == pytest.approx(255 / 65535)
    assert compare_shown(before, still(tmp_path / f"c{suffix}", name, levels, WORDS[1])).same


def test_pictures_of_two_depths_are_the_same_where_no_level_lies_between(tmp_path):
    levels = np.random.default_rng(0).integers(0, 256, (20, 30, 3)) * 257
    coarse = still(tmp_path / "a.png", "png", levels)
    assert compare_shown(coarse, still(tmp_path / "b.png", "png16", levels)).same
    found = compare_shown(coarse, still(tmp_path / "c.png", "png16", np.maximum(levels, 1)))
    assert found.largest == pytest.approx(255 / 65535)


# -- drawings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["svg", "pdf"])
def test_drawings_are_the_same_whatever_they_say_of_themselves(draw, name):
    first, second = draw(name), draw(name, WORDS[1])
    assert first.read_bytes() != second.read_bytes()
    assert compare_shown(first, second).same
    assert compare_shown(first, draw(name, None)).same


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"moved": 0.5},
            'layer \'2 #e63946 0.3 mm\', path 3: d "M10,20 20.5,30 40,12" -> "M10,20 21,30 40,12"; 1 of 4 paths differ',
        ),
        ({"num_lines": 4}, "layer '2 #e63946 0.3 mm', end of g 1 where the other has layer '2 #e63946 0.3 mm', path 4"),
        ({"width": 0.5}, "layer '2 #e63946 0.3 mm', g 1 where the other has layer '2 #e63946 0.5 mm', g 1"),
        ({"page": (210.0, 200.0)}, 'svg 1: height "148mm" -> "200mm"; 0 of 4 paths differ'),
    ],
)
def test_svg_names_the_layer_and_path_that_differ_first(draw, changes, expected):
    found = compare_shown(draw("svg"), draw("svg", **changes))
    assert not found.same
    assert found.told[0].startswith(expected)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"moved": 0.5},
            "layer '2 #e63946 0.3 mm', line 6: "
            '"10.000 20.000 m 20.500 30.000 l ..." -> "10.000 20.000 m 21.000 30.000 l ..."; 1 of ',
        ),
        ({"width": 0.5}, "layer '2 #e63946 0.3 mm', line 1"),
        ({"page": (210.0, 200.0)}, 'line 1: "'),
    ],
)
def test_pdf_names_the_layer_and_line_that_differ_first(draw, changes, expected):
    found = compare_shown(draw("pdf"), draw("pdf", **changes))
    assert found.told[0].startswith(expected)


def test_pdf_pictures_are_compared_by_pixels_and_pages_by_their_boxes_and_profiles(tmp_path):
    levels = np.random.default_rng(0).integers(0, 255, (20, 30, 3)) * 257
    other = levels.copy()
    other[3, 4, 0] += 257
    mediums = {"a": Medium(dpi=300), "b": Medium(page=Page(30, 20, 3))}
    before = still(tmp_path / "a.pdf", "pdf", levels, WORDS[0], mediums["a"])
    assert compare_shown(before, still(tmp_path / "b.pdf", "pdf", levels, WORDS[1], mediums["a"])).same
    found = compare_shown(before, still(tmp_path / "c.pdf", "pdf", other, None, mediums["a"]))
    assert (found.largest, found.mean) == (1, pytest.approx(1 / levels.size))
    assert found.told[0].startswith("picture 'Picture': differ by ")
    resized = compare_shown(before, still(tmp_path / "d.pdf", "pdf", levels, None, mediums["b"]))
    assert resized.largest == 0
    assert any(told.startswith("TrimBox ") for told in resized.told)


def test_drawing_is_not_measured_against_pixels(draw, tmp_path):
    picture = still(tmp_path / "a.png", "png", np.zeros((4, 4, 3)))
    assert compare_shown(draw("svg"), picture).told == ("not compared, SVG and pixels",)


# -- what strangers write --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaa">]><svg>&a;</svg>', "declares entities"),
        ("<svg><g></svg>", "mismatched tag"),
        ("<svg>", "no element found"),
    ],
)
def test_svg_that_is_none_or_hides_something_is_refused(draw, tmp_path, text, expected):
    (tmp_path / "odd.svg").write_text(text)
    with pytest.raises(PictureError, match=rf"odd\.svg: not an SVG that can be read \(.*{expected}"):
        compare_shown(draw("svg"), tmp_path / "odd.svg")


def test_path_inside_a_comment_of_words_hides_no_other(draw, tmp_path):
    text = draw("svg", None).read_text()
    hidden = '<!-- <metadata> --><path d="M99,99 1,1"/><!-- </metadata> -->'
    shown = text.replace("<path ", f"{hidden}<path ", 1)
    (tmp_path / "odd.svg").write_text(shown)
    assert not compare_shown(draw("svg"), tmp_path / "odd.svg").same


def test_pdf_that_would_fill_the_memory_is_refused(draw, tmp_path, monkeypatch):
    monkeypatch.setattr(pdf_pages, "MOST_BYTES", 10**6)
    path = tmp_path / "bomb.pdf"
    with pikepdf.Pdf.open(draw("pdf")) as pdf:
        pdf.pages[0].obj.Contents = pdf.make_stream(zlib.compress(bytes(10**6 + 1)), Filter=pikepdf.Name.FlateDecode)
        pdf.save(path, compress_streams=False)
    with pytest.raises(PictureError, match=r"bomb\.pdf: .*more than 1,000,000 bytes in one of its streams"):
        compare_shown(path, path)


def test_pdf_whose_objects_hold_each_other_comes_to_an_end(draw, tmp_path):
    path = tmp_path / "round.pdf"
    with pikepdf.Pdf.open(draw("pdf")) as pdf:
        one = pdf.make_indirect(pikepdf.Dictionary())
        one.Other = pdf.make_indirect(pikepdf.Dictionary(Back=one))
        pdf.pages[0].obj.Resources.Loop = one
        pdf.save(path)
    assert compare_shown(path, path).same


def test_long_texts_are_shown_around_the_letter_that_differs():
    before = "x" * 100 + "a" + "y" * 100
    assert told_change(before, before.replace("a", "b")) == (
        f'"...{"x" * 8}a{"y" * 23}..." -> "...{"x" * 8}b{"y" * 23}..."'
    )
