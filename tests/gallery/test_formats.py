"""Works hang in every format that they are written as, with their maker beside them."""

from __future__ import annotations

import html

import numpy as np
import pytest

from artforge.core.formats.known import FILM_FORMATS, FORMATS
from artforge.core.formats.stills import write_still
from artforge.core.formats.writing import write_film
from artforge.core.provenance import write_sidecar
from artforge.core.values import Frames
from artforge.gallery.server import MEDIA_TYPES
from artforge.gallery.site import build_site

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


@pytest.mark.parametrize("name", FORMATS)
def test_a_work_of_any_format_hangs_with_its_file(tmp_path, record, name):
    page, media = hang(tmp_path, record, name)
    assert "32 × 24 pixels" in page
    assert f"media/{media.name}" in page
    assert ("<video" in page) == (name in ("mp4", "webm"))
    assert media.suffix in MEDIA_TYPES
    shown = f'<img src="../media/{media.name}"' in page
    assert shown == (name not in ("mp4", "webm", "tiff"))  # browsers show no TIFF: its thumbnail stands there


def test_maker_rights_and_licence_stand_beside_the_work_as_text(tmp_path, record):
    page, _ = hang(tmp_path, record, "png", creator=HOSTILE, rights="© 2026", licence="CC BY 4.0")
    for told in (HOSTILE, "© 2026", "CC BY 4.0"):
        assert f'<td dir="auto">{html.escape(told, quote=True)}</td>' in page.replace("&#39;", "&#x27;")
    assert "<script>alert" not in page
