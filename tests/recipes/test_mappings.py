"""Settings that are a mapping or a list of names: mixed targets, chosen channels, several layers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from artforge.core.errors import RecipeError
from artforge.core.steps import Setting, find_step, registered_steps
from artforge.engine.attention.channels import Channels
from artforge.recipes.check import check_file
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import Planner
from artforge.recipes.settings import setting_fault
from artforge.recipes.steps import load_steps

load_steps()

BODY = """\
timeline: {{duration: 4f, fps: 4, loop: true}}
steps:
  art:
    - load: {{path: $image}}
  glow:
    - {step}
    - normalize
    - colorize
outputs:
  still: {{from: $glow}}
"""


@pytest.fixture
def node(write_recipe):
    """`node("grad_cam: {...}", frame)` plans the one step in question."""

    def plan(step, frame=0):
        planner = Planner(check_file(write_recipe(BODY.format(step=step))), Overrides({}), 1.0)
        colored = planner.node("glow", planner.base_variants[0], frame)
        return colored.inputs["heatmap"].inputs["heatmap"]

    return plan


def faults(write_recipe, step):
    with pytest.raises(RecipeError) as caught:
        check_file(write_recipe(BODY.format(step=step)))
    return str(caught.value)


HEAT = "grad_cam: {{model: net, image: $art, {}}}"


def test_a_mix_of_classes_reaches_the_step(node):
    found = node(HEAT.format("target: {human: 1, machine: -0.5}"))
    assert found.settings["target"] == {"human": 1, "machine": -0.5}
    assert node(HEAT.format("target: [human, machine]")).settings["target"] == ["human", "machine"]


def test_the_order_of_keys_is_no_other_work_and_another_weight_is(node):
    first, turned, other = (
        node(HEAT.format(f"target: {mix}")).key
        for mix in ("{human: 1, machine: -0.5}", "{machine: -0.5, human: 1}", "{human: 1, machine: -0.4}")
    )
    assert first == turned
    assert first != other


def test_weights_move_along_the_timeline(node):
    step = HEAT.format('target: {human: "=1-t", machine: $intensity}')
    assert [node(step, frame).settings["target"] for frame in (0, 1)] == [
        {"human": 1, "machine": 0.5},
        {"human": 0.75, "machine": 0.5},
    ]


def test_chosen_channels_reach_the_step_checked(node):
    found = node(HEAT.format("channels: {rank: gradient, count: 3}"))
    assert found.settings["channels"] == Channels(rank="gradient", count=3)
    assert node(HEAT.format("channels: {index: [3, 1]}")).settings["channels"].index == (3, 1)
    moved = HEAT.format("channels: {window: 2, start: {keys: {0%: 0, 50%: 4}}}")
    assert [node(moved, frame).settings["channels"].start for frame in (0, 1, 2)] == [0, 2, 4]


def test_a_wrong_class_in_a_mix_is_told_where_it_stands(write_recipe):
    told = faults(write_recipe, HEAT.format("target: {human: 1, machin: -0.5}"))
    assert "tide.yaml:11:62: error" in told
    assert "class 'machin' is not one of: human, machine - did you mean 'machine'?" in told
    assert "did you mean 'human'?" in faults(write_recipe, HEAT.format("target: [humn]"))


def test_a_wrong_key_of_a_choice_is_told_with_the_nearest(write_recipe):
    told = faults(write_recipe, HEAT.format("channels: {windw: 3}"))
    assert "grad_cam.channels has no 'windw' - did you mean 'window'?" in told
    assert "tide.yaml:11:54: error" in told


def test_a_choice_that_makes_no_sense_says_why(write_recipe):
    assert "either count or share" in faults(write_recipe, HEAT.format("channels: {rank: energy}"))


def test_layers_in_a_list_are_checked(write_recipe, node):
    fusion = "layer_cam_fusion: {{model: net, image: $art, layers: [{}]}}"
    assert node(fusion.format("conv1, conv2")).settings["layers"] == ["conv1", "conv2"]
    assert "layer 'conv3' is not one of: conv1, conv2, last_conv" in faults(write_recipe, fusion.format("conv1, conv3"))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("target: 1", "classes go by name, received the number 1; they are: human, machine"),
        ("target: [human, 3]", "classes go by name, received the number 3; they are: human, machine"),
        ('target: "=2*1"', "classes go by name, received the number 2; they are: human, machine"),
    ],
)
def test_a_class_by_number_is_told_the_names(write_recipe, setting, message):
    assert f"grad_cam.target: {message}" in faults(write_recipe, HEAT.format(setting))


def test_a_class_whose_name_is_a_number_wants_quotes(write_recipe):
    step = "grad_cam: {{model: digits, image: $art, target: {}}}"
    assert 'grad_cam.target: classes go by name: write "3" in quotes' in faults(write_recipe, step.format("3"))
    assert "grad_cam.target" not in faults(write_recipe, step.format('"3", layer: conv9'))


def test_a_class_by_number_is_told_of_quotes_where_the_names_are_not_known(write_recipe, studio):
    (studio / "net" / "model.json").unlink()
    told = faults(write_recipe, HEAT.format("target: 3"))
    assert 'received the number 3: where that is a name, write "3" in quotes' in told


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (HEAT.format("target: {}"), "grad_cam.target asks for nothing: name at least one, received {}"),
        (HEAT.format("target: []"), "grad_cam.target asks for nothing: name at least one, received []"),
        (HEAT.format("target: {human: 0, machine: 0}"), "at least one weight must not be 0, received {human: 0, "),
        (HEAT.format('target: {human: "=t"}'), "one weight must not be 0, received {human: 0} (at frame 0)"),
        ("layer_cam_fusion: {model: net, image: $art, layers: []}", "layer_cam_fusion.layers asks for nothing"),
        ("fine_cam: {model: net, image: $art, scales: []}", "fine_cam.scales asks for nothing"),
        ("dream: {start_image: $art, model: net, filters: {}}", "dream.filters asks for nothing"),
    ],
)
def test_a_list_or_mapping_that_asks_for_nothing_is_told(write_recipe, step, message):
    assert message in faults(write_recipe, step)


def test_a_list_may_be_as_empty_as_its_default():
    load_steps()
    setting = Setting("words", None, list[str], default=[], required=False, numeric=False)
    assert setting_fault(find_step("mat"), setting, []) is None
    assert "mat.words asks for nothing" in (setting_fault(find_step("mat"), replace(setting, default=None), []) or "")


def test_a_mapping_of_fixed_keys_may_leave_each_at_its_default(write_recipe):
    step = "ascend: {start_image: $art, model: net, penalties: {}, layer: conv9}"
    assert "penalties" not in faults(write_recipe, step).partition("\n")[0]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("percentiles: [1]", "a list of 2 is wanted, received [1]"),
        ("percentiles: []", "a list of 2 is wanted, received []"),
        ("percentiles: [1, 2, 3]", "a list of at most 2 is wanted, received [1, 2, 3]"),
        ("percentiles: [99, 1]", "the first number must be smaller than the second, received [99, 1]"),
        ("percentiles: 5", "a list is wanted, received 5"),
    ],
)
def test_a_list_of_the_wrong_length_or_order_is_told_as_it_is_written(write_recipe, written, message):
    told = faults(write_recipe, f"grad_cam: {{model: net, image: $art}}\n    - normalize: {{{written}}}")
    assert told.partition("\n")[0].endswith(f"normalize.percentiles: {message}")


def test_a_list_that_is_too_short_is_told_how_long_it_must_be(write_recipe):
    told = faults(write_recipe, "morph: {model: net, filters: [3]}")
    assert "morph.filters: a list of at least 2 is wanted, received [3]" in told


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (HEAT.format("target: true"), "grad_cam.target: a text, a list or a mapping is wanted, received true"),
        (HEAT.format("target: {human: x}"), "grad_cam.target: a number is wanted, received 'x'"),
        (HEAT.format("layer: 3"), "grad_cam.layer: a text is wanted, received 3"),
        (HEAT.format("channels: {index: x}"), "grad_cam.channels: a list is wanted, received 'x'"),
        ("dream: {start_image: $art, model: net, filters: 3}", "dream.filters: a mapping is wanted, received 3"),
        ("dream: {start_image: $art, model: net, filters: {x: 1}}", "filters: a whole number is wanted, received 'x'"),
        ("dream: {start_image: $art, model: net, num_steps: 2.5}", "num_steps: a whole number is wanted, received 2.5"),
        ("poster: {image: $art, title: a, legend: {b: [1]}}", "legend: a text or a number is wanted, received [1]"),
        ("mask: {heatmap: $art, invert: 1}", "mask.invert: true or false is wanted, received 1"),
        ("mask: {heatmap: $art, softness: x}", "mask.softness: a number is wanted, received 'x'"),
        ("mask: {heatmap: $art, softness: 2}", "mask.softness: 2 is out of range: it must be at most 1"),
        ("blend: {base: $art, overlay: $art, opacity: -1}", "-1 is out of range: it must be at least 0"),
        ("dream: {start_image: $art, model: net, octave_scale: 1}", "1 is out of range: it must be greater than 1"),
        ("ascend: {model: net, target: human, until: 1}", "1 is out of range: it must be less than 1"),
        ("stipple: {heatmap: $art, num_dots: 100001}", "100001 is out of range: it must be at most 100000"),
        ("colorize: {heatmap: $art, map: [red, 3]}", "colorize.map: a text is wanted, received 3"),
    ],
)
def test_what_a_type_wants_is_told_in_the_recipes_own_words(write_recipe, step, message):
    assert f"{message}\n" in faults(write_recipe, step)


ODD = [
    *("no", 1, -1, 0.5, -1.5, 1e9, True, None, float("nan"), float("inf"), [], ["x"], [1, 2, 3], [0.5, "x"], [[1]], {}),
    *({"a": 1}, {"a": "x"}, {"x": [1]}, {"index": "x"}, {"index": [-1]}, {"tv": -1}, {"3": "x"}, ["red", 3], [5, 2]),
]


@pytest.mark.parametrize("name", registered_steps())
def test_no_setting_speaks_of_python(name):
    step = find_step(name)
    for setting in step.settings.values():
        for value in ODD:
            told = setting_fault(step, setting, value) or ""
            assert not re.search(r"[Ii]nput|valid|should|dictionary|instance|string|e[+]0", told), told


def test_a_number_still_moves_with_keys_and_ease_only(write_recipe):
    told = faults(
        write_recipe, "classical: {}".replace("classical: {}", "normalize: {heatmap: $art, limits: {from: 0}}")
    )
    assert "a moving setting has keys and ease, not 'from'" in told
