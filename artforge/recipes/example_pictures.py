"""The pictures of the examples: each rendered once, small, and kept with all else that can be made again."""

from __future__ import annotations

from pathlib import Path

from artforge.core.cache_folder import user_cache
from artforge.core.pictures import write_png
from artforge.core.steps import Step
from artforge.recipes.cache import Cache, cache_folder, cache_limit
from artforge.recipes.check import check_recipe
from artforge.recipes.examples import example_recipe
from artforge.recipes.plan import Planner
from artforge.recipes.run import Runner

_KEY_DIGITS = 12


def example_picture(step: Step) -> Path:
    """Where the picture of a step's example stands; it is rendered where it is not there yet.

    Raises:
        RecipeError, StepError: the example cannot be rendered here.
        OutputError: the cache cannot be written to.
    """
    checked = check_recipe(example_recipe(step), f"{step.name}.yaml")
    planner = Planner(checked)
    node = planner.node("example", planner.base_variants[0])
    path = user_cache() / "examples" / f"{step.name}-{node.key[:_KEY_DIGITS]}.png"
    if not path.is_file():
        write_png(path, Runner(checked.recipe.source, Cache(cache_folder(), cache_limit())).value(node))
    return path
