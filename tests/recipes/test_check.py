"""Checking finds every fault at once, at its place, with the nearest name; and it never crashes."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artforge.core.errors import ArtforgeError, RecipeError, UsageError
from artforge.recipes.check import check_file, check_recipe
from artforge.recipes.overrides import Overrides

GOOD = """\
timeline: {duration: 8f, fps: 4, loop: true}
steps:
  art:
    - load: {path: $image}
  heat:
    - grad_cam: {model: net, image: $art, layer: conv2, target: human}
    - normalize: {percentiles: [1, 99.5]}
  glow:
    - $heat
    - colorize: {map: magma}
    - blend: {base: $art, mode: screen, opacity: "=intensity/2"}
  tide:
    - $heat
    - colorize: {map: magma}
    - blend: {base: $art, opacity: {keys: {0%: 0, 50%: $intensity}, ease: sine_in_out}}
sweep:
  intensity: {from: 0, to: 1, count: 3}
outputs:
  still: {from: $glow, formats: [png]}
  sheet: {from: $glow, per: sweep, grid: {x: intensity}}
  loop: {from: $tide, per: recipe, formats: [mp4, gif], size: 64px}
"""


def faults(path, overrides=None) -> list[str]:
    """The `line:column: message` of every fault."""
    with pytest.raises(RecipeError) as caught:
        check_file(path, overrides)
    return re.findall(r"\.yaml:(\d+:\d+: error: .*)", str(caught.value))


def test_good_recipe_passes_and_its_sources_come_first(write_recipe):
    checked = check_file(write_recipe(GOOD))
    order = list(checked.pipes)
    assert order.index("art") < order.index("heat") < order.index("glow")


@pytest.mark.parametrize(
    ("written", "instead", "pointed", "message"),
    [
        ("path: $image", "path: $imagee", "$imagee", "unknown param '$imagee' - did you mean 'image'?"),
        ("grad_cam:", "gradcam:", "gradcam", "unknown step 'gradcam' - did you mean 'grad_cam'?"),
        ("image: $art", "image: $arrt", "$arrt", "unknown reference '$arrt' - did you mean 'art'?"),
        ("image: $art", "image: art", "art,", "grad_cam.image is an image from another pipe"),
        (
            "layer: conv2",
            "layer: conv3",
            "conv3",
            "grad_cam.layer: layer 'conv3' is not one of: conv1, conv2, last_conv",
        ),
        ("target: human", "target: humen", "humen", "grad_cam.target: class 'humen' is not one of: human, machine"),
        ("model: net", "model: nett", "nett", "grad_cam.model: no model 'nett'"),
        ("[1, 99.5]", "[1, 199.5]", "[1, 199.5]", "normalize.percentiles: 199.5 is out of range"),
        ("map: magma", "map: magmaa", "magmaa", "colorize.map: colormap 'magmaa'"),
        ("mode: screen", "mode: scren", "scren", "blend.mode: 'scren' is not one of"),
        ("mode: screen", "mdoe: screen", "mdoe", "blend has no 'mdoe' - did you mean 'mode'?"),
        ('"=intensity/2"', '"=intensity*3"', '"=intensity*3"', "blend.opacity: 1.5 is out of range"),
        ('"=intensity/2"', '"=intensty/2"', "intensty", "unknown name 'intensty' in an expression"),
        ("base: $art, opacity", "base: $heat, opacity", "$heat,", "blend.base wants an image, $heat gives a heatmap"),
        ("sine_in_out", "sine_inout", "sine_inout", "unknown ease 'sine_inout' - did you mean 'sine_in_out'?"),
        ("50%: $intensity", "50: $intensity", "50:", "'50' is not a moment"),
        ("count: 3", "count: 1", "1}", "count is a whole number from 2"),
        ("{from: 0, to: 1,", "{from: 0, to: 3,", "{from: 0, to: 3", "sweep: param 'intensity': 3.0 is outside [0, 2]"),
        (
            "from: $glow, formats",
            "from: $heat, formats",
            "$heat, f",
            "output 'still' shows an image or a drawing, $heat gives a heatmap",
        ),
        ("[png]", "[pgn]", "pgn", "format 'pgn' is not one of: png, "),
        ("{x: intensity}", "{x: intenstiy}", "sheet:", "grid of output 'sheet': 'intenstiy' is not swept"),
        ("size: 64px", "size: 64", "64}", "size is 'native' or a long edge"),
        ("outputs:", "output:", "output:", "a recipe has no 'output' - did you mean 'outputs'?"),
        ("fps: 4", "fps: 0", "0,", "fps is a number above 0"),
        ("duration: 8f", "duration: 8", "8,", "duration is seconds (6s) or frames (150f)"),
        (
            "- $heat\n    - colorize: {map: magma}\n    - blend: {base",
            "- blend: {base",
            "blend",
            "blend needs its overlay",
        ),
    ],
)
def test_fault_is_found_at_its_place(write_recipe, written, instead, pointed, message):
    path = write_recipe(GOOD.replace(written, instead, 1))
    text = path.read_text()
    changed = text.index(instead) if instead else 0
    upto = text[: text.index(pointed, changed if pointed != "sheet:" else 0)]
    line, column = upto.count("\n") + 1, len(upto) - (upto.rindex("\n") + 1) + 1
    found = faults(path)
    assert any(fault.startswith(f"{line}:{column}: error: {message}") for fault in found), found


def test_all_faults_come_at_once_in_the_order_of_the_text(write_recipe):
    body = GOOD.replace("path: $image", "pth: $image").replace("grad_cam", "grad_can").replace("[png]", "[pgn]")
    found = faults(write_recipe(body))
    lines = [int(fault.partition(":")[0]) for fault in found]
    assert lines == sorted(lines)
    assert {9, 11, 24} <= set(lines)


def test_faults_of_every_kind_come_in_one_round(write_recipe):
    header = "artforge: 1\ntitle: 'of {layr}'\nparams: {image: {type: image, default: lost.png}}\n"
    body = """\
    steps:
      art: [{load: {path: $image}}]
      heat: [{grad_cam: {model: net, image: $arrt, layer: conv9}}, normalize, {colorize: {map: magmaa}}]
      print: [$art, {mat: {margin: 99}}]
    outputs: {still: {from: $heat}, other: {from: $print, formats: [pgn]}}
    """
    found = " ".join(faults(write_recipe(body, header=header)))
    for told in ("2:8: error: title: unknown name {layr}", "lost.png", "$arrt", "conv9", "magmaa", "mat.margin", "pgn"):
        assert told in found, told


@pytest.mark.parametrize(
    ("sweep", "grid", "message"),
    [
        ("{a: []}", "{columns: 2}", "is empty"),
        ("{a: [0, 1], b: [0, 1], c: [0, 1]}", "{x: a, y: b}", "two axes"),
        ("{mode: zip, a: [0, 1], b: [0, 1]}", "{x: a, y: b}", "mode grid"),
        ("[{a: [0, 1]}, {b: [0, 1]}]", "{x: a}", "not every block"),
        ("{a: {from: 0, to: 1, count: 9999}, b: {from: 0, to: 1, count: 9999}}", "{columns: 2}", "variants; at most"),
    ],
)
def test_sweep_and_grid_that_do_not_fit_are_faults(write_recipe, sweep, grid, message):
    params = ", ".join(f"{name}: {{type: float, default: 0}}" for name in "abc")
    outputs = f"outputs: {{s: {{from: $art, per: sweep, grid: {grid}}}}}"
    body = f"steps: {{art: [{{load: {{path: one.png}}}}]}}\nsweep: {sweep}\n{outputs}\n"
    assert any(message in fault for fault in faults(write_recipe(body, header=f"artforge: 1\nparams: {{{params}}}\n")))


def test_report_shows_the_line_and_a_caret_under_the_fault(write_recipe):
    path = write_recipe(GOOD.replace("mode: screen", "mode: scren"))
    with pytest.raises(RecipeError) as caught:
        check_file(path)
    _, source, caret = str(caught.value).splitlines()
    assert source[caret.index("^") : caret.rindex("^") + 1] == "scren"


def test_circle_of_pipes_is_shown(write_recipe):
    body = """\
    steps:
      a: [$b, mat]
      b: [$a, mat]
    outputs: {still: {from: $a}}
    """
    assert any("a circle: " in fault for fault in faults(write_recipe(body)))


def test_missing_picture_is_named_at_its_param_with_the_nearest_file(write_recipe, studio):
    path = write_recipe(GOOD)
    (studio / "one.png").rename(studio / "onne.png")
    assert faults(path) == [
        f"4:33: error: load.path: there is no picture 'one.png' (looked in {studio}) - did you mean 'onne.png'?"
    ]


def test_override_is_checked_like_the_recipes_own_values(write_recipe, studio):
    path = write_recipe(GOOD)
    assert "set by --set image" in faults(path, Overrides({"image": "lost.png"}))[0]
    with pytest.raises(UsageError, match="did you mean 'intensity'"):
        check_file(path, Overrides({"intensty": 1}))
    with pytest.raises(UsageError, match="outside"):
        check_file(path, Overrides({"intensity": 3}))
    check_file(path, Overrides({"image": str(studio / "two.png"), "intensity": 1}))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("  image: 3\n", "is written like image: {type: float"),
        ("  image: {type: picture, default: a}\n", "type of param 'image' 'picture' is not one of"),
        ("  image: {default: a}\n", "needs a type"),
        ("  image: {type: image}\n", "needs a default"),
        ("  2x: {type: int, default: 1}\n", "letters, digits and _"),
        ("  t: {type: int, default: 1}\n", "is taken"),
        ("  n2: {type: int, default: 1.5}\n", "wants a whole number"),
        ("  n2: {type: float, min: 0, max: 1, default: true}\n", "wants a number"),
        ("  pick: {type: choice, default: a}\n", "needs choices"),
        ("  pick: {type: choice, choices: [b], default: a}\n", "is not one of: b"),
    ],
)
def test_bad_param_is_explained(write_recipe, line, message):
    header = f"artforge: 1\nparams:\n{line}"
    body = "steps: {art: [{load: {path: one.png}}]}\noutputs: {still: {from: $art}}\n"
    assert any(message in fault for fault in faults(write_recipe(body, header=header)))


@pytest.mark.parametrize(
    "text", ["", "artforge: 2\n", "- a\n", "artforge: 1\n", "artforge: 1\nsteps: 3\noutputs: []\n", "\x00"]
)
def test_what_is_no_recipe_is_refused_with_a_reason(studio, text):
    path = studio / "r.yaml"
    path.write_text(text)
    assert faults(path)


def test_missing_and_binary_files_are_refused(studio):
    with pytest.raises(RecipeError, match="no such recipe"):
        check_file(studio / "lost.yaml")
    (studio / "binary.yaml").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(RecipeError, match="UTF-8"):
        check_file(studio / "binary.yaml")


_words = st.sampled_from(
    ["$art", "$intensity", "=t", "load", "art", "png", "25%", "1e-2", "{seed}", "embedded:a/b/1", "", "~"]
)
_scalars = st.one_of(
    _words, st.integers(-3, 99), st.floats(allow_nan=True), st.booleans(), st.none(), st.text(max_size=4)
)
_keys = st.sampled_from(
    [
        "load",
        "blend",
        "path",
        "base",
        "opacity",
        "keys",
        "ease",
        "from",
        "to",
        "count",
        "per",
        "formats",
        "grid",
        "type",
        "x",
    ]
)
_trees = st.recursive(
    _scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_keys, inner, max_size=3)),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    section=st.sampled_from(["params", "seed", "timeline", "steps", "sweep", "outputs", "title"]),
    names=st.dictionaries(st.sampled_from(["art", "glow", "intensity"]), _trees, max_size=3),
    whole=_trees,
    nested=st.booleans(),
)
def test_check_never_crashes_whatever_stands_in_a_section(studio, section, names, whole, nested):
    import json

    recipe = {
        "artforge": 1,
        "params": {"intensity": {"type": "float", "default": 0.5}},
        "timeline": {"duration": "4f"},
        "steps": {"art": [{"load": {"path": "one.png"}}], "glow": ["$art", "mat"]},
        "outputs": {"still": {"from": "$glow"}},
    }
    recipe[section] = names if nested else whole
    try:
        check_recipe(json.dumps(recipe), str(studio / "generated.yaml"))
    except ArtforgeError as error:
        assert str(error)


UNREAD = GOOD.replace("$intensity}, ease", "1}, ease").replace("intensity/2", "t")


def test_param_that_nothing_reads_is_warned_of_at_its_name(write_recipe):
    told = [each for each in check_file(write_recipe(UNREAD)).warnings if "param 'intensity'" in each]
    assert re.search(r"\d+:\d+: warning: param 'intensity' is read by nothing: write \$intensity", told[0])


@pytest.mark.parametrize("read", ["sheet: {labels: '{intensity:.2f}', ", "sheet: {name: 'at {intensity}', "])
def test_param_that_a_text_reads_is_not_warned_of(write_recipe, read):
    told = check_file(write_recipe(UNREAD.replace("sheet: {", read))).warnings
    assert not [each for each in told if "param 'intensity'" in each]
