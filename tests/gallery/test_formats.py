"""Works hang in every format that they are written as, with their maker beside them."""

from __future__ import annotations

import html

import numpy as np
import pytest

from artforge.core.drawings import Drawing, Pen, layer_of
from artforge.core.errors import PictureError
from artforge.core.formats.known import FILM_FORMATS, FORMATS
from artforge.core.formats.stills import write_still
from artforge.core.formats.svg import write_svg
from artforge.core.formats.writing import write_film
from artforge.core.formats.xmp import Label
from artforge.core.pictures import read_picture
from artforge.core.provenance import write_sidecar
from artforge.core.values import Frames
from artforge.gallery.server import MEDIA_TYPES
from artforge.gallery.site import build_site
from artforge.gallery.svg import read_drawing

HOSTILE = "Jane <script>alert(1)</script> & 'Co'"


def picture(index: int) -> np.ndarray:
    return np.full((24, 32, 3), (0.2, 0.5, 0.1 * index), np.float32)


def hang(folder, record, name, **changes):
    """The page of a site with one work in one format."""
    path = folder / "out" / f"work{FORMATS[name].suffix}"
    path.parent.mkdir()
    if name in FILM_FORMATS:
        write_film(path, Frames(4, 4.0, picture), name)
        changes = {"kind": "film", "num_frames": 4, "fps": 4.0, **changes}
    else:
        write_still(path, picture(3), name)
    write_sidecar(path, record(height=24, width=32, format=name, **changes))
    built = build_site(folder / "out", folder / "site")
    assert built.warnings == ()
    (page,) = (folder / "site" / "works").iterdir()
    (media,) = (folder / "site" / "media").iterdir()
    return page.read_text(encoding="utf-8"), media


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("pdf", "svg")])
def test_a_work_of_any_format_hangs_with_its_file(tmp_path, record, name):
    page, media = hang(tmp_path, record, name)
    assert "32 × 24 pixels" in page
    assert f"media/{media.name}" in page
    assert ("<video" in page) == (name in ("mp4", "webm"))
    assert media.suffix in MEDIA_TYPES
    shown = f'<img src="../media/{media.name}"' in page
    # browsers show no TIFF: its thumbnail stands there
    assert shown == (name not in ("mp4", "webm", "tiff", "tiff16"))


def lines() -> Drawing:
    strokes = [np.array([[10, 10], [50, 12]], np.float32), np.array([[10, 20], [30, 60], [50, 20]], np.float32)]
    blue, red = layer_of(Pen("#1d3557", 1.5), strokes), layer_of(Pen("#c1121f", 3), dots=np.array([[30, 40, 12]]))
    return Drawing(60.0, 90.0, (blue, red), "#f4f0e8")


