"""The recipes that come with artforge, rendered small and quickly enough for a test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import PREVIEW_SCALE, Planner
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))

EDGE = 64
"""Longer edge in pixels, where a recipe has a size to shrink."""
QUICK = {"steps": 2, "dots": 400}
"""Params of recipes that grow or stipple pictures: laws of whole works hold from the first step or dot on."""
SHORT = "4f"
"""How long a film is: with two moments between its ends, the fewest that tell a way there from a way back."""
FEW = {
    "digits": {"sweep.digit": '["0", "7"]', "sweep.tv": "[0.5, 8]"},
    "atlas_poster": {
        f"steps.{row}.filter_grid.rows": "1" for row in ("second", "third", "fourth", "fifth", "sixth", "seventh")
    },
    "dreaming": {"sweep.layer": "[conv3, conv7]"},
    "filter_grid": {"steps.grid.filter_grid.rows": "2", "steps.rich.filter_grid.rows": "2"},
    "filter_subsets": {"sweep.share": "[0.02, 0.3, 1.0]"},
    "heatmap_sweep": {"sweep.intensity": "[0, 0.4, 1]"},
    "sixty_four": {"sweep.filter": "[0, 17, 63]"},
    "two_digits": {"sweep.one": '["0", "2"]', "sweep.other": '["8", "3"]'},
    "ways_of_looking": {"sweep.method": "[layer_cam, eigen_cam, ablation_cam]"},
}
"""Sweeps and grids with fewer pictures, by recipe: a sheet of three is put together as one of sixty-four is."""


class Quiet(Reporter):
    """Hears nothing."""


def recipe_file(stem: str) -> Path:
    """The file of a recipe that comes with artforge."""
    (path,) = [path for path in RECIPES if path.stem == stem]
    return path


def render(
    path: Path,
    folder: Path,
    seed: int | None = None,
    *,
    scale: float | None = None,
    places: Mapping[str, str] | None = None,
) -> dict[str, Path]:
    """The files of a recipe by name: whole at a scale, or at `EDGE` pixels, with short films and sweeps of few values.

    Args:
        path: the recipe.
        folder: where the works and a store of their own are written.
        seed: another seed.
        scale: of the print; left out, the recipe is rendered small and quickly.
        places: values of the recipe set otherwise, by path.
    """
    recipe = check_file(path).recipe
    short = {} if recipe.timeline is None else {"timeline.duration": SHORT}
    quick = {name: value for name, value in QUICK.items() if name in recipe.params}
    overrides = Overrides(quick, seed, (short | FEW.get(path.stem, {}) if scale is None else {}) | dict(places or {}))
    if scale is None:
        size = recipe.params.get("size")
        scale = PREVIEW_SCALE if size is None else EDGE / float(size.default)
    planner = Planner(check_file(path, overrides), overrides, scale)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("artforge.recipes.preview.LARGEST_DRAWN", 0)  # drawn in small: the drawing is most of the time
        done = Renderer(planner, folder / "out", Cache(folder / "store")).render(Quiet())
    return {each.path.name.rsplit("-", 1)[0] + each.path.suffix: each.path for each in done}
