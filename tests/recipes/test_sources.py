"""A folder of pictures is one artwork each; files and captions are named as the artist says."""

from __future__ import annotations

import re

import pytest

from artforge.core.errors import RecipeError
from artforge.core.pictures import read_picture, write_png
from artforge.core.provenance import read_sidecar
from artforge.recipes.artifacts import plan_artifacts
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.overrides import Overrides
from artforge.recipes.plan import Planner
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter

BODY = """\
steps:
  art: [{load: {path: $image}}]
  other: [{load: {path: two.png}}]
  glow: [$other, {blend: {base: $art, opacity: "=intensity/2"}}]
sweep: {intensity: [0, 1]}
outputs:
  still: {from: $glow}
  sheet: {from: $glow, per: sweep, labels: "{image.stem} at {intensity:.1f}"}
  once: {from: $glow, per: recipe, name: "{image.stem} of {image.name}, {intensity:.2f}"}
"""
HEADER = """\
artforge: 1
title: "Of {image.stem}"
params:
  image: {type: image, default: pictures}
  intensity: {type: float, min: 0, max: 2, default: 0.5}
"""


@pytest.fixture
def folder(studio, paint):
    """`pictures/` with three pictures, one of them in a folder below."""
    (studio / "pictures" / "deep").mkdir(parents=True)
    for seed, name in enumerate(["a lisa.png", "b.png", "deep/c.png"]):
        write_png(studio / "pictures" / name, paint(seed + 5))
    return studio / "pictures"


@pytest.fixture
def renderer(write_recipe, folder, tmp_path):
    def make(body: str = BODY, header: str = HEADER, **params):
        given = Overrides(params)
        planner = Planner(check_file(write_recipe(body, header=header), given), given)
        return Renderer(planner, tmp_path / "out", Cache(tmp_path / "store"))

    return make


class Quiet(Reporter):
    """Hears nothing."""


def names(renderer) -> list[str]:
    return [re.sub(r"-[0-9a-f]{8}\.", ".", artifact.file_name) for artifact in renderer.artifacts]


def test_every_picture_of_a_folder_is_a_work_of_its_own(renderer):
    assert names(renderer()) == [
        *(f"still-{stem}-intensity{value}.png" for stem in ("a-lisa", "b", "c") for value in (0, 1)),
        *(f"sheet-{stem}.png" for stem in ("a-lisa", "b", "c")),
        *(f"{stem} of {name}, 0.50.png" for stem, name in (("a-lisa", "a-lisa.png"), ("b", "b.png"), ("c", "c.png"))),
    ]


def test_each_work_is_of_its_own_picture_and_says_so(renderer, folder, paint):
    done = {each.path.name: each.path for each in renderer().render(Quiet())}
    (of_b,) = (path for name, path in done.items() if name.startswith("still-b") and "intensity0" in name)
    assert (read_picture(of_b) == read_picture(folder / "b.png")).all()
    record = read_sidecar(of_b)
    assert record.title == "Of b"
    assert record.variant == {"image": "b.png", "intensity": 0}
    assert record.params["image"] == "b.png"


def test_a_folder_is_set_from_the_command_line_too(renderer, folder):
    single = HEADER.replace("pictures", "one.png")
    assert len(names(renderer(header=single))) == 2 + 1 + 1
    assert len(names(renderer(header=single, image=str(folder)))) == 3 * (2 + 1 + 1)


def test_pictures_that_are_swept_are_no_sources(renderer):
    body = BODY.replace("{intensity: [0, 1]}", "{image: [one.png, two.png]}").replace('labels: "{i', 'labels: "{i')
    assert len([name for name in names(renderer(body)) if name.startswith("still")]) == 2


def test_a_folder_in_a_sweep_is_told_where_it_can_stand(write_recipe, folder):
    body = BODY.replace("{intensity: [0, 1]}", "{image: [one.png, pictures]}")
    with pytest.raises(RecipeError, match="'pictures' is a folder: it can stand as the default of a param"):
        check_file(write_recipe(body, header=HEADER))


def test_two_folders_meet_each_with_each(renderer, folder):
    header = HEADER + "  over: {type: image, default: pictures}\n"
    works = names(renderer(BODY.replace("two.png", "$over"), header))
    assert len([name for name in works if name.startswith("still")]) == 3 * 3 * 2


def test_index_runs_over_all_of_them(renderer):
    planner = renderer().planner
    assert [variant.index for variant in planner.variants] == list(range(6))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("name: 'a/{intensity}'", "is a file's name, without folders"),
        ("name: '{intensty}'", "name of output 'once': unknown name {intensty} in a text - did you mean 'intensity'?"),
        ("name: '{image.parent}'", "unknown name {image.parent}"),
        ("name: '{image.__class__}'", "unknown name {image.__class__}"),
        ("name: '{intensity!r}'", "takes a plain format"),
        ("name: 3", "name is text"),
    ],
)
def test_wrong_names_are_told(write_recipe, folder, written, message):
    body = re.sub(r"name: \".*\"", lambda _: written, BODY)
    with pytest.raises(RecipeError, match=re.escape(message)):
        check_file(write_recipe(body, header=HEADER))


def test_wrong_captions_are_told(write_recipe, folder):
    with pytest.raises(RecipeError, match=re.escape("labels of output 'sheet': unknown name {layr}")):
        check_file(write_recipe(BODY.replace("{image.stem} at", "{layr} at"), header=HEADER))
    with pytest.raises(RecipeError, match="labels is true, false or a text"):
        check_file(write_recipe(re.sub(r"labels: \".*\"", "labels: 3", BODY), header=HEADER))


def test_another_caption_is_another_sheet_and_another_name_the_same_picture(renderer):
    def keys(body):
        return {artifact.output.name: artifact.key for artifact in plan_artifacts(renderer(body).planner)}

    other = keys(BODY.replace(" at {", " with {").replace("{image.stem} of", "my {image.stem} of"))
    assert keys(BODY)["sheet"] != other["sheet"]
    assert keys(BODY)["once"] == other["once"]


@pytest.mark.parametrize("evil", ["../../x", "a\\b", "con:", "x" * 500, "...", "\u202e"])
def test_no_value_of_a_param_makes_a_file_name_lead_elsewhere(renderer, evil):
    header = HEADER.replace("pictures", "one.png") + "  word: {type: text, default: a}\n"
    body = BODY.replace("{image.stem} of", "{word} of")
    *_, name = names(renderer(body, header, word=evil))
    assert not set(name) & set('/\\:\0"')
    assert not name.startswith(".")
    assert len(name) < 140
