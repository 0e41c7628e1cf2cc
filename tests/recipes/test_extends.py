"""A recipe that extends another says only what it does otherwise; faults point into the file they stand in."""

from __future__ import annotations

import re

import pytest

from artforge.core.errors import RecipeError, UsageError
from artforge.recipes.check import check_file, check_recipe
from artforge.recipes.overrides import Overrides, parse_overrides
from artforge.recipes.plan import Planner

BODY = """\
description: "of {intensity}"
seed: 3
timeline: {duration: 8f, fps: 4, loop: true}
steps:
  art: [{load: {path: $image}}]
  other: [{load: {path: two.png}}]
  glow: [$other, {blend: {base: $art, opacity: "=intensity/2"}}]
sweep: {intensity: [0, 1]}
outputs:
  still: {from: $glow, formats: [png]}
  sheet: {from: $glow, per: sweep, grid: {x: intensity}}
"""


@pytest.fixture
def extend(write_recipe, studio):
    """`extend(text)` writes a recipe that extends `tide.yaml`, and gives its path."""
    write_recipe(BODY)

    def write(text: str, name: str = "own.yaml", base: str = "tide.yaml"):
        path = studio / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"artforge: 1\nextends: {base}\n{text}")
        return path

    return write


def faults(path, overrides=None) -> str:
    with pytest.raises(RecipeError) as caught:
        check_file(path, overrides)
    return str(caught.value)


def test_what_is_not_said_is_taken_over(extend, studio):
    own, base = check_file(extend("")).recipe, check_file(studio / "tide.yaml").recipe
    for part in ("title", "description", "seed", "timeline", "sweep"):
        assert getattr(own, part) == getattr(base, part) or part == "sweep"
    assert own.params.keys() == base.params.keys()
    assert own.outputs.keys() == base.outputs.keys()


def test_params_and_outputs_are_merged_key_by_key_and_pipes_as_a_whole(extend):
    text = """\
title: "Ebb"
params: {intensity: {default: 1.5}, margin: {type: float, default: 0.1}}
timeline: {fps: 8}
steps: {glow: [$art, {mat: {margin: $margin}}]}
outputs: {still: {size: 64px}}
"""
    recipe = check_file(extend(text)).recipe
    intensity, still = recipe.params["intensity"], recipe.outputs["still"]
    assert (intensity.type, intensity.minimum, intensity.maximum, intensity.default) == ("float", 0, 2, 1.5)
    assert (still.source.name, still.target.long_edge) == ("glow", 64)
    assert (recipe.title, recipe.timeline.fps, recipe.timeline.num_frames, recipe.timeline.loop) == ("Ebb", 8, 8, True)
    assert [call.step for call in recipe.pipes["glow"].calls] == ["mat"]
    assert "other" in recipe.pipes


def test_a_name_without_a_value_is_dropped(extend):
    recipe = check_file(extend("sweep: ~\noutputs: {sheet: ~}\n")).recipe
    assert recipe.sweep == ()
    assert list(recipe.outputs) == ["still"]


def test_what_is_not_there_cannot_be_dropped(extend):
    assert (
        "own.yaml:3:11: error: the extended recipe has no name 'stil' that could be dropped - did you mean 'still'"
        in (faults(extend("outputs: {stil: ~}\n")))
    )


def test_recipes_extend_each_other_in_a_chain(extend):
    extend("seed: 8\n", "middle.yaml")
    recipe = check_file(extend("title: 'Last'\n", "last.yaml", base="middle.yaml")).recipe
    assert (recipe.seed, recipe.title, recipe.description) == (8, "Last", "of {intensity}")


def test_a_circle_is_refused_at_its_line(extend, studio):
    extend("", "a.yaml", base="b.yaml")
    extend("", "b.yaml", base="a.yaml")
    told = faults(studio / "a.yaml")
    assert re.search(r"b\.yaml:2:10: error: a circle of recipes .*: a\.yaml -> b\.yaml -> a\.yaml", told)
    assert "extends: a.yaml" in told


def test_a_recipe_that_extends_itself_is_a_circle(extend):
    assert "a circle" in faults(extend("", "self.yaml", base="self.yaml"))


def test_a_chain_has_an_end(extend, studio):
    for number in range(20):
        extend("", f"r{number}.yaml", base=f"r{number + 1}.yaml")
    assert "a chain of more than 16" in faults(studio / "r0.yaml")


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("tidee.yaml", "2:10: error: there is no recipe 'tidee.yaml' (looked in"),
        ("[a, b]", "2:10: error: extends names one recipe file"),
        ("''", "2:10: error: extends names one recipe file"),
        ("net", "2:10: error: there is no recipe 'net'"),
    ],
)
def test_what_cannot_be_extended_is_told_at_its_line(extend, base, message):
    told = faults(extend("", base=base))
    assert message in told
    assert told.count("error:") == 1  # what may stand in the other recipe is not missed


def test_fault_in_the_extended_recipe_points_into_it(extend, studio):
    path = extend("")
    text = (studio / "tide.yaml").read_text().replace("blend:", "blnd:")
    (studio / "tide.yaml").write_text(text)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "blnd" in line)
    told = faults(path)
    assert f"{studio / 'tide.yaml'}:{line}:" in told
    assert "unknown step 'blnd' - did you mean 'blend'?" in told
    assert text.splitlines()[line - 1] in told


