"""What holds for every recipe that can be made: checking never crashes, plans are free of circles, keys tell all."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artforge.core.errors import ArtforgeError
from artforge.core.problems import Problems
from artforge.recipes.check import check_recipe
from artforge.recipes.document import parse_document, yaml_of
from artforge.recipes.nodes import walk
from artforge.recipes.plan import Planner
from artforge.recipes.trust import Trust

SHIPPED = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
few = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=QUIET)
many = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=QUIET)


def is_checked_or_refused(text: str, source: Path, trust: Trust | None = None) -> bool:
    """Whether it is good; any error must be one of ours, with a message."""
    try:
        check_recipe(text, str(source), trust=trust)
    except ArtforgeError as error:
        assert str(error)
        return False
    return True


# -- checking never crashes -----------------------------------------------------------------------------------------

_WORDS = [
    "artforge: 1",
    "steps:",
    "params: {",
    "}",
    "- load: {",
    "path: $image",
    "[",
    "]",
    ": ",
    "\n",
    "\n  ",
    "\t",
    "#",
]
_ODD = [
    "#",
    '"',
    "'",
    "&a ",
    "*a",
    "!!python/x ",
    "? ",
    "---",
    "|",
    ">",
    "=t",
    "$",
    "{x}",
    "%",
    "@",
    "~",
    "1e999",
    "0x",
]
_pieces = st.sampled_from([*_WORDS, *_ODD, "\u2028", "\x00", "\ufeff"])


@many
@given(text=st.one_of(st.lists(_pieces, max_size=30).map("".join), st.text(max_size=60)))
def test_any_text_is_checked_or_refused(studio, text):
    is_checked_or_refused(text, studio / "r.yaml")


def plain(path: Path):
    text = path.read_text(encoding="utf-8")
    return parse_document(text, Problems(str(path), text)).plain()


PLAIN = {path.stem: plain(path) for path in SHIPPED}
_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**70),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(["$heat", "$art", "$lost", "=t", "=1/0", "={", "{seed}", "{keys}", "50%", "1080px", "../x"]),
    st.sampled_from([[], {}, [[]], {"keys": {}}, {"keys": {"0%": 1}, "ease": 3}, {"from": 0, "to": "a"}, ["$art", 1]]),
)


_edits = st.sampled_from(["set", "set", "drop", "rename", "double"])


def places(part, way=()):
    yield way
    inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, each in inside:
        yield from places(each, (*way, key))


def mutated(recipe, chance: random.Random, value, kind: str):
    recipe = copy.deepcopy(recipe)
    way = chance.choice([way for way in places(recipe) if way])
    place = recipe
    for key in way[:-1]:
        place = place[key]
    if kind == "drop":
        del place[way[-1]]
    elif kind == "rename" and isinstance(place, dict):
        place[f"{way[-1]}x"] = place.pop(way[-1])
    elif kind == "double" and isinstance(place, list):
        place.append(copy.deepcopy(place[way[-1]]))
    else:
        place[way[-1]] = value
    return recipe


@many
@given(
    name=st.sampled_from(sorted(PLAIN)),
    chance=st.randoms(use_true_random=False),
    edits=st.lists(st.tuples(_edits, _values), min_size=1, max_size=3),
    stranger=st.booleans(),
)
def test_any_change_of_a_shipped_recipe_is_checked_or_refused(tmp_path, name, chance, edits, stranger):
    recipe = PLAIN[name]
    for kind, value in edits:
        recipe = mutated(recipe, chance, value, kind) if [*places(recipe)][1:] else recipe
    trust = Trust.of_stranger(tmp_path) if stranger else None
    is_checked_or_refused(json.dumps(recipe), tmp_path / f"{name}.yaml", trust)


# -- generated recipes that are good --------------------------------------------------------------------------------

_share = st.floats(0, 1).map(lambda share: round(share, 3))
_eases = st.sampled_from(["hold", "quad_in", "bounce_out"])
_opacity = st.one_of(
    _share,
    st.just("$strength"),
    st.sampled_from(["=t", "=strength*t", "=0.5-0.5*cos(tau*t)", "=i/(n+1)"]),
    st.builds(lambda a, b, ease: {"keys": {"0%": a, "50%": {"value": b, "ease": ease}}}, _share, _share, _eases),
)
_modes = st.sampled_from(["normal", "screen", "multiply", "hard_light"])


@st.composite
def recipes(draw):
    """A recipe of pictures laid over each other in any order, in pipes that read those before them."""
    count = draw(st.integers(1, 5))
    edge = draw(st.integers(16, 64))
    pipes = {"art": [{"load": {"path": "$image", "long_edge": edge}}], "other": [{"load": {"path": "two.png"}}]}
    for index in range(count):
        known = [f"${name}" for name in pipes]
        pipe = [draw(st.sampled_from(known))]
        for _ in range(draw(st.integers(1, 3))):
            if draw(st.booleans()):
                blend = {"base": draw(st.sampled_from(known)), "opacity": draw(_opacity), "mode": draw(_modes)}
                pipe.append({"blend": blend})
            else:
                pipe.append({"mat": {"margin": draw(_share), "color": draw(st.sampled_from(["ivory", "#102030"]))}})
        pipes[f"p{index}"] = pipe
    sources = draw(st.lists(st.sampled_from(sorted(pipes)), min_size=1, max_size=3, unique=True))
    return {
        "artforge": 1,
        "title": "Of {strength:.1f}",
        "params": {
            "image": {"type": "image", "default": "one.png"},
            "strength": {"type": "float", "min": 0, "max": 1, "default": draw(_share)},
        },
        "seed": draw(st.integers(0, 9)),
        "timeline": {"duration": f"{draw(st.integers(2, 6))}f", "fps": 4, "loop": draw(st.booleans())},
        "steps": pipes,
        "sweep": {"strength": draw(st.lists(_share, min_size=1, max_size=3))},
        "outputs": {f"o{index}": {"from": f"${name}"} for index, name in enumerate(sources)},
    }


def planned(recipe, studio, name: str = "r.yaml") -> dict[tuple, str]:
    """The key of every pipe, in every variant at every frame."""
    planner = Planner(check_recipe(json.dumps(recipe), str(studio / name)))
    frames = range(planner.checked.recipe.timeline.num_frames)
    return {
        (pipe, variant.index, frame): planner.node(pipe, variant, frame).key
        for pipe in recipe["steps"]
        for variant in planner.variants
        for frame in frames
    }


@few
@given(recipe=recipes())
def test_plan_of_a_checked_recipe_has_no_circle_and_its_sources_come_first(studio, recipe):
    planner = Planner(check_recipe(json.dumps(recipe), str(studio / "r.yaml")))
    nodes = [planner.node(pipe, variant) for pipe in recipe["steps"] for variant in planner.variants]
    seen: set[str] = set()
    for node in walk(nodes):
        assert {source.key for source in node.inputs.values()} <= seen
        assert node.key not in seen
        seen.add(node.key)


@few
@given(recipe=recipes(), chance=st.randoms(use_true_random=False))
def test_order_of_pipes_settings_and_sections_does_not_matter(studio, recipe, chance):
    def shuffled(part):
        if not isinstance(part, dict):
            return [shuffled(each) for each in part] if isinstance(part, list) else part
        names = list(part)
        chance.shuffle(names)
        return {name: shuffled(part[name]) for name in names}

    assert planned(shuffled(recipe), studio) == planned(recipe, studio)


@few
@given(recipe=recipes(), name=st.text("abcxyz_", min_size=1, max_size=8))
def test_names_texts_and_outputs_do_not_enter_the_keys_of_steps_without_chance(studio, recipe, name):
    other = copy.deepcopy(recipe) | {"title": name, "description": name, "seed": recipe["seed"] + 1}
    other["outputs"] = {f"o_{name}": {"from": "$art", "size": "32px"}}
    assert planned(other, studio, f"{name}.yaml") == planned(recipe, studio)


@few
@given(recipe=recipes(), chance=st.randoms(use_true_random=False))
def test_key_changes_when_any_part_of_a_pipe_changes(studio, recipe, chance):
    pipe = chance.choice([name for name in recipe["steps"] if name.startswith("p")])
    other = copy.deepcopy(recipe)
    step, values = next(iter(chance.choice(other["steps"][pipe][1:]).items()))
    if step == "mat":
        values["margin"] = values["margin"] + 0.25
    else:
        values["mode"] = "difference"
    before, after = planned(recipe, studio), planned(other, studio)
    changed = {place for place in before if before[place] != after[place]}
    assert changed >= {place for place in before if place[0] == pipe}
    assert all(before[place] == after[place] for place in before if place[0] in ("art", "other"))


@few
@given(recipe=recipes())
def test_recipe_that_is_written_out_again_is_the_same_recipe(studio, recipe):
    text = yaml_of(recipe)
    assert parse_document(text, Problems("r", text)).plain() == recipe
    assert planned(parse_document(text, Problems("r", text)).plain(), studio) == planned(recipe, studio)


_CODE = """
import json, sys
from artforge.recipes.check import check_recipe
from artforge.recipes.plan import Planner
for recipe in json.load(open("recipes.json")):
    planner = Planner(check_recipe(json.dumps(recipe), "r.yaml"))
    print([planner.node(pipe, planner.variants[-1], 1).key for pipe in recipe["steps"]])
"""


def test_keys_are_the_same_in_every_process(studio):
    generated = []

    @settings(few, max_examples=8)
    @given(recipe=recipes())
    def collect(recipe):
        generated.append(recipe)

    collect()
    (studio / "recipes.json").write_text(json.dumps(generated))
    told = {
        subprocess.run(
            [sys.executable, "-c", _CODE],
            capture_output=True,
            text=True,
            check=True,
            cwd=studio,
            env={"PYTHONHASHSEED": seed, "PATH": "", "KERAS_BACKEND": "tensorflow"},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
    assert told.pop().count("\n") == len(generated)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_recipe_written_out_whole_has_the_same_plan(path):
    text = path.read_text(encoding="utf-8")
    planners = [Planner(check_recipe(each, str(path))) for each in (text, yaml_of(PLAIN[path.stem]))]
    first, second = ({name: p.node(name, p.variants[-1]).key for name in p.checked.pipes} for p in planners)
    assert first == second
