"""What must hold between the settings of a step: told by the check, at its line, in the words of the step itself."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from ruamel.yaml import YAML

from artforge.core.errors import ArtforgeError, RecipeError
from artforge.core.seeds import generator
from artforge.core.steps import collecting_steps, registered_steps, step
from artforge.core.values import Image, Kind
from artforge.engine.models.handle import Model
from artforge.recipes.check import check_file
from artforge.recipes.overrides import Overrides
from artforge.recipes.steps import load_steps

load_steps()
STEPS = registered_steps()
RULES = [(name, rule) for name, each in sorted(STEPS.items()) for rule in each.rules]
NEEDED = {  # a step without a default for one of several ways says so by its rule
    ("colorize_like", "one_source"): {"like": 1},
    ("pull", "one_for_each_side"): {"left": "human", "right": "machine"},
}
BODY = """\
timeline: {{duration: 4f, fps: 4, loop: true}}
steps:
  art:
    - load: {{path: $image}}
  heat:
    - $art
    - darkness
  made:
    - {written}
outputs:
  still: {{from: $art}}
"""
PICTURE, HEAT = np.full((6, 8, 3), 0.5, np.float32), np.full((6, 8), 0.5, np.float32)
NETWORK = SimpleNamespace(value_range=(0.0, 1.0))
CASES = [
    ("flow_lines: {heatmap: $heat, near: 5}", "5", "near must not lie above far, received 5 and 4 mm"),
    ("flow_lines: {heatmap: $heat, near: 5, far: 3}", "5", "near must not lie above far, received 5 and 3 mm"),
    ("flow_lines: {heatmap: $heat, margin: 105}", "105", "margins of 105 mm leave no room on 210 x 297 mm"),
    ("hatch: {heatmap: $heat, page: A6, margin: 60}", "60", "margins of 60 mm leave no room on 105 x 148 mm"),
    ("hatch: {heatmap: $heat, page: 20x20mm}", "20x20mm", "margins of 15 mm leave no room on 20 x 20 mm"),
    ("stipple: {heatmap: $heat, page: 20x90mm}", "20x90mm", "margins of 15 mm leave no room on 20 x 90 mm"),
    ("isolines: {heatmap: $heat, margin: 110}", "110", "margins of 110 mm leave no room on 210 x 297 mm"),
    ("isolines: {heatmap: $heat, low: 0.98}", "0.98", "low must not lie above high, received 0.98 and 0.97"),
    ("mask: {heatmap: $heat, keep: 0.2, threshold: 0.7}", "0.7", "'keep' and 'threshold' both say how much is kept"),
    ("normalize: {heatmap: $heat, limits: [0, 1], percentiles: [1, 99]}", "[1, 99]", "'limits' and percentiles both"),
    ("normalize: {heatmap: $heat, limits: [0, 1], reference: $heat}", "$heat}", "'limits' and a reference both state"),
    ('colorize_like: {heatmap: $heat, like: $art, folder: "."}', '"."', "'like' and 'folder' both say whose colours"),
    ("colorize_like: {heatmap: $heat}", "colorize_like", "whose colours? Give a picture (like: $art) or a folder"),
    ("polyptych: {one: $art, two: $art, rows: [1, 2]}", "[1, 2]", "rows [1, 2] have places for 3 pictures, received 2"),
    ("polyptych: {one: $art, labels: [a, b]}", "[a, b]", "one label a picture is wanted, received 2 labels for 1"),
    ("grid: {images: [$art, $art], labels: [a]}", "[a]", "one label a picture is wanted, received 1 labels for 2"),
    ("dream: {start_image: $art, model: net, filter: 1, target: human}", "human", "filter and target are given"),
    ("zoom: {start_image: $art, model: net, filter: 1, target: human}", "human", "filter and target are given"),
    (
        "zoom: {start_image: $art, model: net, num_frames: 9, overlap: 5}",
        "5}",
        "an overlap is at most half the film of 9",
    ),
    ("variations: {model: net, filter: 1, target: human}", "human", "filter and target are given"),
    ("variations: {model: net, tile: 1024, count: 9}", "9}", "9 pictures of 1024x1024 look at each other"),
    ("pull: {model: net, left: human}", "pull", "say what pulls on the right: right (a class) or right_filter"),
    (
        "pull: {model: net, left: human, right: machine, right_filter: 1}",
        "1}",
        "say what pulls on the right: right (a class) or right_filter, one of the two",
    ),
    ("ascend: {model: net, filter: 1, target: human}", "human", "filter and target are given"),
    ("ascend: {model: net, alone: true}", "true", "alone: true shows a single pattern of one filter"),
    ("ascend: {model: net, output: probability}", "probability", "output: probability is that of a class"),
    ('ascend: {model: net, spectrum: "."}', '"."', "spectrum is for the preset maco; the preset is lucid"),
    ("ascend: {model: net, like: $art, preset: lucid}", "$art", "like is for the preset maco; the preset is lucid"),
    ('ascend: {model: net, like: $art, preset: maco, spectrum: "."}', '"."', "like and spectrum both say whose grain"),
    ("ascend: {model: net, gradient: l2}", "l2", "gradient: l2 is for presets with plain steps"),
    ("ascend: {model: net, budget: 0.1}", "0.1", "a budget is the distance from a start image"),
    (
        "ascend: {start_image: $art, model: net, budget: 0.1, finish: stretch}",
        "stretch",
        "a picture that is held to a budget is shown as it is: finish: stretch",
    ),
    ("ascend: {model: net, until: 0.5}", "0.5", "until is the probability of one class: say which as target"),
    ("ascend: {model: net, until: 0.5, target: [human, machine]}", "0.5", "until is the probability of one class"),
    ("ascend: {start_image: $art, model: net, num_octaves: 2}", "2}", "num_octaves grows a picture from noise"),
    ("ascend: {model: net, num_octaves: 2, at: 0.5}", "0.5", "num_octaves needs the whole way of one ascent"),
    (
        "ascend: {model: net, target: human, until: 0.5, num_octaves: 2}",
        "2}",
        "until and num_octaves need the whole way of one ascent",
    ),
]


def faults(path, overrides=None):
    """The first line of each fault, without the file's name."""
    with pytest.raises(RecipeError) as caught:
        check_file(path, overrides)
    return [line.partition("tide.yaml:")[2] for line in str(caught.value).splitlines() if "tide.yaml:" in line]


