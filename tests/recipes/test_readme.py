"""The README tells the truth: its recipe is good, and its mistake is reported as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from artforge.core.errors import RecipeError
from artforge.core.pictures import write_png
from artforge.recipes.check import check_recipe

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
RECIPE = README.split("```yaml\n")[1].split("```")[0]


def test_recipe_of_the_readme_is_good():
    assert list(check_recipe(RECIPE, "my_recipe.yaml").recipe.outputs) == ["loop"]


def test_steps_that_grow_pictures_are_good(tmp_path, paint):
    steps = README.split("## Pictures that grow")[1].split("```yaml\n")[1].split("```")[0]
    (tmp_path / "my_pictures").mkdir()
    write_png(tmp_path / "my_pictures" / "one.png", paint(1))
    params = (
        'params: {model: {type: model, default: hand_vs_algo}, image: {type: image, default: "my_pictures/one.png"}}'
    )
    outputs = (
        "outputs: {a: {from: $mine, per: recipe, formats: [png]}, b: {from: $changed, per: recipe, formats: [png]}}"
    )
    recipe = check_recipe(f"artforge: 1\n{params}\n{steps}{outputs}\n", str(tmp_path / "grown.yaml")).recipe
    assert list(recipe.outputs) == ["a", "b"]


def test_mistake_is_reported_as_the_readme_shows():
    shown = README.split("before anything is computed:\n\n```\n")[1].split("\n```")[0]
    with pytest.raises(RecipeError) as caught:
        check_recipe(RECIPE.replace("image: $art, target", "image: $arrt, target"), "my_recipe.yaml")
    assert str(caught.value) == shown