def test_a_drawing_hangs_as_svg_and_is_inked_for_the_wall(tmp_path, record):
    path = tmp_path / "out" / "lines.svg"
    write_svg(path, lines())
    write_sidecar(path, record(format="svg", width=60, height=90))
    built = build_site(tmp_path / "out", tmp_path / "site")
    assert built.warnings == ()
    (page,) = (tmp_path / "site" / "works").iterdir()
    assert '<img src="../media/' in page.read_text()
    thumb = max((tmp_path / "site" / "thumbs").glob("*.jpg"), key=lambda path: path.stat().st_size)
    pixels = read_picture(thumb)
    assert pixels.shape[0] / pixels.shape[1] == pytest.approx(1.5, abs=0.01)
    middle, corner = pixels[int(len(pixels) * 4 / 9), pixels.shape[1] // 2], pixels[2, 2]
    assert middle == pytest.approx(np.array([0xC1, 0x12, 0x1F]) / 255, abs=0.08)
    assert corner == pytest.approx(np.array([0xF4, 0xF0, 0xE8]) / 255, abs=0.03)


def test_touches_of_the_pen_and_level_strokes_hang_too(tmp_path):
    stroke = [np.array([[10, 20], [50, 20]], np.float32)]
    drawn = Drawing(60.0, 90.0, (layer_of(Pen("#1d3557", 1.5), stroke, dots=np.array([[30, 40, 1.5]])),))
    write_svg(tmp_path / "dots.svg", drawn)
    points = read_drawing(tmp_path / "dots.svg").layers[0].points
    np.testing.assert_allclose(points[:2], stroke[0])
    np.testing.assert_allclose(points[2:], [[30, 40], [30, 40]], atol=0.011)


def test_an_svg_is_read_back_as_it_was_drawn(tmp_path):
    write_svg(tmp_path / "lines.svg", lines(), Label(title="<Lines>", record="{}"))
    read = read_drawing(tmp_path / "lines.svg")
    assert (read.width, read.height, read.paper) == (60, 90, "#f4f0e8")
    assert [layer.pen for layer in read.layers] == [layer.pen for layer in lines().layers]
    np.testing.assert_allclose(read.layers[0].points, lines().layers[0].points)


@pytest.mark.parametrize(
    "odd",
    [
        "<script>alert(1)</script>",
        '<g stroke="#000000" stroke-width="1" onclick="alert(1)"/>',
        '<image href="https://example.org/x.png"/>',
        '<a xlink:href="javascript:alert(1)"/>',
        "<foreignObject/>",
        '<path d="M0,0 1,1"/>',
        '<g stroke="url(#x)" stroke-width="1"/>',
        '<g stroke="#000000" stroke-width="1"><path d="M0,0 1e999,1"/></g>',
        "<g",
    ],
)
def test_an_svg_with_anything_but_lines_is_named_and_left_out(tmp_path, record, render, odd):
    render(tmp_path / "out" / "other.png", key="o")
    path = tmp_path / "out" / "odd.svg"
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{odd}</svg>')
    write_sidecar(path, record(format="svg", key="s"))
    built = build_site(tmp_path / "out", tmp_path / "site")
    assert built.num_works == 1
    assert ["'odd.svg'" in warning and "SVG of lines" in warning for warning in built.warnings] == [True]
    assert not list((tmp_path / "site" / "media").glob("*.svg"))


def test_an_svg_that_would_grow_without_end_is_refused(tmp_path):
    entities = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(9))
    path = tmp_path / "bomb.svg"
    path.write_text(f'<!DOCTYPE svg [<!ENTITY e0 "x">{entities}]><svg viewBox="0 0 9 9"><desc>&e9;</desc></svg>')
    with pytest.raises(PictureError, match="entities"):
        read_drawing(path)


def test_a_pdf_is_offered_beside_the_picture_of_its_work(tmp_path, record, render):
    render(tmp_path / "out" / "work.png")
    write_still(tmp_path / "out" / "work.pdf", picture(3), "pdf")
    write_sidecar(tmp_path / "out" / "work.pdf", record(format="pdf"))
    write_still(tmp_path / "out" / "lone.pdf", picture(4), "pdf")
    write_sidecar(tmp_path / "out" / "lone.pdf", record(format="pdf", key="lone"))
    built = build_site(tmp_path / "out", tmp_path / "site")
    assert built.num_works == 1
    assert len(built.warnings) == 1
    assert "'lone.pdf': no browser shows a PDF" in built.warnings[0]
    (page,) = (tmp_path / "site" / "works").iterdir()
    assert 'download="work.pdf">PDF</a>' in page.read_text()


def test_a_picture_of_16_bits_is_a_file_of_the_same_work(tmp_path, record, render):
    render(tmp_path / "out" / "work.png")
    write_still(tmp_path / "out" / "work-16bit.png", picture(3), "png16")
    write_sidecar(tmp_path / "out" / "work-16bit.png", record(format="png16"))
    assert build_site(tmp_path / "out", tmp_path / "site").num_works == 1
    (page,) = (tmp_path / "site" / "works").iterdir()
    text = page.read_text()
    assert text.index('download="work.png"') < text.index('download="work-16bit.png"')


def test_maker_rights_and_licence_stand_beside_the_work_as_text(tmp_path, record):
    page, _ = hang(tmp_path, record, "png", creator=HOSTILE, rights="© 2026", licence="CC BY 4.0")
    for told in (HOSTILE, "© 2026", "CC BY 4.0"):
        assert f'<td dir="auto">{html.escape(told, quote=True)}</td>' in page.replace("&#39;", "&#x27;")
    assert "<script>alert" not in page
