"""The reference page is what the registry says, and every step has an example that is good."""

from __future__ import annotations

from pathlib import Path

import pytest

from artforge.core.pictures import read_picture
from artforge.core.steps import registered_steps
from artforge.recipes.check import check_recipe
from artforge.recipes.easing import EASINGS
from artforge.recipes.examples import EDGE, example_picture, example_recipe
from artforge.recipes.reference import reference_page
from artforge.recipes.step_docs import default_text, range_text, read_docs
from artforge.recipes.steps import load_steps

PAGE = Path(__file__).parents[2] / "recipes" / "REFERENCE.md"
load_steps()
STEPS = {name: step for name, step in registered_steps().items() if step.function.__module__.startswith("artforge.")}


def test_page_is_what_the_registry_says_now():
    told = "recipes/REFERENCE.md is stale: artforge steps --reference > recipes/REFERENCE.md"
    assert PAGE.read_text(encoding="utf-8") == reference_page(STEPS.values()), told


def test_page_does_not_hang_on_the_order_of_the_steps():
    assert reference_page(STEPS.values()) == reference_page(reversed(STEPS.values()))


def test_page_names_every_step_setting_and_easing():
    page = PAGE.read_text(encoding="utf-8")
    for name, step in STEPS.items():
        assert f"\n### {name}\n" in page
        assert all(f"| `{setting}`" in page for setting in step.settings)
    assert all(f"`{name}`" in page for name in EASINGS)


def test_rows_of_every_table_have_as_many_cells_as_its_head():
    width = 0
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = line.replace("\\|", "").count("|")
        width = 0 if not line.startswith("|") else width or cells
        assert cells == width or not width, line


@pytest.mark.parametrize("name", STEPS)
def test_docstring_tells_of_every_argument(name):
    step, docs = STEPS[name], read_docs(STEPS[name])
    assert docs.arguments.keys() >= {*step.settings, *(wanted.name for wanted in step.inputs)}
    assert docs.returns


@pytest.mark.parametrize("name", STEPS)
def test_example_of_every_step_is_a_good_recipe_that_uses_it(name):
    checked = check_recipe(example_recipe(STEPS[name]), f"{name}.yaml")
    assert name in [call.step.name for call in checked.pipes["example"].calls]
    assert checked.warnings == ()


@pytest.mark.parametrize("name", ["load", "blend", "mat"])
def test_picture_of_an_example_is_rendered_once(name, monkeypatch, tmp_path):
    monkeypatch.setenv("ARTFORGE_CACHE", str(tmp_path))
    path = example_picture(STEPS[name])
    before = path.stat().st_mtime_ns
    assert path.is_relative_to(tmp_path)
    assert max(read_picture(path).shape[:2]) >= EDGE
    assert example_picture(STEPS[name]) == path
    assert path.stat().st_mtime_ns == before


def test_settings_are_told_in_words():
    blend, pull, grad_cam = STEPS["blend"].settings, STEPS["pull"].settings, STEPS["grad_cam"].settings
    assert range_text(blend["opacity"]) == "number in [0, 1]"
    assert range_text(blend["space"]) == "one of srgb, linear, oklab"
    assert range_text(pull["angle"]) == "number in [-360, 360]"
    assert range_text(grad_cam["model"]) == "model"
    assert range_text(grad_cam["layer"]) == "layer"
    assert range_text(STEPS["colorize"].settings["map"]) == "colormap or list of colours"
    assert range_text(STEPS["normalize"].settings["percentiles"]) == "list"
    assert default_text(blend["opacity"]) == "0.5"
    assert default_text(grad_cam["model"]) == "needed"
