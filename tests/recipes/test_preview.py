"""A look at a quarter of the size predicts the print: both brought to one size show the same picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from artforge.core.films import film_info
from artforge.core.pictures import read_picture, resize, write_png
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.plan import PREVIEW_SCALE, Planner
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter

BODY = """\
timeline: {duration: 4f, fps: 4, loop: true}
steps:
  art: [{load: {path: $image, long_edge: 640}}]
  other: [{load: {path: two.png, long_edge: 640}}]
  framed: [$other, {blend: {base: $art, mode: hard_light, opacity: 0.7}}, {mat: {margin: 0.1, color: ivory}}]
  sized: [$art, {mat: {margin: 0.05}}]
  drawn: [{load: {path: "embedded:hand_made/pencil_hatching/5", long_edge: 320}}]
  native: [{load: {path: two.png}}, {mat: {margin: 0.1}}]
  tide: [$other, {blend: {base: $art, opacity: {keys: {0%: 0, 50%: 1}}}}]
sweep: {intensity: [0, 1, 2]}
outputs:
  framed: {from: $framed}
  sized: {from: $sized, size: 400px}
  drawn: {from: $drawn}
  native: {from: $native}
  sheet: {from: $framed, per: sweep, grid: {x: intensity}, cell: 240px}
  film: {from: $tide, per: recipe, formats: [mp4]}
  moment: {from: $tide, per: recipe, at: 50%}
"""


CAPTIONED = """\
steps:
  art: [{{load: {{path: $image}}}}, {{label: {{text: "intensity {{intensity}}", type_size: {type_size}}}}}]
outputs: {{still: {{from: $art}}}}
"""


class Quiet(Reporter):
    """Hears nothing."""


class Heard(Reporter):
    """Notes what the person should know."""

    def __init__(self):
        self.notices = []

    def noticed(self, message):
        self.notices.append(message)


@pytest.fixture
def soft(paint):
    """`soft(seed)` is a picture of the size of a print whose detail a preview can still show."""

    def draw(seed: int) -> np.ndarray:
        return np.clip(cv2.GaussianBlur(resize(paint(seed), (480, 640)), (0, 0), 3), 0, 1)

    return draw


@pytest.fixture
def both(write_recipe, studio, soft, tmp_path):
    """The files of the print and of its preview, each by output."""
    for seed, name in enumerate(["one.png", "two.png"], 1):
        write_png(studio / name, soft(seed))
    path, files = write_recipe(BODY), []
    for scale in (1.0, PREVIEW_SCALE):
        planner = Planner(check_file(path), scale=scale)
        done = Renderer(planner, tmp_path / f"{scale}", Cache(tmp_path / "store")).render(Quiet())
        files.append({each.path.name.split("-")[0]: each.path for each in done})
    return files


@pytest.mark.parametrize("name", ["framed", "sized", "moment", "drawn", "native"])
def test_preview_is_the_print_seen_from_afar(both, name):
    printed, preview = (read_picture(files[name]) for files in both)
    assert preview.shape[:2] == tuple(round(edge * PREVIEW_SCALE) for edge in printed.shape[:2])
    from_afar = resize(printed, preview.shape[:2])
    assert np.abs(from_afar - preview).mean() < 1.5 / 255
    assert np.corrcoef(from_afar.ravel(), preview.ravel())[0, 1] > 0.998


@pytest.mark.parametrize(("type_size", "told"), [(0.05, 0), (0.01, 1)])
def test_type_is_judged_by_its_size_on_the_print(write_recipe, studio, soft, tmp_path, type_size, told):
    write_png(studio / "one.png", soft(1))
    path = write_recipe(CAPTIONED.format(type_size=type_size))
    for scale in (1.0, PREVIEW_SCALE):
        renderer, heard = Renderer(Planner(check_file(path), scale=scale), tmp_path, Cache(tmp_path / "store")), Heard()
        renderer.render(heard)
        assert len(heard.notices) == told
        assert all("label: type of 4.8 pixels cannot be read" in notice for notice in heard.notices)
        assert renderer.runner.successor().scale == scale


def test_preview_of_a_sheet_is_a_small_sheet_whose_captions_can_still_be_read(both):
    printed, preview = (read_picture(files["sheet"]) for files in both)
    width, cell = preview.shape[1], 60
    assert 3 * cell < width < 0.5 * printed.shape[1]
    assert preview.shape[0] < printed.shape[0]


def test_preview_of_a_film_has_all_its_frames_at_a_quarter_of_the_size(both):
    printed, preview = (film_info(files["film"]) for files in both)
    assert preview.num_frames == printed.num_frames == 4
    assert (preview.height, preview.width) == (printed.height // 4, printed.width // 4)
