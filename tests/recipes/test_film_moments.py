"""Values of several moments, and lists of pipes: gathered for a step, known by their keys, each computed once."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.errors import RecipeError, StepError
from artforge.core.pictures import write_png
from artforge.core.values import Kind
from artforge.ops.average import average
from artforge.recipes import mapping
from artforge.recipes.cache import Cache
from artforge.recipes.check import check_file
from artforge.recipes.cluster_tasks import tasks_of
from artforge.recipes.keys import places_of
from artforge.recipes.nodes import walk, walk_at_once
from artforge.recipes.plan import Planner
from artforge.recipes.records import Records
from artforge.recipes.render import Renderer
from artforge.recipes.reporting import Reporter
from artforge.recipes.run import Runner
from artforge.recipes.timeline import Timeline
from artforge.recipes.why import explain

MOVING = """\
timeline: {duration: 8f, fps: 4, loop: LOOP}
steps:
  art: [{load: {path: $image}}]
  other: [{load: {path: two.png}}]
  tide: [$other, {blend: {base: $art, opacity: "=(3*frame % 8)/8"}}]
  calm: [$tide, {smooth_over_time: {frames: 2, space: srgb}}]
  inside:
    - $other
    - blend: {base: $art, opacity: "=(3*frame % 8)/8"}
    - smooth_over_time: {frames: 2, space: srgb}
    - crossfade: {other: $art, share: "=frame/16"}
  still: [$art, {smooth_over_time: {frames: 2}}]
outputs: {film: {from: $calm, per: recipe, formats: [mp4]}}
"""
TOGETHER = """\
steps:
  art: [{load: {path: $image}}]
  other: [{load: {path: two.png}}]
  third: [$other, {crossfade: {other: $art, share: 0.3}}]
  mean: [{average: {images: [$art, $other, $third]}}]
  page: [{grid: {images: LIST}}]
