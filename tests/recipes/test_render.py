"""Rendering: the files are whole, the same each time, carry their recipe, and come back from the store."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as PillowImage

from artforge.core.errors import OutputError, StepError
from artforge.core.films import film_info
from artforge.core.formats.metadata import read_label
from artforge.core.pictures import read_picture
from artforge.core.provenance import Provenance, read_sidecar
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.keys import stored_key
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import PREVIEW_SCALE, Planner
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter
from artforge.recipes.run import Runner

BODY = """\
timeline: {duration: 6f, fps: 6, loop: true}
steps:
  art:
    - load: {path: $image}
  other:
    - load: {path: two.png}
  glow:
    - $other
    - blend: {base: $art, opacity: "=intensity/2"}
  tide:
    - $other
    - blend: {base: $art, opacity: {keys: {0%: 0, 50%: 1}}}
sweep:
  intensity: [0, 1, 2]
outputs:
  still: {from: $glow}
  sheet: {from: $glow, per: sweep, grid: {columns: 3}, cell: 48px}
  loop: {from: $tide, per: recipe, formats: [mp4, gif]}
  moment: {from: $tide, per: recipe, at: 50%}
"""


class Quiet(Reporter):
    """A reporter that only counts."""

    def __init__(self):
        self.pictures = 0
        self.cached = []

    def advanced(self, artifact):
        self.pictures += 1

    def finished(self, artifact, done):
        self.cached.append(done.cached)


@pytest.fixture
def render(studio, tmp_path):
    """`render(path, out, ...)` gives the finished files by name, and the reporter."""

    def run(path, out="out", store="store", scale=1.0, **params):
        overrides = Overrides(params)
        planner = Planner(check_file(path, overrides), overrides, scale)
        reporter = Quiet()
        done = Renderer(planner, tmp_path / out, Cache(tmp_path / store)).render(reporter)
        return {each.path.name.rsplit("-", 1)[0] + each.path.suffix: each.path for each in done}, reporter

    return run


def test_print_at_opacity_0_is_the_source_pixel_for_pixel(write_recipe, render, studio):
    files, _ = render(write_recipe(BODY))
    source, still = (np.asarray(PillowImage.open(path)) for path in (studio / "one.png", files["still-intensity0.png"]))
    np.testing.assert_array_equal(still, source)
    two = np.asarray(PillowImage.open(studio / "two.png"))
    np.testing.assert_array_equal(np.asarray(PillowImage.open(files["still-intensity2.png"])), two)


def test_same_recipe_gives_the_same_bytes_from_an_empty_store(write_recipe, render):
    path = write_recipe(BODY)
    first, _ = render(path, out="a", store="a-store")
    second, _ = render(path, out="b", store="b-store")
    assert first.keys() == second.keys()
    for name in first:
        assert first[name].read_bytes() == second[name].read_bytes(), name


def test_second_render_takes_every_file_from_the_store(write_recipe, render):
    path = write_recipe(BODY)
    first, drawn = render(path, out="a")
    second, restored = render(path, out="b")
    assert drawn.pictures > 0
    assert restored.pictures == 0
    assert all(restored.cached)
    for name in first:
        assert first[name].read_bytes() == second[name].read_bytes()
        assert first[name].with_name(first[name].name + ".json").read_bytes() == (
            second[name].with_name(second[name].name + ".json").read_bytes()
        )


def test_damaged_store_is_noticed_and_the_work_made_again(write_recipe, render, tmp_path):
    path = write_recipe(BODY)
    first, _ = render(path, out="a")
    for kept in (tmp_path / "store").rglob("*.*"):
        kept.write_bytes(kept.read_bytes()[:-3] + b"???")
    second, reporter = render(path, out="b")
    assert not any(reporter.cached)
    assert all(first[name].read_bytes() == second[name].read_bytes() for name in first)


def test_work_carries_its_recipe_inside_and_beside(write_recipe, render):
    path = write_recipe(BODY)
    files, _ = render(path, intensity=1)
    inside = Provenance.model_validate_json(read_label(files["still.png"]).record)
    assert inside == read_sidecar(files["still.png"])
    assert Provenance.model_validate_json(read_label(files["loop.mp4"]).record) == read_sidecar(files["loop.mp4"])
    assert inside.recipe_text == path.read_text()
    assert inside.params == {"image": "one.png", "intensity": 1}
    assert {ingredient.name for ingredient in inside.ingredients} == {"one.png", "two.png"}
    assert "blend" in inside.alt


def test_no_record_holds_a_folder_of_the_machine(write_recipe, render, studio, tmp_path):
    files, _ = render(write_recipe(BODY), image=str(studio / "two.png"))
    for path in files.values():
        assert str(tmp_path).encode() not in path.read_bytes()
        assert str(tmp_path) not in path.with_name(path.name + ".json").read_text()


def test_film_has_the_frames_of_its_timeline_and_the_size_of_its_pictures(write_recipe, render):
    files, _ = render(write_recipe(BODY))
    assert film_info(files["loop.mp4"]) == (64, 48, 6, 6.0)
    sidecar = read_sidecar(files["loop.mp4"])
    assert (sidecar.width, sidecar.height, sidecar.num_frames, sidecar.fps) == (64, 48, 6, 6.0)


def test_moment_of_a_film_can_be_printed(write_recipe, render, studio):
    files, _ = render(write_recipe(BODY))
    np.testing.assert_array_equal(read_picture(files["moment.png"]), read_picture(studio / "two.png"))


def test_sheet_shows_the_variants_in_their_order(write_recipe, render, studio):
    files, _ = render(write_recipe(BODY))
    sheet = read_picture(files["sheet.png"])
    ends = [read_picture(studio / name) for name in ("one.png", "two.png")]
    found = [_place_of(sheet, end) for end in ends]
    assert found[0][0] < found[1][0]  # the first variant stands left of the last
    assert max(error for _, error in found) < 0.05


def _place_of(sheet, cell):
    """Column of the best match of a shrunken cell in the sheet, and its mean error."""
    import cv2

    small = cv2.resize(cell, (48, 36), interpolation=cv2.INTER_AREA)
    distances = cv2.matchTemplate(sheet, small, cv2.TM_SQDIFF) / small.size
    _, _, (column, _), _ = cv2.minMaxLoc(distances)
    return column, float(np.sqrt(distances.min()))


def test_preview_is_a_quarter_of_the_size_and_another_file(write_recipe, render):
    body = BODY.replace("path: $image", "path: $image, long_edge: 256").replace(
        "path: two.png", "path: two.png, long_edge: 256"
    )
    full, _ = render(write_recipe(body))
    preview, _ = render(write_recipe(body), scale=PREVIEW_SCALE)
    assert read_picture(full["still-intensity1.png"]).shape == (192, 256, 3)
    assert read_picture(preview["still-intensity1.png"]).shape == (48, 64, 3)
    assert read_sidecar(preview["still-intensity1.png"]).preview
    assert full["still-intensity1.png"] != preview["still-intensity1.png"]


def test_failing_step_is_reported_at_its_line_and_leaves_no_half_file(write_recipe, render, studio, tmp_path):
    path = write_recipe(BODY)
    (studio / "two.png").write_bytes((studio / "two.png").read_bytes()[:200])
    with pytest.raises(StepError, match=r"tide\.yaml:11:7: error: load: .*two\.png"):
        render(path)
    assert not (tmp_path / "out").exists()


def test_out_folder_that_cannot_be_made_is_refused(write_recipe, render, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match="taken"):
        render(write_recipe(BODY), out="taken")


def test_sizes_that_do_not_fit_are_explained_at_the_step(write_recipe, render, paint, studio):
    from artforge.core.pictures import write_png

    write_png(studio / "two.png", paint(2, 30, 64))
    with pytest.raises(StepError, match=r":14:7: error: blend: overlay 64x30"):
        render(write_recipe(BODY))


def test_result_outside_its_kind_is_caught_once_for_all_steps(write_recipe, tmp_path):
    planner = Planner(check_file(write_recipe(BODY)))
    node = planner.node("art", planner.base_variants[0])
    broken = replace(node.checked.step, function=lambda **_: np.full((4, 4, 3), np.nan, np.float32))
    node = replace(node, checked=replace(node.checked, step=broken))
    with pytest.raises(StepError, match="must be finite"):
        Runner("r.yaml", Cache(tmp_path / "s")).value(node)


def test_values_that_are_handed_on_cannot_be_changed(studio, write_recipe, tmp_path):
    planner = Planner(check_file(write_recipe(BODY)))
    value = Runner("r.yaml", Cache(tmp_path / "s")).value(planner.node("glow", planner.base_variants[0]))
    with pytest.raises(ValueError, match="read-only"):
        value[0, 0, 0] = 1


def test_sidecar_is_plain_json(write_recipe, render):
    files, _ = render(write_recipe(BODY))
    path = files["loop.gif"]
    record = json.loads(path.with_name(path.name + ".json").read_text())
    assert record["kind"] == "film"
    assert record["recipe_name"] == "tide"


def test_swept_paths_leave_no_folder_in_any_record(write_recipe, render, studio, tmp_path):
    header = "artforge: 1\ntitle: 'of {image}'\nparams: {image: {type: image, default: one.png}}\n"
    body = f"""\
    steps: {{art: [{{load: {{path: $image}}}}]}}
    sweep: {{image: ["{studio}/one.png", "{studio}/two.png"]}}
    outputs: {{still: {{from: $art}}, sheet: {{from: $art, per: sweep}}}}
    """
    render(write_recipe(body, header=header))
    for path in (tmp_path / "out").glob("*.json"):
        record = Provenance.model_validate_json(path.read_text())
        written = record.model_dump(exclude={"recipe_text"})
        assert str(studio) not in str(written)
    sheet = read_sidecar(next((tmp_path / "out").glob("sheet*.png")))
    assert sheet.sweep == [{"image": "one.png"}, {"image": "two.png"}]
    assert {ingredient.name for ingredient in sheet.ingredients} == {"one.png", "two.png"}


def test_film_of_odd_size_is_recorded_as_it_is_encoded(write_recipe, render, studio, paint):
    from artforge.core.pictures import write_png

    for seed, name in ((1, "one.png"), (2, "two.png")):
        write_png(studio / name, paint(seed, 49, 63))
    files, _ = render(write_recipe(BODY))
    sidecar = read_sidecar(files["loop.mp4"])
    assert film_info(files["loop.mp4"])[:2] == (sidecar.width, sidecar.height) == (64, 50)


def test_gif_carries_its_recipe_too(write_recipe, render):
    files, _ = render(write_recipe(BODY))
    assert Provenance.model_validate_json(read_label(files["loop.gif"]).record) == read_sidecar(files["loop.gif"])


def test_another_backend_or_library_version_is_computed_anew(write_recipe, monkeypatch):
    planner = Planner(check_file(write_recipe(BODY)))
    node = planner.node("art", planner.base_variants[0])
    here = stored_key(node)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert stored_key(node) != here


def test_failed_render_leaves_no_empty_folder(write_recipe, render, studio, tmp_path):
    path = write_recipe(BODY)
    (studio / "one.png").write_bytes(b"")
    with pytest.raises(StepError, match="0 bytes"):
        render(path)
    assert not (tmp_path / "out").exists()
