"""The recipes that come with artforge, rendered small on the shipped model: laws of whole works."""

from __future__ import annotations

import numpy as np
import pytest
from small_works import RECIPES, recipe_file, render

from artforge.core.films import film_info
from artforge.core.pictures import read_picture, to_bytes
from artforge.core.provenance import read_sidecar
from artforge.engine.data.procedural import draw
from artforge.recipes.check import check_file
from artforge.recipes.plan import PREVIEW_SCALE


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    return render(recipe_file("heatmap_sweep"), tmp_path_factory.mktemp("sweep"), scale=PREVIEW_SCALE)


def test_there_are_twenty_recipes_or_more():
    assert len(RECIPES) >= 20


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipe_has_a_title_and_says_what_one_sees(path):
    recipe = check_file(path).recipe
    assert recipe.title != path.stem.replace("_", " ")
    assert len(recipe.description.split()) >= 20


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
def test_recipe_gives_the_same_bytes_again(path, tmp_path):
    first, again = (render(path, tmp_path / name, seed=8) for name in ("a", "b"))
    assert first.keys() == again.keys()
    for name in first:
        assert first[name].read_bytes() == again[name].read_bytes(), name


@pytest.mark.parametrize("stem", ["heatmap_sweep", "filter_pattern", "two_pulls"])
def test_recipe_gives_other_pixels_for_another_seed(stem, tmp_path):
    first, other = (render(recipe_file(stem), tmp_path / str(seed), seed) for seed in (8, 9))
    for name in (name for name in first if name.endswith(".png")):
        assert (read_picture(first[name]) != read_picture(other[name])).any(), name


def test_every_work_says_what_it_is(sweep):
    record = read_sidecar(sweep["loop.mp4"])
    assert record.title == "Attention tide"
    assert record.params["image"] == "embedded:hand_made/ink_brush/5"
    assert [ingredient.name for ingredient in record.ingredients] == ["hand_vs_algo"]
    assert "grad cam" in record.alt