outputs: {mean: {from: $mean, per: recipe}}
"""


class Quiet(Reporter):
    """Hears nothing."""


@pytest.fixture
def moving(write_recipe):
    """`moving(loop)` is the planner of a picture that moves, in a film that closes in this way."""
    return lambda loop="true": Planner(check_file(write_recipe(MOVING.replace("LOOP", loop))))


@pytest.fixture
def together(write_recipe):
    """`together(listed)` checks a recipe with lists of pipes."""
    return lambda listed="[$art, $other]": check_file(write_recipe(TOGETHER.replace("LIST", listed)))


@pytest.fixture
def runner(studio):
    return Runner("tide.yaml", Cache(studio / "store"))


def drawn(planner, runner, pipe):
    return [runner.value(planner.node(pipe, planner.base_variants[0], frame)) for frame in range(8)]


AROUND_FRAME_1 = {
    "true": [7, 0, 1, 2, 3],
    "false": [0, 0, 1, 2, 3],
    "boomerang": [1, 0, 1, 2, 3],
    "{crossfade: 2f}": [0, 0, 1, 2, 3],
}


@pytest.mark.parametrize("loop", AROUND_FRAME_1)
def test_moving_picture_is_averaged_over_the_frames_around_it(moving, runner, loop):
    planner = moving(loop)
    variant = planner.base_variants[0]
    weights = np.hanning(7)[1:-1] / np.hanning(7).sum()
    around = [runner.value(planner.node("tide", variant, frame)) for frame in AROUND_FRAME_1[loop]]
    calm = runner.value(planner.node("calm", variant, 1))
    np.testing.assert_allclose(calm, np.tensordot(weights, np.stack(around), axes=1), atol=1e-6)


def test_frames_around_wrap_turn_back_or_are_held():
    loop, film = Timeline(5, 4, loop=True), Timeline(5, 4, loop=False)
    there_and_back = Timeline(5, 4, loop=False, boomerang=True)
    assert loop.around(0, 2) == [3, 4, 0, 1, 2]
    assert film.around(0, 2) == [0, 0, 0, 1, 2]
    assert film.around(4, 1) == [3, 4, 4]
    assert there_and_back.around(0, 2) == [2, 1, 0, 1, 2]
    assert there_and_back.around(4, 3) == [1, 2, 3, 4, 3, 2, 1]
    assert loop.around(1, 7) == [(1 + step) % 5 for step in range(-7, 8)]


def test_only_what_stands_before_it_in_its_pipe_is_averaged(moving, runner):
    planner = moving()
    before, inside = drawn(planner, runner, "calm"), drawn(planner, runner, "inside")
    np.testing.assert_array_equal(inside[0], before[0])
    assert not np.array_equal(inside[4], before[4])
    art = runner.value(planner.node("art", planner.base_variants[0]))
    assert np.abs(inside[4] - art).mean() < np.abs(before[4] - art).mean()


def test_picture_that_stands_still_stays_as_it_is(moving, runner):
    planner = moving()
    variant = planner.base_variants[0]
    art, still = (runner.value(planner.node(pipe, variant, 3)) for pipe in ("art", "still"))
    np.testing.assert_allclose(still, art, atol=2e-6)
    assert planner.node("still", variant, 3) is planner.node("still", variant, 0)


def test_without_a_timeline_there_is_one_moment(write_recipe, runner):
    body = MOVING.replace("timeline: {duration: 8f, fps: 4, loop: LOOP}\n", "").replace("(3*frame % 8)/8", "0.25")
    body = body.replace("frame/16", "0.5").replace("mp4", "png")
    planner = Planner(check_file(write_recipe(body)))
    calm, tide = (runner.value(planner.node(pipe, planner.base_variants[0])) for pipe in ("calm", "tide"))
    np.testing.assert_allclose(calm, tide, atol=1e-6)


def test_each_frame_is_drawn_once_however_many_average_over_it(moving, runner):
    computed = []
    runner.computed = lambda node, _: computed.append(node.checked.id)
    planner = moving()
    for frame in range(8):
        runner.value(planner.node("calm", planner.base_variants[0], frame))
        planner.forget_frames()
    assert computed.count("tide.blend") == computed.count("calm.smooth_over_time") == 8


def test_frame_is_known_by_its_neighbours(moving, studio, paint):
    planner = moving()
    variant = planner.base_variants[0]
    keys = [planner.node("calm", variant, frame).key for frame in range(8)]
    assert len(set(keys)) == 8
    assert keys == [moving().node("calm", variant, frame).key for frame in range(8)]
    write_png(studio / "two.png", paint(7))
    assert not set(keys) & {moving().node("calm", variant, frame).key for frame in range(8)}


def test_how_many_neighbours_count_may_move(write_recipe):
    planner = Planner(check_file(write_recipe(MOVING.replace("LOOP", "true").replace("frames: 2", 'frames: "=frame"'))))
    nodes = [planner.node("calm", planner.base_variants[0], frame) for frame in range(4)]
    assert [len(node.inputs) for node in nodes] == [1, 3, 5, 7]
    assert list(nodes[1].inputs) == ["moments -1", "moments +0", "moments +1"]


def test_averages_of_averages_reach_further(write_recipe, runner):
    twice = MOVING.replace("LOOP", "true").replace(
        "calm: [$tide,", "calm: [$tide, {smooth_over_time: {frames: 1, space: srgb}},"
    )
    planner = Planner(check_file(write_recipe(twice)))
    top = planner.node("calm", planner.base_variants[0], 4)
    assert sum(node.checked.id == "tide.blend" for node in walk([top])) == 7


def test_reason_of_a_miss_is_told_of_each_call_once(moving, tmp_path, monkeypatch):
    monkeypatch.setattr("artforge.recipes.run._READ_SECONDS", -1e9)
    renderer = Renderer(moving(), tmp_path / "out", Cache(tmp_path / "store"))
    assert [place.id for place in places_of(renderer.planner, renderer.artifacts)] == [
        *("art.load", "other.load", "tide.blend", "calm.smooth_over_time"),
    ]
    renderer.render(Quiet())
    again = Renderer(moving(), tmp_path / "out", Cache(tmp_path / "store"))
    assert {verdict.state for verdict in explain(again)} == {"hit"}


def test_walk_at_once_leaves_other_moments_out(moving):
    planner = moving()
    top = planner.node("calm", planner.base_variants[0], 4)
    blends = [node for node in walk_at_once([top]) if node.checked.id == "tide.blend"]
    assert blends == [planner.node("tide", planner.base_variants[0], 4)]


def test_workers_are_asked_for_shared_neighbours_before_the_frames(moving, tmp_path):
    renderer = Renderer(moving(), tmp_path / "out", Cache(tmp_path / "store"))
    work = tasks_of(renderer)
    place = {task.key: number for number, task in enumerate(work.tasks)}
    (frames,) = set(work.films.values())
    assert len(frames) == 8
    for task in work.tasks:
        assert all(place[need] < place[task.key] for need in task.needs)
    assert sum(work.nodes[task.key].checked.id == "tide.blend" for task in work.tasks) == 8


def test_record_of_an_average_names_what_it_averages(moving):
    planner = moving()
    branch = Records(planner).branch("calm", planner.base_variants[0])
    assert branch[-1].inputs == {"moments": "tide.blend"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("smooth_heat_over_time", "smooth_heat_over_time.moments wants a heatmap, the pipe brings an image"),
        ("smooth_over_time: {moments: [$art, $other]}", "smooth_over_time.moments is an image from another pipe"),
        ("smooth_over_time: {frames: 121}", "smooth_over_time.frames: 121 is out of range"),
    ],
)
def test_what_cannot_be_averaged_is_refused_in_the_words_of_the_recipe(write_recipe, call, message):
    with pytest.raises(RecipeError) as caught:
        check_file(write_recipe(MOVING.replace("LOOP", "true").replace("smooth_over_time: {frames: 2}", call)))
    assert message in str(caught.value)


# -- lists of pipes ------------------------------------------------------------------------------------------------


def test_listed_pictures_flow_in_together_and_in_their_order(together, runner):
    planner = Planner(together())
    variant = planner.base_variants[0]
    pictures = [runner.value(planner.node(pipe, variant)) for pipe in ("art", "other", "third")]
    mean = planner.node("mean", variant)
    assert list(mean.inputs) == ["images 1", "images 2", "images 3"]
    np.testing.assert_array_equal(runner.value(mean), average(np.stack(pictures)))
    other_way = Planner(together("[$other, $art]"))
    assert other_way.node("page", variant).key != planner.node("page", variant).key


def test_listed_pipes_make_a_stack_and_are_recorded_one_by_one(together):
    checked = together()
    assert checked.pipes["mean"].kind is Kind.IMAGE
    assert checked.pipes["mean"].sources == {"art", "other", "third"}
    branch = Records(Planner(checked)).branch("mean", Planner(checked).base_variants[0])
    assert branch[-1].inputs == {"images 1": "art.load", "images 2": "other.load", "images 3": "third.crossfade"}
    assert [record.id for record in branch] == ["art.load", "other.load", "third.crossfade", "mean.average"]


def test_listed_pipe_that_moves_makes_the_whole_move(write_recipe):
    body = MOVING.replace("LOOP", "true") + "  film2: {from: $mean, per: recipe, formats: [mp4]}\n"
    body = body.replace("outputs: {film: {from: $calm, per: recipe, formats: [mp4]}}", "outputs:")
    body = body.replace("steps:\n", "steps:\n  mean: [{average: {images: [$art, $tide]}}]\n")
    planner = Planner(check_file(write_recipe(body)))
    assert "mean" in planner.moving_pipes
    assert "still" not in planner.moving_pipes


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ("[$art, $othr]", "unknown reference '$othr' - did you mean 'other'?"),
        ("[$art, 3]", "grid.images is images from another pipe: write a reference such as $art, or a list of them"),
        ("[$art, $image]", "'$image' is a param (image), not a pipe"),
        ("[$art, $page]", "a circle: page -> page"),
        ("[]", "grid.images is images from another pipe"),
        ("$art", "grid.images wants images, $art gives an image: write a list of several, such as [$one, $other]"),
    ],
)
def test_list_that_cannot_be_put_together_is_refused(together, listed, message):
    with pytest.raises(RecipeError) as caught:
        together(listed)
    assert message in str(caught.value)


def test_kinds_in_a_list_are_checked_at_the_item(write_recipe):
    body = TOGETHER.replace("LIST", "[$art, $heat]").replace(
        "steps:\n", "steps:\n  heat: [$art, {grad_cam: {model: net}}]\n"
    )
    with pytest.raises(RecipeError) as caught:
        check_file(write_recipe(body))
    told = str(caught.value)
    assert "grid.images puts together images, $heat gives a heatmap: put '- normalize' and '- colorize'" in told
    assert "^" in told


def test_pictures_of_several_sizes_are_not_put_together(together, studio, paint, runner):
    write_png(studio / "two.png", paint(2, 20, 30))
    planner = Planner(together())
    with pytest.raises(StepError, match="images must be of one size to be put together, received 64x48 and 30x20"):
        runner.value(planner.node("page", planner.base_variants[0]))


def test_more_pictures_than_memory_holds_are_refused(monkeypatch, together, runner):
    monkeypatch.setattr(mapping, "MAX_STACK_BYTES", 100)
    planner = Planner(together())
    with pytest.raises(StepError, match=r"3 of 64 x 48 are .* GB together: take fewer, or make them smaller"):
        runner.value(planner.node("mean", planner.base_variants[0]))
