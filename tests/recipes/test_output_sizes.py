"""What a recipe says of paper: checked where it stands, and found again in the files, also of a preview."""

from __future__ import annotations

import time

import numpy as np
import pikepdf
import pytest
from PIL import Image as PillowImage

from artforge.core import memory
from artforge.core.errors import OutputError, RecipeError
from artforge.core.films import frame_delays
from artforge.core.formats.metadata import read_label
from artforge.core.formats.profiles import srgb_profile
from artforge.core.pictures import read_picture
from artforge.core.print_sizes import PrintSize
from artforge.core.provenance import read_provenance
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import PREVIEW_SCALE, Planner
from artforge.recipes.recipe import Target
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter
from artforge.recipes.rerender import Request, rerender
from artforge.recipes.writing import write_work

BODY = """\
timeline: {{duration: 6f, fps: 60}}
steps:
  art: [{{load: {{path: $image}}}}]
outputs:
  work: {{from: $art, per: recipe, {}}}
"""
POINT = 72 / 25.4


class Quiet(Reporter):
    """A reporter that says nothing."""


@pytest.fixture
def render(write_recipe, tmp_path):
    """`render(words, scale)` renders one output and gives its file."""

    def run(words, scale=1.0):
        planner = Planner(check_file(write_recipe(BODY.format(words))), scale=scale)
        (done,) = Renderer(planner, tmp_path / "out", Cache(tmp_path / "store")).render(Quiet())
        return done.path

    return run


def target_of(write_recipe, words) -> Target:
    return check_file(write_recipe(BODY.format(words))).recipe.outputs["work"].target


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("formats: [png]", Target()),
        ("size: 300px, dpi: 150", Target(long_edge=300, dpi=150)),
        ("size: A3@240dpi", Target(None, PrintSize(297, 420, 240), 240)),
        ("size: A2", Target(None, PrintSize(420, 594, 300), 300)),
        ("size: 10x15cm, dpi: 100", Target(None, PrintSize(100, 150, 100), 100)),
        ("size: A4, bleed: 3mm", Target(None, PrintSize(210, 297, 300, 3, "cover"), 300)),
        (
            "size: A4, bleed: 3mm, fit: contain, ground: Ivory",
            Target(None, PrintSize(210, 297, 300, 3), 300, "#fffff0"),
        ),
        ("size: 400mm@100dpi", Target(None, PrintSize(None, 400, 100), 100)),
    ],
)
def test_sizes_are_read_as_they_are_written(write_recipe, words, expected):
    assert target_of(write_recipe, words) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("size: A33", r":10:41: error: size is 'native', .* received 'A33': no paper is called 'A33' - did you mean"),
        ("size: a lot", "or a sheet of paper such as A3@300dpi"),
        ("size: A3@300dpi, dpi: 200", "size says its dpi already .A3@300dpi.: leave one out"),
        ("size: A3@5dpi", "dpi is a number from 10 to 2400, received 5"),
        ("size: A3, dpi: 9000", "dpi is a number from 10 to 2400, received 9000"),
        ("size: A3, dpi: fine", "dpi is a number, received 'fine'"),
        (f"size: 400px, dpi: {'9' * 400}", ":10:53: error: a number of 400 digits is too large"),
        (f"size: {'9' * 5000}px", "size is 'native' or a long edge from 16px to 32768px"),
        ("size: A3@1e9dpi", "received 'A3@1e9dpi': behind the @ stands a resolution such as 300dpi"),
        ("size: A0@1200dpi", "56173 pixels along its longer edge: at most 32768; take 700dpi or less"),
        ("size: A0@2400dpi, bleed: 50mm", "121795 pixels .* take 645dpi or less"),
        ("size: A0@600dpi, formats: [webp]", "webp holds at most 16383 pixels along an edge, received 28087"),
        ("size: A0@600dpi, formats: [avif]", "avif holds at most 16384 pixels along an edge"),
        ("size: 20000px, formats: [webp]", "webp holds at most 16383 pixels .* take tiff, png or pdf"),
        ("size: 1000px, bleed: 3mm", "bleed belongs to a sheet of paper"),
        ("fit: cover", "fit belongs to a sheet of paper: give it a size such as A3@300dpi"),
        ("size: A4, bleed: 3", "bleed is a length up to 50mm, such as 3mm, received 3"),
        ("size: A4, bleed: 60mm", "bleed is a length up to 50mm"),
        ("size: A4, fit: covr", "fit 'covr' is not one of: contain, cover - did you mean 'cover'"),
        ("size: A4, ground: ivry", "ground: .* did you mean 'ivory'"),
        ("size: A4, bleed: 3mm, ground: ivory", "a picture that covers its sheet leaves no ground"),
        ("size: A4, formats: [mp4]", "a sheet of paper cannot hold mp4: give films an output of their own"),
        ("formats: [gif], dpi: 300", "dpi belongs to stills"),
        ("icc: no.icc", "icc of output 'work': there is no ICC profile '.*no.icc'"),
        ("icc: one.png", "icc of output 'work': one.png is not an ICC profile"),
        ("dpy: 300", "output 'work' has no 'dpy' - did you mean 'dpi'"),
    ],
)
def test_what_cannot_be_printed_is_a_fault_at_its_place(write_recipe, words, expected):
    with pytest.raises(RecipeError, match=expected):
        target_of(write_recipe, words)


