"""The recipes that come with artforge, rendered as previews on the shipped model: laws of whole works."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from artforge.core.films import film_info
from artforge.core.pictures import read_picture, to_bytes
from artforge.core.provenance import read_sidecar
from artforge.engine.data.procedural import draw
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import PREVIEW_SCALE, Planner
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))


class Quiet(Reporter):
    """Hears nothing."""


QUICK = {"steps": 2}
"""Params of recipes that grow pictures: laws of whole works hold from the first step on."""


def render(path: Path, folder: Path, seed: int | None = None) -> dict[str, Path]:
    recipe = check_file(path).recipe
    overrides = Overrides({name: value for name, value in QUICK.items() if name in recipe.params}, seed)
    planner = Planner(check_file(path, overrides), overrides, PREVIEW_SCALE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("artforge.recipes.preview.LARGEST_DRAWN", 0)  # drawn in small: the drawing is most of the time
        done = Renderer(planner, folder / "out", Cache(folder / "store")).render(Quiet())
    return {each.path.name.rsplit("-", 1)[0] + each.path.suffix: each.path for each in done}


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    (path,) = [path for path in RECIPES if path.stem == "heatmap_sweep"]
    return render(path, tmp_path_factory.mktemp("sweep"))


def test_there_are_recipes():
    assert [path.stem for path in RECIPES] == [
        *("activation_grid", "digits", "down_through_layers", "dreaming", "filter_grid", "filter_pattern"),
        *("filter_subsets", "heatmap_sweep", "morphing", "slow_look", "softmax_lesson", "two_digits", "two_pulls"),
        "ways_of_looking",
    ]


def test_sweep_makes_prints_a_sheet_and_films(sweep):
    assert len([name for name in sweep if name.startswith("still")]) == 9
    assert {"sheet.png", "loop.mp4", "small.gif"} < set(sweep)
    assert film_info(sweep["loop.mp4"]).num_frames == 150


def test_intensity_0_is_the_drawing_pixel_for_pixel(sweep):
    drawing = draw("hand_made", "ink_brush", 5, (270, 270))
    np.testing.assert_array_equal(to_bytes(read_picture(sweep["still-intensity0.png"])), to_bytes(drawing))


def test_more_intensity_moves_every_print_further_from_the_drawing(sweep):
    drawing = read_picture(sweep["still-intensity0.png"])
    names = sorted((name for name in sweep if name.startswith("still")), key=lambda name: float(name[15:-4]))
    distances = [float(np.abs(read_picture(sweep[name]) - drawing).mean()) for name in names]
    assert distances == sorted(distances)
    assert distances[-1] > 0.05


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipe_gives_the_same_bytes_again_and_others_for_another_seed(path, tmp_path):
    first, again, other = (render(path, tmp_path / name, seed) for name, seed in (("a", 8), ("b", 8), ("c", 9)))
    assert first.keys() == again.keys() == other.keys()
    for name in first:
        assert first[name].read_bytes() == again[name].read_bytes(), name
        assert first[name].read_bytes() != other[name].read_bytes(), name


def test_every_work_says_what_it_is(sweep):
    record = read_sidecar(sweep["loop.mp4"])
    assert record.title == "Attention tide"
    assert record.params["image"] == "embedded:hand_made/ink_brush/5"
    assert [ingredient.name for ingredient in record.ingredients] == ["hand_vs_algo"]
    assert "grad cam" in record.alt
