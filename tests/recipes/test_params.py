"""Every type of param takes what it says and refuses all else at its place, with the nearest name."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import ImageColor

from artforge.core.colors import hex_of
from artforge.core.errors import ChoiceError, RecipeError, UsageError
from artforge.core.oklab import from_oklab, to_oklab
from artforge.ops.colormaps import palette_table
from artforge.recipes.check import check_file
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import Planner

STEPS = """\
steps:
  art: [{load: {path: one.png}}]
  seen:
    - grad_cam: {model: net, image: $art}
    - normalize
    - colorize: {map: $it}
  framed: [$art, {mat: {color: $it}}]
outputs: {still: {from: $PIPE, per: recipe}}
"""


@pytest.fixture
def with_param(write_recipe):
    """`with_param("{type: ...}", pipe)` writes a recipe with one param `it` that `pipe` reads."""

    def write(param: str, pipe: str = "art"):
        lines = STEPS.replace("$PIPE", f"${pipe}").splitlines(keepends=True)
        unread = {"art": ("colorize", "framed:"), "seen": ("framed:",), "framed": ("colorize",)}[pipe]
        kept = [line for line in lines if not any(word in line for word in unread)]
        if pipe != "seen":
            kept = [line for line in kept if not any(word in line for word in ("seen:", "grad_cam", "normalize"))]
        return write_recipe("".join(kept), header=f"artforge: 1\nparams:\n  it: {param}\n")

    return write


def faults(path) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        check_file(path)
    return re.findall(r"\.yaml:(\d+:\d+: error: .*)", str(caught.value))


def test_fault_of_a_swept_value_is_told_at_that_value(write_recipe):
    body = "steps: {art: [{load: {path: $image}}, {mat: {margin: $wide}}]}\noutputs: {still: {from: $art}}\n"
    header = "artforge: 1\nparams: {image: {type: image, default: one.png}, wide: {type: float, default: 0.1}}\n"
    told = faults(write_recipe(body + "sweep: {image: [two.png, tow.png], wide: [0.1, 3]}\n", header=header))
    assert [fault.partition(" error:")[0] for fault in told] == ["5:26:", "5:48:"]


def test_wrong_colour_of_a_list_is_told_once_with_the_nearest(with_param):
    path = with_param("{type: colour, default: ivory}", "seen")
    path.write_text(path.read_text().replace("map: $it", "map: [$it, whte]"))
    (fault,) = faults(path)
    assert fault.endswith("received 'whte' - did you mean 'white'?")


def test_param_has_no_name_that_set_gives_to_the_recipe_itself(write_recipe):
    header = "artforge: 1\nparams: {title: {type: text, default: a}}\n"
    body = "steps: {art: [{load: {path: one.png}}]}\noutputs: {still: {from: $art}}\n"
    assert faults(write_recipe(body, header=header)) == [
        "2:10: error: param name 'title' is taken: --set title=... sets the recipe's own title"
    ]


@pytest.mark.parametrize(
    "param",
    [
        "{type: int, min: 1, max: 3, default: 2}",
        "{type: float, min: 0, default: 2}",
        "{type: bool, default: true}",
        "{type: text, default: 'any {seed}'}",
        "{type: choice, choices: [a, b], default: b}",
        "{type: image, default: one.png}",
        "{type: image, default: 'embedded:hand_made/gouache/3'}",
        "{type: folder, default: .}",
        "{type: model, default: net}",
        "{type: layer, default: conv2}",
        "{type: class, default: ~}",
        "{type: colormap, default: magma}",
        "{type: palette, default: magma}",
        "{type: palette, default: ['#102030', tomato, Ivory]}",
        "{type: colour, default: RebeccaPurple}",
        "{type: colour, default: '#A0B0C0'}",
    ],
)
def test_value_of_its_type_is_taken(with_param, param):
    check_file(with_param(param))


@pytest.mark.parametrize(
    ("param", "message"),
    [
        ("{type: colour, default: ivry}", "3:31: error: param 'it': a colour is written as #rrggbb or a CSS name"),
        ("{type: colour, default: ivry}", "did you mean 'ivory'?"),
        ("{type: colour, default: '#12345'}", "received '#12345'"),
        ("{type: colour, default: 3}", "wants text (colour), received 3"),
        ("{type: color, default: ivory}", "did you mean 'colour'?"),
        ("{type: palette, default: [ivory]}", "a palette has at least two colours"),
        ("{type: palette, default: [ivory, tomatoo]}", "did you mean 'tomato'?"),
        ("{type: palette, default: [1, 2]}", "wants a name or a list of colours"),
        ("{type: palette, default: magmaa}", "colormap 'magmaa' is not one of"),
        ("{type: colormap, default: magmaa}", "3:33: error: param 'it': colormap 'magmaa'"),
        ("{type: colormap, default: [ivory, tomato]}", "wants text (colormap)"),
        ("{type: folder, default: nett}", "there is no folder 'nett'"),
        ("{type: folder, default: one.png}", "is a file; a folder of pictures is wanted"),
        ("{type: image, default: on.png}", "there is no picture 'on.png'"),
        ("{type: image, default: net}", "there are no pictures in the folder 'net'"),
        ("{type: model, default: nett}", "no model 'nett'"),
        ("{type: int, min: 3, max: 1, default: 2}", "param 'it' has no value at all: min 3 is above max 1"),
        ("{type: text, max: 3, default: a}", "'max' belongs to numbers"),
        ("{type: text, choices: [a], default: a}", "'choices' belongs to a param of type choice"),
        ("{type: choice, choices: [1, 2], default: '1'}", "put it in quotes"),
        ("{type: choice, choices: [night, day], default: nigt}", "did you mean 'night'?"),
        ("{type: bool, default: 1}", "wants true or false, received 1"),
        ("{type: float, default: .inf, max: 3}", "outside"),
        ("{type: text, help: 3, default: a}", "help is text"),
    ],
)
def test_value_of_another_type_is_refused(with_param, param, message):
    found = faults(with_param(param))
    assert any(message in fault for fault in found), found


def test_palette_of_colours_reaches_its_step_in_one_form(with_param):
    planners = [
        Planner(check_file(with_param(f"{{type: palette, default: {written}}}", "seen")))
        for written in ("[ivory, '#FF6347']", "['#fffff0', Tomato]")
    ]
    nodes = [planner.node("seen", planner.base_variants[0]) for planner in planners]
    assert nodes[0].settings["map"] == ["#fffff0", "#ff6347"]
    assert nodes[0].key == nodes[1].key


def test_palette_and_colour_are_set_from_the_command_line(with_param):
    path = with_param("{type: palette, default: magma}", "seen")
    planner = Planner(check_file(path, given := Overrides({"it": "[ivory, tomato]"})), given)
    assert planner.node("seen", planner.base_variants[0]).settings["map"] == ["#fffff0", "#ff6347"]
    with pytest.raises(UsageError, match="did you mean 'ivory'"):
        check_file(with_param("{type: colour, default: tomato}", "framed"), Overrides({"it": "ivry"}))


def test_colour_reaches_its_step_in_one_form(with_param):
    planner = Planner(check_file(with_param("{type: colour, default: Ivory}", "framed")))
    assert planner.node("framed", planner.base_variants[0]).settings["color"] == "#fffff0"


def test_palette_begins_ends_and_passes_its_colours_and_never_bands():
    table = palette_table(["#102030", "tomato", "ivory"])
    levels = np.rint(table[[0, 2047, -1]] * 255)
    np.testing.assert_allclose(levels, [[0x10, 0x20, 0x30], [255, 99, 71], [255, 255, 240]], atol=1)
    assert np.abs(np.diff(table, axis=0)).max() < 2 / 255


def test_way_between_two_colours_is_even_to_the_eye():
    steps = np.linalg.norm(np.diff(to_oklab(palette_table(["black", "gold"])), axis=0), axis=1)
    assert steps.max() < 1.05 * steps.mean()


def test_oklab_comes_back(paint):
    np.testing.assert_allclose(from_oklab(to_oklab(paint(4))), paint(4), atol=2e-5)


def test_a_colour_is_known_by_name_after_pillow_has_used_it_too():
    ImageColor.getrgb("White")
    assert hex_of("white") == hex_of("WHITE") == "#ffffff"


@pytest.mark.parametrize("wrong", ["", "#fff", "rgb(1,2,3)", "hsl", 3, None, "url(x)"])
def test_what_is_no_colour_is_refused(wrong):
    with pytest.raises(ChoiceError):
        hex_of(wrong)