@pytest.mark.parametrize("words", ["size: A0@700dpi", "size: A0@645dpi, bleed: 50mm", "size: 32768px"])
def test_the_largest_print_is_taken(write_recipe, words):
    assert target_of(write_recipe, words)


def test_a_contact_sheet_is_cut_only_where_that_is_asked_for(write_recipe):
    body = BODY.replace("per: recipe", "per: sweep") + "sweep: {{intensity: [0, 1]}}\n"
    for words, fit in (("", "contain"), (", fit: cover", "cover")):
        path = write_recipe(body.format(f"size: A4, bleed: 3mm{words}"))
        assert check_file(path).recipe.outputs["work"].target.print_size.fit == fit


def test_a_print_has_its_size_its_resolution_and_its_page(render):
    path = render("formats: [pdf], size: 100x150mm@50dpi, bleed: 3mm")
    with pikepdf.open(path) as pdf:
        page = pdf.pages[0]
        image = page.Resources.XObject.Picture
        assert (image.Width, image.Height) == (307, 209)  # the picture lies, so the page does
        assert [float(edge) for edge in page.TrimBox] == pytest.approx(
            [3 * POINT, 3 * POINT, 153 * POINT, 103 * POINT], abs=1e-4
        )
    assert read_provenance(path).width == 307


@pytest.mark.parametrize("name", ["png", "tiff16", "jpeg"])
def test_a_preview_of_a_print_is_a_quarter_of_it(render, name):
    with PillowImage.open(render(f"formats: [{name}], size: A6@100dpi")) as opened:
        assert (opened.size, opened.info["dpi"][0]) == ((583, 413), pytest.approx(100, abs=0.02))
    with PillowImage.open(render(f"formats: [{name}], size: A6@100dpi", PREVIEW_SCALE)) as opened:
        assert (opened.size, opened.info["dpi"][0]) == ((146, 103), pytest.approx(25, abs=0.02))


def test_a_sheet_shows_its_ground_around_the_picture(render):
    image = read_picture(render('size: 100x100mm@25.4dpi, ground: "#204060"'))
    assert image.shape == (100, 100, 3)
    np.testing.assert_allclose(image[0, 0] * 255, [0x20, 0x40, 0x60], atol=0.01)
    assert np.ptp(image[13:87], axis=(0, 1)).max() > 0.3


def test_files_of_one_output_never_share_a_name(write_recipe, tmp_path):
    checked = check_file(write_recipe(BODY.format("formats: [png, png16, tiff, tiff16, pdf]")))
    names = {one.file_name for one in Renderer(Planner(checked), tmp_path, Cache(tmp_path / "store")).artifacts}
    assert len(names) == 5
    assert sum(name.endswith("-16bit.png") for name in names) == 1


@pytest.mark.parametrize(
    "change", ["dpi: 200", "dpi: 100, ground: tomato", "dpi: 100, fit: cover", "dpi: 100, bleed: 2mm"]
)
def test_another_print_has_another_key(write_recipe, tmp_path, change):
    def file_key(words):
        planner = Planner(check_file(write_recipe(BODY.format(f"size: 80x80mm, {words}"))))
        renderer = Renderer(planner, tmp_path, Cache(tmp_path / "store"))
        return renderer.artifacts[0].key, renderer.file_key(renderer.artifacts[0])

    before, after = file_key("dpi: 100"), file_key(change)
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_a_print_beyond_memory_is_refused_before_anything_is_made(write_recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "total_memory", lambda: 10**9)
    planner = Planner(check_file(write_recipe(BODY.format("size: A0@300dpi"))))
    with pytest.raises(OutputError, match=r"'work': 9933x14043 pixels as png need about \d\.\d GB .* has 1\.0 GB"):
        Renderer(planner, tmp_path / "out", Cache(tmp_path / "store")).render(Quiet())
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "store").exists()


def test_a_picture_that_says_its_own_shape_is_refused_when_it_is_known(write_recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "total_memory", lambda: 10**9)
    planner = Planner(check_file(write_recipe(BODY.format("size: 30000px"))))
    with pytest.raises(OutputError, match="'work': 30000x22500 pixels as png need about"):
        Renderer(planner, tmp_path / "out", Cache(tmp_path / "store")).render(Quiet())


def test_the_picture_that_a_print_is_made_from_counts_as_soon_as_it_is_there(write_recipe, tmp_path, monkeypatch):
    asked = []

    def heard(*given):
        asked.append(given)
        return 0

    monkeypatch.setattr(memory, "needed_memory", heard)
    planner = Planner(check_file(write_recipe(BODY.format("size: 80x60mm@100dpi"))))
    renderer = Renderer(planner, tmp_path / "out", Cache(tmp_path / "store"))
    renderer.render(Quiet())
    of_print, of_picture = asked
    pixels = renderer.runner.value(renderer.planner.node("art", renderer.artifacts[0].variant))
    assert of_print == ("png", (315, 236), 0)
    assert of_picture == ("png", (236, 315), pixels.nbytes)


