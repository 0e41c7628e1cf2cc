"""Drawings as SVG and PDF: exact in millimetres, a layer for each pen, with all words, the same bytes each time."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pikepdf
import pytest

from artforge.core.drawings import Drawing, Pen, layer_of
from artforge.core.errors import OutputError
from artforge.core.formats.drawn import write_drawing
from artforge.core.formats.metadata import read_label
from artforge.core.formats.svg import told_work, write_svg
from artforge.core.formats.xmp import Label

LABEL = Label(
    title="Straße <of> 'tides' & 日本",
    alt='Lines, "hot" & cold',
    creator="Jane Doe",
    tool="artforge 0.1",
    record='{"recipe_text": "steps:\\n  art: ]]> <x/>"}',
)
SVG = "{http://www.w3.org/2000/svg}"
INKSCAPE = "{http://www.inkscape.org/namespaces/inkscape}"


def drawing() -> Drawing:
    """An A5 page across: two lines of one pen, three dots of another, one of them wider than its pen."""
    lines = [np.array([[10, 10.126], [20.5, 30], [40, 12]]), np.array([[100, 50], [110, 50]])]
    dots = np.array([[50, 60, 0.4], [55.25, 61, 0.4], [70, 70, 3]])
    layers = (layer_of(Pen("#1d3557", 0.3), lines), layer_of(Pen("#e63946", 0.4), dots=dots))
    return Drawing(210.0, 148.0, layers, "#fcfaf4")


@pytest.fixture
def root(tmp_path):
    write_svg(tmp_path / "a.svg", drawing(), LABEL)
    return ElementTree.parse(tmp_path / "a.svg").getroot()  # noqa: S314 - our own


def test_page_is_exact_in_millimetres(root):
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("210mm", "148mm", "0 0 210 148")


@pytest.mark.parametrize(("width", "expected"), [(215.9, "215.9mm"), (1189.0, "1189mm"), (33.3333, "33.3333mm")])
def test_pages_of_odd_sizes_keep_them(tmp_path, width, expected):
    write_svg(tmp_path / "a.svg", Drawing(width, 100.0, (layer_of(Pen("#000000", 0.3)),)))
    assert f'width="{expected}"' in (tmp_path / "a.svg").read_text()


def test_every_pen_is_a_layer_of_inkscape_whose_name_begins_with_its_number(root):
    groups = root.findall(f"{SVG}g")
    assert [group.get(f"{INKSCAPE}groupmode") for group in groups] == ["layer", "layer"]
    assert [group.get(f"{INKSCAPE}label") for group in groups] == ["1 #1d3557 0.3 mm", "2 #e63946 0.4 mm"]
    assert [(group.get("stroke"), group.get("stroke-width"), group.get("fill")) for group in groups] == [
        ("#1d3557", "0.3", "none"),
        ("#e63946", "0.4", "none"),
    ]


def test_every_line_and_dot_is_one_path_to_a_hundredth_of_a_millimetre(root):
    lines, dots = ([path.get("d") for path in group.findall(f"{SVG}path")] for group in root.findall(f"{SVG}g"))
    assert lines == ["M10,10.13 20.5,30 40,12", "M100,50H110"]
    assert dots[:2] == ["M50,60H50.01", "M55.25,61H55.26"]
    assert len(dots) == 3
    spiral = np.array(re.findall(r"([\d.]+),([\d.]+)", dots[2]), float)
    assert np.hypot(*(spiral - 70).T).max() == pytest.approx((3 - 0.4) / 2, abs=0.01)


def test_nothing_in_it_is_a_filled_shape_that_a_plotter_would_draw(root):
    tags = {child.tag for child in root.iter()}
    assert not {f"{SVG}{tag}" for tag in ("rect", "circle", "image", "script", "use", "style")} & tags
    assert "background:#fcfaf4" in root.get("style")


def test_words_come_back_and_tell_the_pens_work(tmp_path, root):
    assert read_label(tmp_path / "a.svg") == LABEL
    assert root.find(f"{SVG}title").text == LABEL.title
    assert root.find(f"{SVG}desc").text == f"{LABEL.alt} {told_work(drawing())}"
    assert "2 pens, 2 lines and 3 dots" in told_work(drawing())


def test_without_words_it_carries_none(tmp_path):
    write_svg(tmp_path / "a.svg", drawing())
    assert read_label(tmp_path / "a.svg") == Label()


@pytest.mark.parametrize("name", ["svg", "pdf"])
def test_same_drawing_has_the_same_bytes_and_another_one_others(tmp_path, name):
    for stem in "ab":
        write_drawing(tmp_path / f"{stem}.{name}", drawing(), name, LABEL)
    moved = drawing().with_layers(drawing().layers[:1])
    write_drawing(tmp_path / f"c.{name}", moved, name, LABEL)
    first, second, third = ((tmp_path / f"{stem}.{name}").read_bytes() for stem in "abc")
    assert first == second != third


def test_folder_that_is_not_there_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_svg(tmp_path / "file" / "a.svg", drawing())


def test_pdf_has_the_page_the_words_the_pens_and_their_paths(tmp_path):
    write_drawing(tmp_path / "a.pdf", drawing(), "pdf", LABEL)
    assert read_label(tmp_path / "a.pdf").record == LABEL.record
    with pikepdf.open(tmp_path / "a.pdf") as document:
        (one,) = document.pages
        box = [float(edge) for edge in one.trimbox]
        assert (box[2] - box[0], box[3] - box[1]) == pytest.approx((210 / 25.4 * 72, 148 / 25.4 * 72), abs=0.01)
        names = [str(group.Name) for group in document.Root.OCProperties.OCGs]
        assert names == ["paper", "1 #1d3557 0.3 mm", "2 #e63946 0.4 mm"]
        operators = [str(each.operator) for each in pikepdf.parse_content_stream(one)]
    assert operators.count("S") == 5  # strokes: two lines and three dots
    assert operators.count("m") == 5