def place_of(path, word, after):
    """`line:column` of a word, the first one behind another."""
    text = path.read_text()
    before = text[: text.index(word, text.index(after))]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


@pytest.mark.parametrize(("written", "blamed", "message"), CASES)
def test_settings_that_do_not_go_together_are_told_where_they_stand(write_recipe, written, blamed, message):
    name = written.partition(":")[0]
    path = write_recipe(BODY.format(written=written))
    [told] = faults(path)
    after = written if blamed == name else written.partition(" ")[2]
    assert told.startswith(f"{place_of(path, blamed, after)}: error: {name}: {message}")


@pytest.mark.parametrize("written", [written for written, _, _ in CASES])
def test_the_step_itself_says_the_same_to_whoever_calls_it(write_recipe, written):
    [[name, settings]] = YAML(typ="safe", pure=True).load(written).items()
    given = {"$heat": HEAT, "$art": PICTURE, "net": NETWORK}
    inputs = {wanted.name for wanted in STEPS[name].inputs}
    flowing, named = {}, {}
    for key, value in settings.items():
        if key in inputs:
            flowing[key] = np.stack([PICTURE] * len(value)) if isinstance(value, list) else given[value]
        else:
            named[key] = given.get(value, value) if isinstance(value, str) else value
    chance = {"rng": generator(1)} if STEPS[name].uses_rng else {}
    with pytest.raises(ArtforgeError) as caught:
        STEPS[name].function(**flowing, **named, **chance)
    [told] = faults(write_recipe(BODY.format(written=written)))
    assert told.partition(" error: ")[2] == f"{name}: {caught.value}"


