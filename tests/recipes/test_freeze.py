"""A work's recipe is written down with every dial where it stood: rendering it gives the same picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as PillowImage

from artforge.core.pictures import read_picture, write_png
from artforge.core.provenance import read_provenance
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.freeze import freeze
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import Planner
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter

BODY = """\
timeline: {duration: 4f, fps: 4, loop: true}
steps:
  art:
    - load: {path: $image, long_edge: 64}
  other:
    - load: {path: more/../two.png, long_edge: 64}
  unused:
    - load: {path: gone.png}
  glow:
    - $other
    - blend: {base: $art, opacity: "=intensity/2+seed/50"}
  tide:
    - $other
    - blend: {base: $art, opacity: {keys: {0%: 0, 50%: $intensity}}}
seed: 3
sweep:
  intensity: [0.5, 1]
  seed: [4, 5]
outputs:
  still: {from: $glow}
  sheet: {from: $glow, per: sweep, cell: 48px}
  loop: {from: $tide, per: recipe, formats: [gif]}
  never: {from: $unused, per: recipe}
"""
COUNTED = """\
steps:
  art:
    - load: {path: $image, long_edge: 64}
    - mat: {margin: "=0.1*i/n"}
sweep: {intensity: [0.5, 1, 2]}
outputs: {still: {from: $art}}
"""


class Quiet(Reporter):
    """A reporter that does nothing."""


@pytest.fixture
def render(tmp_path):
    """`render(path, **params)` gives the finished files by name without their hash."""

    def run(path, **params):
        overrides = Overrides(params)
        renderer = Renderer(
            Planner(check_file(path, overrides), overrides), tmp_path / "out" / path.stem, Cache(tmp_path / "store")
        )
        return {each.path.name.rsplit("-", 1)[0] + each.path.suffix: each.path for each in renderer.render(Quiet())}

    return run


@pytest.fixture
def liked(tmp_path):
    """`liked(file)` freezes a work two folders further down: the path of the recipe, and its doubts."""

    def run(file, places=None):
        folder = tmp_path / "recipes" / "liked"
        folder.mkdir(parents=True, exist_ok=True)
        frozen = freeze(read_provenance(file), folder, file.parent, [tmp_path] if places is None else places)
        path = folder / f"liked{len(list(folder.iterdir()))}.yaml"
        path.write_text(frozen.text, encoding="utf-8")
        return path, frozen.doubts

    return run


@pytest.fixture
def recipe(write_recipe, studio, paint):
    (studio / "more").mkdir()
    write_png(studio / "gone.png", paint(4))
    return write_recipe(BODY)


def pixels(path):
    """Every frame of a picture or film."""
    with PillowImage.open(path) as opened:
        frames = []
        for index in range(getattr(opened, "n_frames", 1)):
            opened.seek(index)
            frames.append(np.asarray(opened.convert("RGB")))
    return np.stack(frames)


@pytest.mark.parametrize(
    "name", ["still-intensity0.5-seed5.png", "still-intensity1-seed4.png", "sheet.png", "loop.gif"]
)
def test_every_kind_of_work_comes_out_again_and_alone(recipe, render, liked, name):
    file = render(recipe)[name]
    path, doubts = liked(file)
    assert doubts == ()
    (again,) = render(path).values()
    np.testing.assert_array_equal(pixels(again), pixels(file))
    assert read_provenance(again).key == read_provenance(file).key


def test_what_the_command_line_had_set_is_written_down(recipe, render, liked, studio):
    files = render(recipe, intensity="0.75", image=str(studio / "two.png"))
    for name in ("still-seed4.png", "sheet.png"):
        path, doubts = liked(files[name])
        assert doubts == ()
        (again,) = render(path).values()
        np.testing.assert_array_equal(pixels(again), pixels(files[name]))


def test_one_of_a_folder_of_pictures_is_that_one(write_recipe, render, liked, studio, paint):
    (studio / "many").mkdir()
    for index in (1, 2):
        write_png(studio / "many" / f"{index}.png", paint(index))
    body = "steps: {art: [{load: {path: $image}}]}\noutputs: {still: {from: $art}}\n"
    files = render(write_recipe(body, header="artforge: 1\nparams: {image: {type: image, default: many}}\n"))
    (again,) = render(liked(files["still-2.png"])[0]).values()
    np.testing.assert_array_equal(read_picture(again), read_picture(files["still-2.png"]))


def test_a_recipe_that_counts_its_variants_keeps_its_sweep_and_says_so(write_recipe, render, liked):
    files = render(write_recipe(COUNTED))
    path, doubts = liked(files["still-intensity1.png"])
    assert ["counts its variants" in doubt for doubt in doubts] == [True]
    again = render(path)["still-intensity1.png"]
    np.testing.assert_array_equal(pixels(again), pixels(files["still-intensity1.png"]))


def test_an_ingredient_that_is_gone_or_changed_is_told_in_the_file(recipe, render, liked, studio, paint):
    file = render(recipe)["still-intensity1-seed4.png"]
    write_png(studio / "one.png", paint(9))
    (studio / "two.png").unlink()
    path, doubts = liked(file)
    assert len(doubts) == 2
    text = path.read_text(encoding="utf-8")
    assert all(f"# {doubt}\n" in text for doubt in doubts)
    assert "two.png (picture, sha256" in text
    assert "one.png has another content than it had" in text


def test_a_strangers_recipe_leads_nowhere_outside(recipe, render, liked, studio):
    file = render(recipe)["still-intensity1-seed4.png"]
    record = read_provenance(file)
    hostile = record.recipe_text.replace("more/../two.png", "../../../etc/passwd").replace(
        "seed: 3", "ops: ../../evil.py\nseed: 3"
    )
    changed = record.model_copy(update={"recipe_text": hostile, "title": "A\nsteps: {}\u2028#\x07"})
    frozen = freeze(changed, studio / "recipes" / "liked", file.parent, [studio])
    assert frozen.text.startswith("# A steps: {} # , intensity 1, seed 4\nartforge: 1\n")
    assert "path: passwd" in frozen.text
    assert "ops: [evil.py]" in frozen.text
    assert "../../evil" not in frozen.text
    (studio / "recipes" / "evil.py").parent.mkdir()
    (studio / "recipes" / "evil.py").touch()
    assert "ops: [../evil.py]" in freeze(changed, studio / "recipes" / "liked", file.parent, [studio]).text


def test_a_preview_says_how_it_gets_its_size(recipe, render):
    record = read_provenance(render(recipe)["sheet.png"]).model_copy(update={"preview": True})
    assert "render with --preview" in freeze(record, recipe.parent, recipe.parent, [recipe.parent]).text
