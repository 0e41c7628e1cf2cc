"""How films close: there and back, or with their end faded into their beginning; the seam says how well."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import RecipeError
from artforge.core.films import film_info
from artforge.ops.crossfade import crossfade
from artforge.recipes.artifacts import node_of, plan_artifacts
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.plan import Planner
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter
from artforge.recipes.run import Runner
from artforge.recipes.timeline import Shown, Timeline

THERE_AND_BACK = Timeline(num_frames=5, fps=4, loop=False, boomerang=True)
FADED = Timeline(num_frames=12, fps=4, loop=False, fade=4)

BODY = """\
timeline: {duration: DURATION, fps: 4, loop: LOOP}
steps:
  art: [{load: {path: $image}}]
  other: [{load: {path: two.png}}]
  tide: [$other, {blend: {base: $art, opacity: "=intensity*2*t"}}]
outputs:
  still: {from: $art, per: recipe}
  film: {from: $tide, per: recipe, formats: [apng]}
  end: {from: $tide, per: recipe, at: 100%}
"""


class Quiet(Reporter):
    """Hears nothing."""


@pytest.fixture
def tide(write_recipe):
    """`tide(loop, duration)` checks a recipe that fades one picture into another, closed in this way."""

    def check(loop: str, duration: str = "2s"):
        return check_file(write_recipe(BODY.replace("LOOP", loop).replace("DURATION", duration)))

    return check


def fault(tide, *words: str) -> str:
    with pytest.raises(RecipeError) as caught:
        tide(*words)
    return str(caught.value)


def film_of(planner):
    (film,) = [artifact for artifact in plan_artifacts(planner) if artifact.kind == "film"]
    return film, [node_of(planner, film, film.variant, frame) for frame in film.frames]


# -- there and back ------------------------------------------------------------------------------------------------


def test_boomerang_shows_each_end_once_and_all_between_twice():
    assert [THERE_AND_BACK.shown(index).frame for index in range(8)] == [0, 1, 2, 3, 4, 3, 2, 1]
    assert THERE_AND_BACK.num_shown == 8
    assert THERE_AND_BACK.closes
    assert [THERE_AND_BACK.moment(frame) for frame in range(5)] == [0, 0.25, 0.5, 0.75, 1]


def test_boomerang_is_at_its_far_end_after_half_its_length(tide):
    timeline = tide("boomerang").recipe.timeline
    assert timeline == THERE_AND_BACK
    assert [timeline.share(text) for text in ("0.5s", "1s", "4f", "50%")] == [0.5, 1, 1, 0.5]
    assert timeline.extent == "0s to 1s, 0f to 4f"


def test_frames_on_the_way_back_are_those_of_the_way_there(tide):
    planner = Planner(tide("boomerang"))
    _, nodes = film_of(planner)
    keys = [node.key for node in nodes]
    assert keys[5:] == keys[3:0:-1]
    assert len(set(keys)) == 5


@pytest.mark.parametrize(("duration", "num_frames"), [("1.75s", 8), ("2s", 8), ("2.2s", 8), ("2f", 2), ("0.3s", 2)])
def test_seconds_are_rounded_to_a_film_that_comes_back(tide, duration, num_frames):
    assert tide("boomerang", duration).recipe.timeline.num_shown == num_frames


def test_odd_number_of_frames_cannot_come_back(tide):
    told = fault(tide, "boomerang", "9f")
    assert "a boomerang shows its first and its last frame once and all others twice: write 8f or 10f" in told
    assert "tide.yaml:6:22" in told


# -- the end faded into the beginning ------------------------------------------------------------------------------


def test_faded_film_goes_on_from_its_end_into_its_beginning():
    shown = [FADED.shown(index) for index in range(8)]
    assert shown[:4] == [Shown(4), Shown(5), Shown(6), Shown(7)]
    assert [(each.frame, each.into) for each in shown[4:]] == [(8, 0), (9, 1), (10, 2), (11, 3)]
    assert [each.share for each in shown[4:]] == pytest.approx([0.2, 0.4, 0.6, 0.8])


def test_faded_film_is_as_long_as_it_says_and_drawn_longer(tide):
    for length in ("1s", "4f"):
        assert tide(f"{{crossfade: {length}}}").recipe.timeline == FADED


def test_frames_are_the_drawn_ones_and_in_the_end_mixtures_of_two(tide, studio):
    planner = Planner(tide("{crossfade: 1s}"))
    runner = Runner("tide.yaml", Cache(studio / "store"))
    drawn = [runner.value(planner.node("tide", planner.base_variants[0], frame)) for frame in range(12)]
    _, nodes = film_of(planner)
    frames = [runner.value(node) for node in nodes]
    np.testing.assert_array_equal(frames[:4], drawn[4:8])
    for place, share in enumerate((0.2, 0.4, 0.6, 0.8)):
        np.testing.assert_array_equal(frames[4 + place], crossfade(drawn[8 + place], drawn[place], share=share))


def test_pipe_that_stands_still_is_not_faded(tide):
    planner = Planner(tide("{crossfade: 1s}"))
    variant = planner.base_variants[0]
    assert planner.shown("art", variant, 5) is planner.node("art", variant)


def test_longer_fade_is_another_film(tide):
    keys = {film_of(Planner(tide(f"{{crossfade: {length}}}")))[0].key for length in ("1f", "2f", "1s")}
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        ("round", "loop is true, false, boomerang or {crossfade: 1s}, received 'round'"),
        ("{crossfade: 1s, ease: x}", "loop is true, false, boomerang or {crossfade: 1s}"),
        ("{fade: 1s}", "loop is true, false, boomerang or {crossfade: 1s}"),
        ("[true]", "loop is true, false, boomerang or {crossfade: 1s}"),
        ("{crossfade: 3s}", "crossfade is seconds (1s) or frames (150f), 1 to 8 frames in all, received '3s'"),
        ("{crossfade: 10%}", "crossfade is seconds (1s) or frames (150f), 1 to 8 frames in all, received '10%'"),
        ("{crossfade: 0f}", "crossfade is seconds (1s)"),
    ],
)
def test_other_ways_to_close_are_refused(tide, loop, message):
    assert message in fault(tide, loop)


DRAWN = """\
timeline: {duration: 2s, fps: 4, loop: {crossfade: 1s}}
steps:
  lines: [{load: {path: $image}}, darkness, {isolines: {num_levels: "=3+frame"}}]
  inked: [$lines, draw]