def test_every_rule_is_broken_by_some_case():
    broken = {written.partition(":")[0] for written, _, _ in CASES}
    assert broken == {name for name, _ in RULES}


@pytest.mark.parametrize(("name", "rule"), RULES, ids=lambda each: each if isinstance(each, str) else each.name)
def test_a_rule_names_what_its_step_has_and_the_defaults_keep_it(name, rule):
    each = STEPS[name]
    given = {wanted.name: int(not wanted.optional) for wanted in each.inputs}
    defaults = {setting.name: setting.default for setting in each.settings.values() if setting.kind is not Kind.MODEL}
    known = {**given, **defaults, **NEEDED.get((name, rule.name), {})}
    assert set(rule.names) <= known.keys()
    assert rule.check(**{wanted: known[wanted] for wanted in rule.names}) is None


# -- when a rule is asked --------------------------------------------------------------------------------------------


def test_a_moving_setting_is_tried_along_the_timeline(write_recipe):
    written = 'isolines: {heatmap: $heat, high: 0.5, low: "=t"}'
    [told] = faults(write_recipe(BODY.format(written=written)))
    assert told.endswith("isolines: low must not lie above high, received 0.75 and 0.5 (at frame 3)")
    keys = "isolines: {heatmap: $heat, low: {keys: {0%: 0.1, 50%: 0.99}}}"
    [told] = faults(write_recipe(BODY.format(written=keys)))
    assert told.endswith("isolines: low must not lie above high, received 0.99 and 0.97 (at frame 2)")


def test_two_settings_that_move_are_tried_at_the_same_moments(write_recipe):
    together = 'isolines: {heatmap: $heat, low: "=0.5*t", high: "=0.5*t+0.1"}'
    check_file(write_recipe(BODY.format(written=together)))


def test_the_variant_that_breaks_a_rule_is_told_at_its_value(write_recipe):
    swept = "sweep: {intensity: [0.2, 0.4, 0.8]}\n"
    path = write_recipe(swept + BODY.format(written="isolines: {heatmap: $heat, low: $intensity, high: 0.6}"))
    [told] = faults(path)
    assert told.startswith(f"{place_of(path, '0.8', 'sweep')}: error: isolines: low must not lie above high")


def test_what_the_command_line_sets_is_told_of(write_recipe):
    path = write_recipe(BODY.format(written="isolines: {heatmap: $heat, low: $intensity, high: 0.6}"))
    check_file(path)
    [told] = faults(path, Overrides({"intensity": 0.9}))
    assert told.endswith("received 0.9 and 0.6 (set by --set intensity=...)")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("isolines: {heatmap: $heat, low: 3, high: 0.5}", "isolines.low: 3 is out of range"),
        ("pull: {model: net, lefft: human, right: machine}", "pull has no 'lefft'"),
        ("colorize_like: {heatmap: $heat, like: $arts}", "unknown reference '$arts'"),
        ("colorize_like: {heatmap: $heat, like: 3}", "colorize_like.like is an image from another pipe"),
    ],
)
def test_a_rule_waits_until_each_setting_by_itself_is_right(write_recipe, written, message):
    [told] = faults(write_recipe(BODY.format(written=written)))
    assert f"error: {message}" in told


def test_rules_of_one_step_are_told_together(write_recipe):
    written = "isolines: {heatmap: $heat, low: 0.5, high: 0.4, margin: 200}"
    assert len(faults(write_recipe(BODY.format(written=written)))) == 2


def test_how_many_pictures_one_pipe_brings_is_left_to_the_run(write_recipe):
    stack = "grad_cam_channels: {image: $art, model: net}\n    - normalize\n    - colorize\n"
    check_file(write_recipe(BODY.format(written=stack + "    - grid: {labels: [a, b]}")))


# -- rules of the artist's own ---------------------------------------------------------------------------------------

