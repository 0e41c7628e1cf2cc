"""A key says everything a result depends on, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from artforge.core.pictures import write_png
from artforge.recipes.artifacts import plan_artifacts
from artforge.recipes.check import check_file
from artforge.recipes.nodes import walk
from artforge.recipes.overrides import Overrides, parse_assignments
from artforge.recipes.plan import Planner
from artforge.recipes.records import Records
from artforge.recipes.variants import expand_variants

BODY = """\
timeline: {duration: 4f, fps: 4, loop: true}
steps:
  art:
    - load: {path: $image}
  heat:
    - grad_cam: {model: net, image: $art, layer: conv2, target: human}
    - normalize
  glow:
    - $heat
    - colorize: {map: magma}
    - blend: {base: $art, mode: screen, opacity: "=intensity/2"}
  tide:
    - $heat
    - colorize: {map: magma}
    - blend: {base: $art, opacity: {keys: {0%: 0, 50%: $intensity}}}
sweep:
  intensity: [0, 0.5, 1]
outputs:
  still: {from: $glow}
  loop: {from: $tide, per: recipe, formats: [mp4, gif]}
"""


def planner(path, scale=1.0, **params) -> Planner:
    overrides = Overrides(params)
    return Planner(check_file(path, overrides), overrides, scale)


def key(path, pipe="glow", frame=0, **params) -> str:
    plan = planner(path, **params)
    return plan.node(pipe, plan.base_variants[0], frame).key


def test_equal_work_in_two_pipes_has_one_key(write_recipe):
    plan = planner(write_recipe(BODY))
    glow, tide = (plan.node(pipe, plan.base_variants[0]) for pipe in ("glow", "tide"))
    assert glow.inputs["overlay"].key == tide.inputs["overlay"].key
    assert glow.key != tide.key


def test_what_does_not_read_the_swept_param_is_shared_by_all_variants(write_recipe):
    plan = planner(write_recipe(BODY))
    assert len({plan.node("heat", variant).key for variant in plan.variants}) == 1
    assert len({plan.node("glow", variant).key for variant in plan.variants}) == 3


def test_only_what_moves_has_another_key_from_frame_to_frame(write_recipe):
    plan = planner(write_recipe(BODY))
    assert plan.moving_pipes == {"tide"}
    tide = [plan.node("tide", plan.base_variants[0], frame) for frame in range(4)]
    assert len({node.key for node in tide}) == 3  # up and down again: frames 1 and 3 show the same
    assert len({node.inputs["overlay"].key for node in tide}) == 1


@pytest.mark.parametrize(
    ("written", "instead"),
    [("map: magma", "map: viridis"), ("mode: screen", "mode: multiply"), ("conv2", "conv1"), ("human", "machine")],
)
def test_key_changes_with_every_setting(write_recipe, written, instead):
    assert key(write_recipe(BODY)) != key(write_recipe(BODY.replace(written, instead, 1), name="other.yaml"))


def test_key_does_not_change_with_names_order_comments_and_other_pipes(write_recipe):
    other = (
        BODY.replace("glow", "shine")
        .replace("heat", "warmth")
        .replace("image: $art, layer: conv2", "layer: conv2, image: $art")
    )
    other = other.replace("steps:\n", "steps:\n  more: [$art, mat]   # nobody asks for it\n")
    assert key(write_recipe(BODY)) == key(write_recipe(other, name="other.yaml"), pipe="shine")


def test_key_follows_the_content_of_files_not_their_names(write_recipe, studio, paint):
    path = write_recipe(BODY)
    before = key(path)
    (studio / "copy.png").write_bytes((studio / "one.png").read_bytes())
    assert key(path, image=str(studio / "copy.png")) == before
    assert key(path, image=str(studio / "two.png")) != before
    write_png(studio / "one.png", paint(3))
    changed = key(path)
    assert changed != before
    (studio / "net" / "model.keras").write_bytes(b"trained again")
    assert key(path) != changed


def test_key_is_the_same_in_another_process(write_recipe):
    path = write_recipe(BODY)
    code = (
        "import sys; from pathlib import Path; from artforge.recipes.check import check_file;"
        "from artforge.recipes.plan import Planner; plan = Planner(check_file(Path(sys.argv[1])));"
        "print(plan.node('glow', plan.base_variants[0]).key)"
    )
    other = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == key(path)


def test_preview_scales_settings_in_pixels_only(write_recipe):
    body = BODY.replace("path: $image", "path: $image, long_edge: 400")
    full, preview = (planner(write_recipe(body), scale) for scale in (1.0, 0.25))
    (load, *_), (small, *_) = (list(walk([plan.node("glow", plan.base_variants[0])])) for plan in (full, preview))
    assert (load.settings["long_edge"], small.settings["long_edge"]) == (400, 100)
    blends = [plan.node("glow", plan.base_variants[0]).settings["opacity"] for plan in (full, preview)]
    assert blends[0] == blends[1]


def test_provenance_lists_the_branch_once_and_without_folders(write_recipe, studio):
    plan = planner(write_recipe(BODY), image=str(studio / "two.png"), intensity=0.25)
    records = Records(plan).branch("tide", plan.base_variants[0])
    assert [record.id for record in records] == [
        "art.load",
        "heat.grad_cam",
        "heat.normalize",
        "tide.colorize",
        "tide.blend",
    ]
    assert records[0].settings["path"] == "two.png"
    assert records[-1].settings["opacity"] == {"keys": {"0%": 0, "50%": "$intensity"}}
    assert records[-1].inputs == {"base": "art.load", "overlay": "tide.colorize"}
    named = {ingredient.name for ingredient in Records(plan).ingredients([plan.node("tide", plan.base_variants[0])])}
    assert named == {"two.png", "net"}


def test_files_are_named_by_output_axis_and_key(write_recipe):
    plan = planner(write_recipe(BODY))
    names = [artifact.file_name for artifact in plan_artifacts(plan)]
    assert [name.rsplit("-", 1)[0] for name in names] == [
        "still-intensity0",
        "still-intensity0.5",
        "still-intensity1",
        "loop",
        "loop",
    ]
    assert len({name.rsplit("-", 1)[1] for name in names[:3]}) == 3
    assert names[3].removesuffix("mp4") == names[4].removesuffix("gif")


SWEEPS = [
    ("{intensity: [0, 1], seed: [5, 6]}", [(0, 5), (0, 6), (1, 5), (1, 6)]),
    ("{mode: zip, intensity: [0, 1], seed: [5, 6]}", [(0, 5), (1, 6)]),
    ("[{intensity: [0, 1]}, {seed: [5]}]", [(0, 0), (1, 0), (0.5, 5)]),
    ("{seed: {from: 3, count: 2}}", [(0.5, 3), (0.5, 4)]),
    ("{intensity: {from: 0, to: 0.3, count: 4}}", [(0, 0), (0.1, 0), (0.2, 0), (0.3, 0)]),
]


@pytest.mark.parametrize(("sweep", "expected"), SWEEPS)
def test_sweep_spreads_out_as_stated(write_recipe, sweep, expected):
    body = f"steps: {{art: [{{load: {{path: $image}}}}]}}\nsweep: {sweep}\noutputs: {{still: {{from: $art}}}}\n"
    recipe = check_file(write_recipe(body)).recipe
    variants = expand_variants(recipe, Overrides())
    assert [(variant.params["intensity"], variant.seed) for variant in variants] == expected


def test_axis_set_on_the_command_line_is_no_longer_swept(write_recipe):
    recipe = check_file(write_recipe(BODY)).recipe
    (only,) = expand_variants(recipe, Overrides(parse_assignments(["intensity=0.75"])))
    assert only.params["intensity"] == 0.75
    assert only.swept == {}


def test_seed_fills_the_text_of_a_param_but_a_typed_path_is_taken_as_it_is(write_recipe, studio):
    header = "artforge: 1\nparams:\n  image: {type: image, default: 'embedded:hand_made/charcoal/{seed}'}\nseed: 3\n"
    body = "steps: {art: [{load: {path: $image}}]}\noutputs: {still: {from: $art}}\n"
    path = write_recipe(body, header=header)
    recipe = check_file(path).recipe
    assert expand_variants(recipe, Overrides(seed=9))[0].params["image"] == "embedded:hand_made/charcoal/9"
    odd = studio / "a{seed}.png"
    odd.write_bytes((studio / "one.png").read_bytes())
    assert expand_variants(recipe, Overrides({"image": str(odd)}))[0].params["image"] == str(odd)


def test_key_follows_the_models_card_which_decides_classes_and_value_range(write_recipe, studio):
    path = write_recipe(BODY)
    before = key(path)
    card = studio / "net" / "model.json"
    card.write_text(card.read_text().replace('"human"', '"person"').replace('"machine"', '"human"'))
    assert key(path) != before


@pytest.mark.parametrize("word", ["#00ff00", "p #3.png", "007", "a: x.png", "2020-99-99", "[", "null"])
def test_text_set_on_the_command_line_stays_as_typed(write_recipe, word):
    header = "artforge: 1\nparams:\n  word: {type: text, default: plain}\n"
    body = "steps: {art: [{load: {path: one.png}}]}\noutputs: {still: {from: $art}}\n"
    overrides = Overrides(parse_assignments([f"word={word}"]))
    recipe = check_file(write_recipe(body, header=header), overrides).recipe
    assert expand_variants(recipe, overrides)[0].params["word"] == word