outputs: {film: {from: $lines, per: recipe, formats: [mp4]}}
"""


def test_film_of_drawings_is_not_faded(write_recipe):
    with pytest.raises(RecipeError, match="output 'film': a film of drawings cannot be faded into its beginning"):
        check_file(write_recipe(DRAWN))
    for other in (("from: $lines", "from: $inked"), ("{crossfade: 1s}", "boomerang"), ("[mp4]", "[png, svg]")):
        check_file(write_recipe(DRAWN.replace(*other)))


# -- all of them ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", ["boomerang", "{crossfade: 1s}", "false"])
def test_still_shows_a_drawn_moment_pure(tide, loop):
    planner = Planner(tide(loop))
    (end,) = [artifact for artifact in plan_artifacts(planner) if artifact.output.name == "end"]
    assert node_of(planner, end, end.variant, end.frames[0]).settings["opacity"] == 1


@pytest.mark.parametrize("loop", ["boomerang", "{crossfade: 1s}"])
def test_film_that_closes_otherwise_may_end_elsewhere_than_it_began(tide, loop):
    assert not any("does not close the loop" in warning for warning in tide(loop).warnings)


@pytest.mark.parametrize(("loop", "most"), [("boomerang", 1.05), ("{crossfade: 1s}", 1.6)])
def test_seam_of_a_film_that_closes_is_a_step_like_the_others(tide, tmp_path, loop, most):
    renderer = Renderer(Planner(tide(loop)), tmp_path / "out", Cache(tmp_path / "store"))
    (film,) = [done for done in renderer.render(Quiet()) if done.seam is not None]
    assert film_info(film.path).num_frames == 8
    assert 0.5 < film.seam.ratio < most


def test_open_film_has_no_seam_and_a_loop_that_jumps_a_rough_one(tide, tmp_path):
    seams = {}
    for loop in ("false", "true"):
        renderer = Renderer(Planner(tide(loop)), tmp_path / loop, Cache(tmp_path / "store"))
        seams[loop] = [done.seam for done in renderer.render(Quiet()) if done.seam is not None]
    assert seams["false"] == []
    assert seams["true"][0].is_rough
