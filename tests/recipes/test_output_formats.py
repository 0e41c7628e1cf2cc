"""What a recipe says of formats, their quality and the works' maker is checked where it stands."""

from __future__ import annotations

import pytest

from artforge.core.errors import RecipeError
from artforge.core.formats.known import FILM_FORMATS, FORMATS
from artforge.recipes.artifacts import plan_artifacts
from artforge.recipes.check import check_file
from artforge.recipes.plan import Planner

PICTURES = [name for name, info in FORMATS.items() if info.pixels]
BODY = """\
timeline: {{duration: 2f, fps: 2}}
steps:
  art: [{{load: {{path: $image}}}}]
sweep: {{intensity: [0, 1]}}
outputs:
  all: {{from: $art, {}}}
"""


def checked(write_recipe, words):
    return check_file(write_recipe(BODY.format(words)))


def test_every_format_is_a_file_with_its_own_ending_and_films_have_all_frames(write_recipe):
    recipe = checked(write_recipe, f"per: recipe, formats: [{', '.join(PICTURES)}]")
    artifacts = plan_artifacts(Planner(recipe))
    assert [artifact.format for artifact in artifacts] == PICTURES
    for artifact in artifacts:
        assert artifact.file_name.endswith(FORMATS[artifact.format].suffix)
        assert artifact.kind == ("film" if artifact.format in FILM_FORMATS else "still")
        assert len(artifact.frames) == (2 if artifact.kind == "film" else 1)
    assert len({artifact.file_name for artifact in artifacts}) == len(PICTURES)  # a WebP and an animated one as well


def test_quality_is_taken_up(write_recipe):
    recipe = checked(write_recipe, "formats: [png, jpeg], quality: 70").recipe
    assert recipe.outputs["all"].quality == 70


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("formats: [jpg]", r":11:31: error: format 'jpg' is not one of: .* did you mean 'jpeg'"),
        ("formats: [tif]", "did you mean 'tiff'"),
        ("formats: [web]", "did you mean 'web"),
        ("formats: [pgn]", "did you mean 'png'"),
        ("formats: [png-16]", "did you mean 'png16'"),
        ("formats: [tif16]", "did you mean 'tiff16'"),
        ("formats: [jpeg16]", r":11:31: error: format 'jpeg16': jpeg holds 8 bits a colour; 16 bits go into png16"),
        ("formats: [webp_16bit]", "webp holds 8 bits a colour; 16 bits go into png16 or tiff16"),
        ("formats: [mp4_16]", "mp4 holds 8 bits a colour"),
        ("formats: [[png]]", r":11:31: error: a format is a word such as png or mp4, received \['png'\]"),
        ("formats: [png, null]", "a format is a word such as png or mp4, received null"),
        ("formats: [{png: 1}]", "a format is a word such as png or mp4, received {png: 1}"),
        ("formats: [mp4], size: 20000px", "mp4 holds at most 16384 pixels .* received 20000: take webm, gif or apng"),
        ("formats: [animated_webp], size: 16384px", "animated_webp holds at most 16383 pixels along an edge"),
        ("formats: [png], quality: 80", r":11:37: error: output 'all': quality belongs to animated_webp, avif, jpeg"),
        ("formats: [jpeg], quality: 0", "quality is a whole number from 1 to 100"),
        ("formats: [jpeg], quality: fine", "quality is a whole number from 1 to 100"),
        ("per: sweep, formats: [webm, apng]", "a contact sheet .* is a still: webm and apng cannot hold it"),
    ],
)
def test_what_cannot_be_written_is_a_fault_at_its_place(write_recipe, words, expected):
    with pytest.raises(RecipeError, match=expected):
        checked(write_recipe, words)


@pytest.mark.parametrize("name", sorted(FILM_FORMATS))
def test_films_need_a_timeline(write_recipe, name):
    body = BODY.format(f"formats: [{name}]").replace("timeline: {duration: 2f, fps: 2}\n", "")
    with pytest.raises(RecipeError, match=f"{name} is a film, but the recipe has no timeline"):
        check_file(write_recipe(body))


def test_a_maker_is_text(write_recipe):
    with pytest.raises(RecipeError, match=r"creator is text(.|\n)*licence is text"):
        check_file(write_recipe("creator: 7\nlicence: [a]\n" + BODY.format("formats: [png]")))