def test_own_value_for_a_taken_over_setting_is_told_in_its_own_file(extend):
    assert "own.yaml:3:31: error: param 'intensity': 9 is outside [0, 2]" in (
        faults(extend("params: {intensity: {default: 9}}\n"))
    )


def test_paths_are_found_from_the_file_they_are_written_in(extend, studio, paint):
    from artforge.core.pictures import write_png

    path = extend("params: {image: {default: here.png}}\n", "deep/own.yaml", base="../tide.yaml")
    write_png(studio / "deep" / "here.png", paint(3))
    planner = Planner(check_file(path))
    node = planner.node("glow", planner.base_variants[0])
    assert node.inputs["base"].settings["path"] == str(studio / "deep" / "here.png")
    assert node.inputs["overlay"].settings["path"].endswith("two.png")


def test_the_record_holds_the_whole_recipe(extend, studio):
    recipe = check_file(extend("title: 'Ebb: again'\nparams: {intensity: {default: 1.5}}\n")).recipe
    again = check_recipe(recipe.text, str(studio / "again.yaml")).recipe
    assert "extends" not in recipe.text
    assert (again.title, again.params["intensity"].default, again.seed) == ("Ebb: again", 1.5, 3)
    planners = [Planner(check_recipe(each.text, str(studio / "x.yaml"))) for each in (recipe, again)]
    assert len({planner.node("glow", planner.base_variants[0]).key for planner in planners}) == 1


# -- any place from the command line -------------------------------------------------------------------------------


def set_to(*assignments: str) -> Overrides:
    return parse_overrides(list(assignments), None)


def test_every_place_can_be_set(write_recipe):
    places = ["timeline.fps=12", "timeline.duration=24f", "outputs.still.size=96px", "sweep.intensity=[0.5]"]
    places += ["steps.glow.blend.mode=screen", "params.intensity.max=3", "title=Ebb: and flow"]
    recipe = check_file(write_recipe(BODY), set_to(*places[:-1], "title=Ebb")).recipe
    assert (recipe.timeline.fps, recipe.timeline.num_frames, recipe.title) == (12, 24, "Ebb")
    assert recipe.outputs["still"].target.long_edge == 96
    assert list(recipe.sweep[0].axes[0].values) == [0.5]
    assert recipe.pipes["glow"].calls[0].settings["mode"].value == "screen"
    assert recipe.params["intensity"].maximum == 3
    assert "screen" in recipe.text


def test_second_call_of_a_step_and_one_without_settings_can_be_set(write_recipe):
    body = BODY.replace('{blend: {base: $art, opacity: "=intensity/2"}}', "mat, {mat: {margin: 0.1}}")
    recipe = check_file(
        write_recipe(body), set_to("steps.glow.mat.margin=0.2", "steps.glow.mat#2.color=#ff0000")
    ).recipe
    first, second = recipe.pipes["glow"].calls
    assert first.settings["margin"].value == 0.2
    assert (second.settings["margin"].value, second.settings["color"].value) == (0.1, "#ff0000")


def test_null_drops_what_stands_there(write_recipe):
    recipe = check_file(write_recipe(BODY), set_to("sweep=null", "outputs.sheet=null", "timeline.loop=null")).recipe
    assert not recipe.sweep
    assert list(recipe.outputs) == ["still"]
    assert recipe.timeline.num_frames == 8
    assert not recipe.timeline.loop
    assert check_file(write_recipe(BODY), set_to("timeline=null")).recipe.timeline is None


def test_null_is_a_value_where_a_param_or_a_setting_takes_one(write_recipe):
    body = BODY.replace("{load: {path: two.png}}", "{load: {path: two.png, long_edge: 64}}")
    call = check_file(write_recipe(body), set_to("steps.other.load.long_edge=null")).recipe.pipes["other"].calls[0]
    assert call.settings["long_edge"].value is None


def test_what_is_not_there_cannot_be_dropped_from_the_command_line(write_recipe):
    with pytest.raises(UsageError, match="there is no 'shet' there - did you mean 'sheet'"):
        check_file(write_recipe(BODY), set_to("outputs.shet=null"))


def test_an_output_can_be_added(write_recipe):
    recipe = check_file(write_recipe(BODY), set_to("outputs.big={from: $glow, size: 640px}")).recipe
    assert recipe.outputs["big"].target.long_edge == 640


def test_wrong_value_is_told_at_the_word_that_was_typed(write_recipe):
    told = faults(write_recipe(BODY), set_to("steps.glow.blend.mode=scren", "timeline.fps=0"))
    assert "--set steps.glow.blend.mode:1:1: error: blend.mode: 'scren' is not one of" in told
    assert "--set timeline.fps:1:1: error: fps is a number above 0" in told


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("outputs.stil.size", "there is no 'stil' there - did you mean 'still'?"),
        ("steps.glow.blnd.mode", "there is no 'blnd' there - did you mean 'blend'?"),
        ("stepps.glow.blend.mode", "did you mean 'steps'"),
        ("seed.x", "3 stands there, which has no 'x'"),
    ],
)
def test_a_place_that_is_not_there_is_told_with_the_nearest(write_recipe, place, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        check_file(write_recipe(BODY), set_to(f"{place}=1"))
