"""Drawings flow through a recipe like pictures do: checked before, kept, written as lines or inked."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from artforge.core.drawings import Drawing, Pen, layer_of, pack_drawing
from artforge.core.errors import RecipeError
from artforge.core.films import film_info
from artforge.core.inking import ink
from artforge.core.pictures import read_picture, resize
from artforge.core.provenance import read_provenance
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.plan import PREVIEW_SCALE, Planner
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter

HEADER = """\
artforge: 1
title: "Tide"
params:
  image: {type: image, default: one.png}
  levels: {type: int, default: 4}
"""
BODY = """\
timeline: {{duration: 2f, fps: 2}}
steps:
  art: [{{load: {{path: $image, long_edge: 128}}}}]
  heat: [$art, darkness, normalize]
  lines: [$heat, {{isolines: {{num_levels: $levels, page: A6, colors: [black, tomato]}}}}]
  dots: [$heat, {{stipple: {{num_dots: 80, rounds: 5, page: A6}}}}]
  both: [$lines, {{overprint: {{over: $dots}}}}, plot_order]
  moving: [$heat, {{hatch: {{page: A6, spacing: 3, angle: {{keys: {{0%: 0, 100%: 80}}}}}}}}]
  pictured: [$both, {{draw: {{long_edge: 200}}}}, {{mat: {{margin: 0.1}}}}]
sweep: {{levels: [3, 5]}}
outputs:
  {}