@pytest.mark.parametrize("is_large", [True, False])
def test_a_large_still_is_written_with_no_other_picture_in_memory(write_recipe, tmp_path, monkeypatch, is_large):
    monkeypatch.setattr("artforge.recipes.render.ALONE_BYTES", 0 if is_large else 10**9)
    planner = Planner(check_file(write_recipe(BODY.format("size: 80x60mm@100dpi, formats: [png, jpeg]"))))
    renderer = Renderer(planner, tmp_path / "out", Cache(tmp_path / "store"))
    renderer.render(Quiet())
    assert renderer.runner.num_computed == (2 if is_large else 1)


@pytest.mark.parametrize("formats", ["png16", "png, tiff16"])
def test_16_bits_are_converted_to_profiles_of_a_matrix_alone(write_recipe, render, studio, formats):
    (studio / "press.icc").write_bytes(srgb_profile())
    check_file(write_recipe(BODY.format(f"formats: [{formats}], icc: press.icc")))
    (studio / "press.icc").write_bytes(srgb_profile().replace(b"cprt", b"A2B0", 1))
    check_file(write_recipe(BODY.format("formats: [png], icc: press.icc")))
    with pytest.raises(RecipeError, match="16 bits a colour are converted to profiles of a matrix and curves, and"):
        check_file(write_recipe(BODY.format(f"formats: [{formats}], icc: press.icc")))


@pytest.mark.parametrize("size", ["200px", "50mm@100dpi", "A6@50dpi"])
@pytest.mark.parametrize("is_large", [True, False])
def test_works_are_written_side_by_side_unless_they_are_large(write_recipe, tmp_path, monkeypatch, size, is_large):
    running, most = [], []

    def slow_write(*args, **settings):
        running.append(1)
        most.append(len(running))
        time.sleep(0.1)
        running.pop()
        write_work(*args, **settings)

    monkeypatch.setattr("artforge.recipes.render.write_work", slow_write)
    monkeypatch.setattr("artforge.recipes.drawing.AHEAD_BYTES", 40_000 if is_large else 10**9)
    body = (
        BODY.replace("per: recipe, ", "").format(f"size: {size}") + "sweep: {intensity: {from: 0, to: 1, count: 6}}\n"
    )
    Renderer(Planner(check_file(write_recipe(body))), tmp_path / "out", Cache(tmp_path / "store"), jobs=4).render(
        Quiet()
    )
    assert len(most) == 6
    assert (max(most) == 1) == is_large


@pytest.mark.parametrize("name", ["gif", "webp", "animated_webp"])
def test_a_work_whose_own_size_is_beyond_its_format_is_refused_without_a_traceback(render, studio, tmp_path, name):
    PillowImage.new("RGB", (70_000, 1), "teal").save(studio / "one.png")
    with pytest.raises(OutputError, match=f"{name} holds at most .* received 70000: take"):
        render(f"formats: [{name}]")
    assert not (tmp_path / "out").exists()


def test_a_gif_of_60_frames_a_second_is_told_and_plays_as_it_was_told(write_recipe, render):
    checked = check_file(write_recipe(BODY.format("formats: [gif]")))
    assert any("of 60 it keeps every other frame, 30 a second, and its length" in told for told in checked.warnings)
    path = render("formats: [gif]")
    assert sum(frame_delays(path)) == 100
    record = read_provenance(path)
    assert (record.num_frames, record.fps) == (3, 30)


def test_a_gif_that_plays_as_it_is_says_nothing(write_recipe):
    checked = check_file(write_recipe(BODY.replace("fps: 60", "fps: 50").format("formats: [gif]")))
    assert not any("GIF" in told for told in checked.warnings)


def test_a_work_in_a_profile_is_made_again_from_the_profile_beside_it(render, studio, tmp_path):
    (studio / "inks").mkdir()
    (studio / "inks" / "press.icc").write_bytes(srgb_profile()[:80] + b"none" + srgb_profile()[84:])
    path = render("formats: [png], size: 64px, icc: inks/press.icc")
    record = read_provenance(path)
    assert [(one.role, one.name) for one in record.ingredients][-1] == ("profile", "press.icc")
    with PillowImage.open(path) as opened:
        assert opened.info["icc_profile"][80:84] == b"none"
    again = rerender(Request(path, tmp_path / "again", Overrides(), [studio]), Cache(tmp_path / "other"), print)
    assert again.identical


def test_no_record_tells_where_a_profile_lay(write_recipe, studio, tmp_path):
    (studio / "press.icc").write_bytes(srgb_profile())
    checked = check_file(write_recipe(BODY.format(f"formats: [png], icc: {studio / 'press.icc'}")))
    (done,) = Renderer(Planner(checked), tmp_path / "out", Cache(tmp_path / "store")).render(Quiet())
    assert str(studio) not in read_label(done.path).record
    assert "press.icc" in read_label(done.path).record
