"""The README tells the truth: its recipe is good, and its mistake is reported as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from artforge.core.errors import RecipeError
from artforge.recipes.check import check_recipe

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
RECIPE = README.split("```yaml\n")[1].split("```")[0]


def test_recipe_of_the_readme_is_good():
    assert list(check_recipe(RECIPE, "my_recipe.yaml").recipe.outputs) == ["loop"]


def test_mistake_is_reported_as_the_readme_shows():
    shown = README.split("before anything is computed:\n\n```\n")[1].split("\n```")[0]
    with pytest.raises(RecipeError) as caught:
        check_recipe(RECIPE.replace("image: $art, target", "image: $arrt, target"), "my_recipe.yaml")
    assert str(caught.value) == shown