"""


class Listening(Reporter):
    """Hears what is remarked."""

    def __init__(self):
        self.remarks = []

    def remarked(self, message):
        self.remarks.append(message)


@pytest.fixture
def render(write_recipe, tmp_path):
    """`render(outputs)` renders the body with these outputs and gives the files, in order."""

    def run(outputs, scale=1.0, reporter=None, folder="out"):
        planner = Planner(check_file(write_recipe(BODY.format(outputs), header=HEADER)), scale=scale)
        renderer = Renderer(planner, tmp_path / folder, Cache(tmp_path / "store"))
        return [done.path for done in renderer.render(reporter or Listening())]

    return run


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        (
            "a: {from: $art, formats: [png, svg]}",
            r":\d+:\d+: error: output 'a': svg holds a drawing, \$art gives an im",
        ),
        ("a: {from: $art, formats: [svg]}", "write png, or make a drawing of a heatmap .*'- stipple'"),
        ("a: {from: $heat, formats: [svg]}", r"shows an image or a drawing, \$heat gives a heatmap"),
        ("a: {from: $dots, per: sweep, formats: [svg]}", "a contact sheet is a picture, svg holds lines; write png"),
        ("a: {from: $dots, formats: [svgz]}", "did you mean 'svg'"),
    ],
)
def test_lines_are_wanted_only_of_drawings(write_recipe, outputs, expected):
    with pytest.raises(RecipeError, match=expected):
        check_file(write_recipe(BODY.format(outputs), header=HEADER))


@pytest.mark.parametrize(
    ("pipe", "expected"),
    [
        ("[$dots, {mat: {margin: 0.1}}]", r"mat.image wants an image, the pipe brings a drawing: put '- draw' behind"),
        ("[$art, {hatch: {page: A4}}]", "hatch.heatmap wants a heatmap, the pipe brings an image: put '- darkness'"),
        ("[$heat, {hatch: {page: A44}}]", r"hatch.page: .*like A4 or 300x200mm, received 'A44' - did you mean 'A4'"),
        ("[$heat, {hatch: {pen: 0}}]", "hatch.pen: 0 is out of range"),
    ],
)
def test_wrong_ways_to_draw_are_told_with_the_way_out(write_recipe, pipe, expected):
    body = BODY.format("a: {from: $wrong}").replace("sweep:", f"  wrong: {pipe}\nsweep:")
    with pytest.raises(RecipeError, match=expected):
        check_file(write_recipe(body, header=HEADER))


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("$both, formats: [svg, png], size: A3@100dpi", ["only formats of pixels take size: in svg the lines"]),
        ("$both, formats: [svg, pdf], size: 300px, dpi: 90", ["take size and dpi: in svg and pdf the lines"]),
        ("$both, formats: [png], size: A3@100dpi", []),
        ("$both, formats: [svg, pdf, png]", []),
        ("$both, per: sweep, formats: [pdf], size: A3@100dpi", []),
        ("$art, formats: [pdf], size: A3@100dpi", []),
    ],
)
def test_sizes_that_lines_do_not_take_are_told(write_recipe, output, expected):
    checked = check_file(write_recipe(BODY.format(f"a: {{from: {output}}}"), header=HEADER))
    told = [warning for warning in checked.warnings if "lines" in warning]
    assert len(told) == len(expected)
    assert all(re.search(pattern, warning) for pattern, warning in zip(expected, told, strict=True))


def test_svg_has_the_page_the_pens_and_the_record_and_rendering_again_gives_the_same(render):
    first, _ = render("a: {from: $both, formats: [svg]}")
    root = ElementTree.parse(first).getroot()  # noqa: S314 - our own
    assert (root.get("width"), root.get("height")) == ("148mm", "105mm")
    assert [group.get("stroke") for group in root.iter("{http://www.w3.org/2000/svg}g")] == [
        "#000000",
        "#ff6347",
        "#1b1b1f",
    ]
    record = read_provenance(first)
    assert (record.kind, record.format) == ("still", "svg")
    assert [node.step for node in record.branch][-2:] == ["overprint", "plot_order"]
    sidecar = json.loads(first.with_name(f"{first.name}.json").read_text())
    assert (sidecar["width"], sidecar["height"]) == (record.width, record.height) == (874, 620)
    content = first.read_bytes()
    assert render("a: {from: $both, formats: [svg]}", folder="again")[0].read_bytes() == content


def test_other_formats_ink_a_drawing_in_the_size_that_is_asked_for(render):
    files = render("a: {from: $dots, per: recipe, formats: [png, jpeg]}\n  b: {from: $dots, per: recipe, size: 300px}")
    assert [read_picture(path).shape for path in files] == [(620, 874, 3), (620, 874, 3), (213, 300, 3)]
    small, large = read_picture(files[2]), read_picture(files[0])
    assert np.corrcoef(small.ravel(), resize(large, (213, 300)).ravel())[0, 1] > 0.95


def test_preview_is_a_quarter_as_large_and_shows_the_same_lines(render):
    (print_file,) = render("a: {from: $lines, per: recipe}")
    (preview_file,) = render("a: {from: $lines, per: recipe}", scale=PREVIEW_SCALE, folder="preview")
    printed, preview = read_picture(print_file), read_picture(preview_file)
    assert max(preview.shape) == pytest.approx(max(printed.shape) / 4, abs=1)
    from_afar, near = (resize(each, (20, 28)).ravel() for each in (printed, preview))
    assert np.corrcoef(from_afar, near)[0, 1] > 0.8


def test_drawings_lie_on_sheets_move_in_films_and_become_pictures(render):
    outputs = (
        "sheet: {from: $lines, per: sweep, cell: 120px}\n"
        "  film: {from: $moving, per: recipe, formats: [apng], size: 160px}\n"
        "  picture: {from: $pictured, per: recipe}"
    )
    sheet, film, picture = render(outputs)
    assert read_picture(sheet).shape[1] > 240
    assert film_info(film)[:3] == (160, 114, 2)
    assert read_picture(picture).shape == (142 + 2 * 14, 200 + 2 * 14, 3)


def test_saved_travel_is_told_once_it_is_computed(render):
    listening = Listening()
    render("a: {from: $both, per: recipe, formats: [svg, png]}", reporter=listening)
    (told,) = listening.remarks
    assert told.startswith("both.plot_order: the raised pen travels ")


def test_store_gives_drawings_back_without_pickle(tmp_path):
    store, key = Cache(tmp_path), "ab" * 32
    drawing = Drawing(50, 40, (layer_of(Pen("#123456", 0.5), [np.array([[1, 2], [3, 4], [5, 9]])]),), "#ffeedd")
    store.store_value(key, drawing)
    assert pack_drawing(store.load_value(key)) == pack_drawing(drawing)
    np.testing.assert_array_equal(ink(store.load_value(key), 50), ink(drawing, 50))
    store.store_value(key, np.eye(3, dtype=np.float32))
    np.testing.assert_array_equal(store.load_value(key), np.eye(3))
