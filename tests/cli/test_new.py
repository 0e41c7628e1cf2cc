"""`artforge new` and `artforge schema`: recipes to begin from, and what editors need."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from artforge.cli.main import app
from artforge.core.errors import ArtforgeError, ChoiceError, OutputError, UsageError
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import Planner
from artforge.recipes.render import Renderer
from artforge.recipes.starters import FOLDER, starter_names

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_starters_for_a_sweep_a_film_and_an_ascent():
    assert starter_names() == ["ascent", "film", "sweep"]


@pytest.mark.parametrize("template", starter_names())
def test_new_recipe_is_good_as_it_is_and_says_how_to_go_on(here, template):
    done = run(app, ["new", "evening tide", "--template", template])
    assert done.exit_code == 0, done.output
    assert done.stdout == "recipes/evening_tide.yaml\n"
    assert "artforge render recipes/evening_tide.yaml --preview" in done.stderr
    checked = check_file(here / "recipes" / "evening_tide.yaml")
    assert checked.recipe.title == "Evening tide"
    assert checked.warnings == ()


def test_what_stands_there_already_is_left_as_it_is(here):
    run(app, ["new", "tide"])
    (here / "recipes" / "tide.yaml").write_text("mine")
    done = run(app, ["new", "tide", "--template", "film"])
    assert isinstance(done.exception, UsageError)
    assert "stands there already" in str(done.exception)
    assert (here / "recipes" / "tide.yaml").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "../x", "a/b", "-x", ".x", "x" * 90, "a\nb", 'a"b'])
def test_name_that_makes_no_file_is_refused(here, name):
    done = run(app, ["new", "--", name])
    assert isinstance(done.exception, UsageError)
    assert list(here.iterdir()) == []


def test_unknown_template_names_the_nearest():
    done = run(app, ["new", "tide", "--template", "flim"])
    assert isinstance(done.exception, ChoiceError)
    assert "did you mean 'film'" in str(done.exception)


def test_folder_that_cannot_be_made_is_told(here):
    (here / "file").write_text("x")
    assert isinstance(run(app, ["new", "tide", "--out", "file/deep"]).exception, OutputError | ArtforgeError)


def test_schema_is_written_or_printed(here):
    printed = run(app, ["schema"]).stdout
    done = run(app, ["schema", "--out", "recipe.schema.json"])
    assert done.stdout == "recipe.schema.json\n"
    assert "# yaml-language-server: $schema=recipe.schema.json" in done.stderr
    written = (here / "recipe.schema.json").read_text(encoding="utf-8")
    assert json.loads(written) == json.loads(printed)
    assert "steps" in json.loads(written)["properties"]


class Quiet:
    def __getattr__(self, name):
        return lambda *_: None


@pytest.mark.parametrize("template", ["film", "ascent"])
def test_new_recipe_renders_in_small(here, template):
    small = {"film": {"size": "64"}, "ascent": {"size": "64", "steps": "2"}}[template]
    overrides = Overrides(small, places={"timeline.duration": "4f"} if template == "film" else {})
    planner = Planner(check_file(FOLDER / f"{template}.yaml", overrides), overrides)
    done = Renderer(planner, here / "out", Cache(here / "store")).render(Quiet())
    assert len(done) == {"film": 3, "ascent": 2}[template]
    assert all(each.path.stat().st_size > 500 for each in done)