OPS = """\
from artforge.core.errors import ChoiceError
from artforge.core.steps import step
from artforge.core.values import Image


def rising(*, low: float, high: float, other: int) -> None:
    if not other and low > high:
        {fault}


@step("bands", version=1, rules=[rising])
def bands(image: Image, other: Image | None = None, *, low: float, high: float) -> Image:
    return image
"""


@pytest.fixture
def own_faults(write_recipe, studio):
    """`own_faults(written, fault)`: the faults of a recipe with an own step whose rule does `fault`."""

    def told(written, fault):
        (studio / "my_ops.py").write_text(OPS.format(fault=fault))
        path = write_recipe("ops: ./my_ops.py\n" + BODY.format(written=written))
        with pytest.raises(RecipeError) as caught:
            check_file(path)
        return path, str(caught.value)

    return told


def test_a_rule_of_ones_own_is_asked_like_any_other(own_faults):
    fault = 'raise ChoiceError(f"low {low:g} lies above high {high:g}")'
    path, told = own_faults("bands: {image: $art, low: 2, high: 1}", fault)
    # neither can be left out: the last of them is pointed at
    assert f"tide.yaml:{place_of(path, '1}', 'high:')}: error: bands: low 2 lies above high 1" in told


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("return low / 0", "bands: its rule rising broke off:\n"),
        ("raise ValueError('low first')", "ValueError: low first"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("return 'low first'", "its rule rising gives 'low first' back: where settings do not go together, it raises"),
    ],
)
def test_a_rule_that_does_something_odd_is_told_with_its_place(own_faults, fault, message):
    path, told = own_faults("bands: {image: $art, low: 2, high: 1}", fault)
    assert f"tide.yaml:{place_of(path, '1}', 'high:')}: error: bands: its rule rising" in told
    assert message in told
    assert ("my_ops.py" in told) == ("broke off" in told)


def test_a_broken_rule_of_artforges_own_is_no_fault_of_the_recipe(write_recipe, monkeypatch):
    [rule] = STEPS["mask"].rules

    def odd(**_):
        raise ZeroDivisionError

    monkeypatch.setattr("artforge.recipes.tried_rules.Rule.check", property(lambda _: odd), raising=False)
    assert rule.check is odd
    with pytest.raises(ZeroDivisionError):
        check_file(write_recipe(BODY.format(written="mask: {heatmap: $heat}")))


def one_way(*, thersh: float) -> None:
    """Names what no step has."""


def by_place(low: float, /) -> None:
    """Takes its setting by place."""


def of_the_model(*, model: str) -> None:
    """Looks at a model."""


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            one_way,
            "settings and inputs of its step by name, not \"thersh: 'float'\" - did you mean 'thresh'",
        ),
        (by_place, "by name, not \"low: 'float'\""),
        (of_the_model, "by name, not \"model: 'str'\""),
        (lambda *low: None, "by name, not '\\*low'"),
    ],
)
def test_a_rule_that_names_what_its_step_does_not_have_is_refused_where_it_is_declared(rule, message):
    def thin(image: Image, *, thresh: float = 0.5, low: float = 0.1, model: Model) -> Image:
        return image

    with collecting_steps(), pytest.raises(TypeError, match=message):
        step("thin", version=1, rules=[rule])(thin)


@pytest.mark.parametrize("rules", [len, [3], "rising"])
def test_rules_that_are_no_list_of_functions_are_refused(rules):
    with pytest.raises(TypeError, match="step 'thin': rules is a list of functions, received "):
        step("thin", version=1, rules=rules)


def test_a_rule_may_take_all_inputs_at_once():
    def everything(*, low: float, **inputs: int) -> None:
        pass

    def pair(image: Image, like: Image | None = None, *, low: float = 0.1) -> Image:
        return image

    with collecting_steps() as collected:
        step("pair", version=1, rules=[everything])(pair)
    assert collected["pair"].rules[0].names == ("low", "image", "like")
