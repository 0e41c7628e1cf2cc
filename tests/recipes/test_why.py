"""For every node it is known whether it is in the cache, and if not, which part of its key is another one."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from artforge.core.pictures import write_png
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.keys import MAX_RECIPES, KeyMemory, key_parts, places_of, stored_key
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import Planner
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter
from artforge.recipes.why import explain

BODY = """\
seed: 3
steps:
  art:
    - load: {path: $image}
  glow:
    - $art
    - mat: {margin: 0.1}
    - mat: {margin: 0.2, color: white}
sweep:
  intensity: [0, 1]
outputs:
  still: {from: $glow}
"""


class Quiet(Reporter):
    """A reporter that does nothing."""


@pytest.fixture
def renderer(tmp_path, monkeypatch):
    """`renderer(path, scale, seed, **params)` is one whose store keeps everything, however quick it is to make."""
    monkeypatch.setattr("artforge.recipes.run._READ_SECONDS", -1e9)

    def make(path, scale=1.0, seed=None, **params):
        overrides = Overrides(params, seed)
        planner = Planner(check_file(path, overrides), overrides, scale)
        return Renderer(planner, tmp_path / "out", Cache(tmp_path / "store"))

    return make


def verdicts(renderer):
    return {verdict.place.id: verdict for verdict in explain(renderer)}


def changes(verdict):
    return {change.part: (change.before, change.now) for change in verdict.changes}


def test_all_is_new_at_first_and_a_hit_afterwards(write_recipe, renderer):
    path = write_recipe(BODY)
    assert {verdict.state for verdict in verdicts(renderer(path)).values()} == {"new"}
    renderer(path).render(Quiet())
    told = verdicts(renderer(path))
    assert list(told) == ["art.load", "glow.mat", "glow.mat#2"]  # once, though two variants need them
    assert {verdict.state for verdict in told.values()} == {"hit"}


def test_a_variant_that_was_never_made_is_held_against_the_one_that_is_most_like_it(write_recipe, renderer):
    path = write_recipe(BODY.replace("margin: 0.1}", "margin: =0.1+intensity/10, color: white}"))
    renderer(path).render(Quiet())
    told = verdicts(renderer(path, intensity=0.5))
    assert told["art.load"].state == "hit"
    assert changes(told["glow.mat"]) == {"setting margin": (0.1, 0.15)}
    shutil.rmtree(renderer(path).store.folder / stored_key(told["art.load"].place.node)[:2])
    assert verdicts(renderer(path, intensity=0.5))["art.load"].state == "unkept"


def test_a_setting_that_changed_is_told_with_both_values_and_what_follows_by_its_input(write_recipe, renderer):
    path = write_recipe(BODY)
    renderer(path).render(Quiet())
    path = write_recipe(BODY.replace("margin: 0.1", "margin: 0.15"))
    told = verdicts(renderer(path))
    assert told["art.load"].state == "hit"
    assert changes(told["glow.mat"]) == {"setting margin": (0.1, 0.15)}
    ((part, (before, now)),) = changes(told["glow.mat#2"]).items()
    assert part == "input image"
    assert before.startswith("glow.mat (")
    assert now != before


def test_another_content_of_a_file_is_told(write_recipe, renderer, studio, paint):
    path = write_recipe(BODY)
    renderer(path).render(Quiet())
    write_png(studio / "one.png", paint(9))
    ((part, (before, now)),) = changes(verdicts(renderer(path))["art.load"]).items()
    assert part == "content of path"
    assert before.startswith("one.png (")
    assert now.startswith("one.png (")
    assert before != now


def test_version_of_a_package_or_a_step_is_told(write_recipe, renderer, monkeypatch):
    path = write_recipe(BODY)
    renderer(path).render(Quiet())
    memory = KeyMemory.beside(renderer(path).store.folder)
    known = memory.recall(renderer(path).planner)
    for parts in known.values():
        parts["step version"] = 0
        parts["package numpy"] = "1.0"
    (file,) = memory.folder.iterdir()
    file.write_text(json.dumps(known))
    Cache(renderer(path).store.folder).clean()
    told = changes(verdicts(renderer(path))["glow.mat"])
    assert told["step version"] == (0, 1)
    assert told["package numpy"] == ("1.0", np.__version__)


def test_what_is_gone_from_the_store_is_no_hit_but_unchanged(write_recipe, renderer):
    path = write_recipe(BODY)
    renderer(path).render(Quiet())
    store = renderer(path).store
    for kept in store.folder.glob("??/*.array"):
        kept.write_bytes(kept.read_bytes()[:-1])  # cut short: found out, and dropped
    assert {verdict.state for verdict in verdicts(renderer(path)).values()} == {"unkept"}
    assert list(store.folder.glob("??/*.array")) == []


def test_memory_is_harmless_if_lost_damaged_or_not_writable(write_recipe, renderer):
    path = write_recipe(BODY)
    renderer(path).render(Quiet())
    (file,) = (renderer(path).store.folder / "places").iterdir()
    for content in (b"", b"[1]", b"\xff", b"[" * 100_000, b'{"a": 3}'):
        file.write_bytes(content)
        assert {verdict.state for verdict in verdicts(renderer(path)).values()} == {"hit"}
    file.unlink()
    file.mkdir()
    renderer(path).render(Quiet())


def test_memory_keeps_to_the_recipes_rendered_last(write_recipe, renderer):
    made = renderer(write_recipe(BODY))
    memory = KeyMemory.beside(made.store.folder)
    memory.folder.mkdir(parents=True)
    for index in range(MAX_RECIPES + 5):
        (memory.folder / f"{index}.json").write_text("{}")
    made.render(Quiet())
    assert len(list(memory.folder.iterdir())) == MAX_RECIPES
    assert memory.recall(made.planner)


def test_preview_and_print_are_remembered_apart(write_recipe, renderer):
    path = write_recipe(BODY.replace("path: $image", "path: $image, long_edge: 200"))
    renderer(path).render(Quiet())
    assert {verdict.state for verdict in verdicts(renderer(path, 0.25)).values()} == {"new"}
    renderer(path, 0.25).render(Quiet())
    assert {verdict.state for verdict in verdicts(renderer(path)).values()} == {"hit"}


@pytest.mark.parametrize(
    "change",
    [
        ("margin: 0.1", "margin: 0.3"),
        ("color: white", "color: ivory"),
        ("path: $image", "path: two.png"),
        ("path: $image", "path: $image, long_edge: 32"),
    ],
)
def test_keys_differ_exactly_where_their_parts_do(write_recipe, renderer, change):
    before, after = (
        {place.id: place.node for place in places_of(made.planner, made.artifacts)}
        for made in (renderer(write_recipe(BODY)), renderer(write_recipe(BODY.replace(*change))))
    )
    assert before.keys() == after.keys()
    for name in before:
        same = stored_key(before[name]) == stored_key(after[name])
        assert same == (key_parts(before[name]) == key_parts(after[name])), name
    assert stored_key(before["glow.mat#2"]) != stored_key(after["glow.mat#2"])
