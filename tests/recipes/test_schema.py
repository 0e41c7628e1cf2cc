"""The schema for editors: every shipped recipe fits it, and what the checker refuses at a glance it refuses too."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from artforge.core.problems import Problems
from artforge.core.steps import registered_steps
from artforge.recipes.document import parse_document
from artforge.recipes.examples import example_recipe
from artforge.recipes.grammar import SECTIONS
from artforge.recipes.schema import recipe_schema
from artforge.recipes.starters import FOLDER
from artforge.recipes.steps import load_steps

ROOT = Path(__file__).parents[2]
load_steps()
STEPS = {name: step for name, step in registered_steps().items() if step.function.__module__.startswith("artforge.")}
SCHEMA = recipe_schema(STEPS.values())
VALIDATOR = Draft7Validator(SCHEMA)


def plain(text: str):
    return parse_document(text, Problems("r.yaml", text)).plain()


def faults(recipe) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(recipe)]


@pytest.mark.parametrize(
    "path", [*sorted((ROOT / "recipes").glob("*.yaml")), *sorted(FOLDER.glob("*.yaml"))], ids=lambda path: path.stem
)
def test_shipped_recipe_fits_the_schema(path):
    assert faults(plain(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("name", STEPS)
def test_example_of_every_step_fits_the_schema(name):
    assert faults(plain(example_recipe(STEPS[name]))) == []


GOOD = plain((ROOT / "recipes" / "heatmap_sweep.yaml").read_text(encoding="utf-8"))


def changed(path: str, value):
    recipe = copy.deepcopy(GOOD)
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = recipe
    for part in way:
        place = place[part]
    place[last] = value
    return recipe


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("steps.glow.2.blend.opacity", 1.5),
        ("steps.glow.2.blend.mode", "scren"),
        ("steps.glow.2.blend.opacty", 0.5),
        ("steps.glow.2.blend.base", "art"),
        ("steps.glow.2.blend.opacity", {"keys": {"50": 1}}),
        ("steps.glow.2.blend.opacity", {"keys": {"50%": {"value": 1, "ease": "bounse"}}}),
        ("steps.heat.1.normalize.percentiles", [1, 199]),
        ("steps.heat.1.normalize.percentiles", [1]),
        ("steps.art.0.load.long_edge", 3),
        ("steps.art.0", {"load": {"long_edge": 99}}),
        ("steps.art", []),
        ("steps.art.0", {"laod": {"path": "$image"}}),
        ("steps.heat.1", "normalise"),
        ("outputs.still.formats", ["pgn"]),
        ("outputs.still.size", 1080),
        ("outputs.still.pre", "variant"),
        ("params.image.type", "picture"),
        ("timeline.fps", 0),
        ("timeline.duration", "6"),
        ("timeline", {"duration": "6s", "loop": {"crossfade": "3mm"}}),
        ("outputs.still.bleed", "3s"),
        ("outputs.still.dpi", 5),
        ("sweep.intensity", 3),
        ("output", {}),
        ("artforge", 2),
        ("seed", -1),
    ],
)
def test_mistake_is_seen_by_the_editor(path, value):
    assert faults(changed(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("steps.glow.2.blend.opacity", "=0.5+0.5*sin(tau*t)"),
        ("steps.glow.2.blend.opacity", {"keys": {"50%": {"value": "$intensity", "ease": "bounce_out"}, "2s": "=i/n"}}),
        ("steps.heat.1.normalize.percentiles", ["=1+t", "$intensity"]),
        ("steps.heat.0.grad_cam.target", {"hand_made": 1, "algorithmic": "=-t"}),
        ("steps.heat.0.grad_cam.channels", {"rank": "energy", "count": 8}),
        ("extends", "other.yaml"),
        ("ops", ["./a.py", "./b.py"]),
        ("sweep", [{"mode": "zip", "intensity": [0, 1], "seed": {"from": 1, "to": 2}}]),
        ("outputs.sheet", None),
        ("outputs.sheet.labels", "{intensity:.1f}"),
        ("params.colors", {"type": "palette", "default": ["ivory", "tomato"]}),
        ("timeline", {"duration": "6s", "loop": {"crossfade": "1.5s"}}),
        ("timeline", {"duration": "6s", "loop": {"crossfade": "25f"}}),
        ("timeline", {"duration": "6s", "loop": "boomerang"}),
        ("outputs.still.size", "594 x 841 mm @ 300 dpi"),
        ("outputs.still.bleed", "0.125in"),
    ],
)
def test_everything_that_the_language_has_is_allowed(path, value):
    assert faults(changed(path, value)) == []


@pytest.mark.parametrize(("section", "value"), [("ops", "./mine.py"), ("extends", "other.yaml")])
def test_steps_of_one_s_own_are_allowed_where_there_may_be_some(section, value):
    recipe = changed("steps.mine", ["$art", {"my_step": {"anything": [1]}}, "my_other", "mat"])
    assert len(faults(recipe)) == 2
    assert faults({**recipe, section: value}) == []


def test_schema_is_one_of_its_draft():
    Draft7Validator.check_schema(SCHEMA)


def test_schema_has_every_section_of_the_language():
    assert set(SCHEMA["properties"]) == set(SECTIONS)


def test_every_step_and_setting_is_explained():
    for name in STEPS:
        definition = SCHEMA["definitions"][f"step.{name}"]
        assert len(definition["description"]) > 15
        for setting, schema in definition["properties"].items():
            assert schema["description"], f"{name}.{setting}"


def test_schema_is_plain_json_whose_references_lead_somewhere():
    text = json.dumps(SCHEMA)
    assert json.loads(text) == SCHEMA
    assert "$defs" not in text
    assert "prefixItems" not in text

    def references(part):
        if isinstance(part, dict):
            yield from ([part["$ref"]] if isinstance(part.get("$ref"), str) else [])
            part = list(part.values())
        for each in part if isinstance(part, list) else []:
            yield from references(each)

    for reference in set(references(SCHEMA)):
        place = SCHEMA
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place
