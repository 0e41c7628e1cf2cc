"""Octaves and films: sizes, rings, loops and falls, which frame is shown, and what memory holds of them."""

from __future__ import annotations

import gc
from dataclasses import replace

import numpy as np
import pytest

from artforge.core.errors import ChoiceError
from artforge.core.work import Work, working
from artforge.engine.ascent.ascend import ascend
from artforge.engine.ascent.checkpoint import StateFile
from artforge.engine.ascent.deprocess import Finish
from artforge.engine.ascent.films import frame_number, path_frames
from artforge.engine.ascent.groups import bytes_of, groups_of
from artforge.engine.ascent.objectives import channel
from artforge.engine.ascent.octaves import ascend_in_octaves, dream, octave_sizes
from artforge.engine.ascent.presets import chollet, lucid
from artforge.engine.ascent.ring import on_ring, ring_frames
from artforge.engine.ascent.run import Ascended
from artforge.engine.ascent.seams import seam_visibility
from artforge.engine.ascent.shelf import Shelf
from artforge.engine.ascent.slopes import Slopes
from artforge.engine.ascent.tuning import made_seamless
from artforge.engine.ascent.zoom import Zoom, begin_fall, fall_further, fall_of, zoom_frames
from artforge.engine.models.handle import wrap_model


def test_octaves_by_hand():
    assert octave_sizes((280, 140), 3) == [(143, 71), (200, 100), (280, 140)]
    assert octave_sizes((280, 140), 3, least=80) == [(200, 100), (280, 140)]
    assert octave_sizes((8, 8), 3, least=32) == [(8, 8)]
    for wrong in ({"num": 0}, {"num": 2, "scale": 1.0}):
        with pytest.raises(ChoiceError, match="octaves are at least 1"):
            octave_sizes((8, 8), **wrong)


def test_steps_and_values_of_all_octaves_are_counted_together(residual, paint):
    ascent = chollet(num_steps=3)
    steps = []
    settings = {"model": residual, "ascent": ascent, "on_step": lambda step, _: steps.append(step)}
    [grown] = ascend_in_octaves([channel("late", 5)], size=(80, 60), num_octaves=3, **settings)
    assert len(grown.values) == grown.num_steps == 6  # at a third octave the shorter edge would be below 32
    assert steps == [0, 1, 2, 3, 4, 5]
    assert grown.picture.shape == (80, 60, 3)
    [dreamt] = dream([channel("late", 5)], [paint(1, 64, 90)], num_octaves=2, **settings)
    assert len(dreamt.values) == dreamt.num_steps == 6


def test_what_happened_at_any_octave_is_told_by_hand(residual, monkeypatch):
    raw = np.full((4, 4, 3), 0.5, np.float32)
    dead = "the filter does not respond to anything: it is dead"
    octaves = [
        Ascended(raw, raw, [1.0], {0: raw, 2: raw + 1}, num_steps=2, stopped=dead, was_dead=True, is_dead=True),
        Ascended(raw, raw, [2.0], {0: raw + 2, 3: raw + 3}, num_steps=3, stopped="far enough"),
    ]

    def join(*parts):
        given = iter(parts)
        monkeypatch.setattr("artforge.engine.ascent.octaves.ascend", lambda *_, **__: [next(given)])
        settings = {"model": residual, "ascent": chollet(), "size": (64, 64), "num_octaves": len(parts)}
        [joined] = ascend_in_octaves([channel("late", 5)], **settings)
        return joined

    told = join(*octaves)
    assert (told.num_steps, told.values, told.was_dead, told.is_dead) == (5, [1.0, 2.0], True, False)
    assert {step: float(picture[0, 0, 0]) for step, picture in told.path.items()} == {0: 0.5, 2: 2.5, 5: 3.5}
    assert told.stopped == "far enough"  # it lives at another size
    assert join(octaves[0], octaves[0]).is_dead
    assert join(octaves[0], octaves[0]).stopped == dead


def test_that_small_octaves_are_small_is_not_noticed(residual, paint):
    told = []
    with working(Work(noticed=told.append)):
        dream(
            [channel("late", 5)],
            [paint(1, 64, 64)],
            model=residual,
            ascent=chollet(num_steps=1),
            num_octaves=4,
            octave_scale=2.0,
            least=6,
        )
    assert not told


def test_a_dream_of_no_steps_length_gives_the_picture_back(residual, paint):
    painting = paint(2, 48, 64)
    still = replace(chollet(num_steps=2), optimiser=replace(chollet().optimiser, size=0.0))
    [result] = dream([channel("late", 5)], [painting], model=residual, ascent=still, num_octaves=2)
    np.testing.assert_allclose(result.picture, painting, atol=1e-6)


@pytest.mark.parametrize("num_octaves", [1, 2])
def test_a_cloth_can_be_laid_edge_to_edge(residual, num_octaves):
    settings = {"model": residual, "size": (112, 128), "num_octaves": num_octaves, "seed": 2}
    ascent = lucid(num_steps=40)
    [plain], [cloth] = (
        ascend_in_octaves([channel("late", 4)], ascent=one, **settings) for one in (ascent, made_seamless(ascent))
    )
    assert np.mean(seam_visibility(cloth.picture)) < 1.5
    assert np.mean(seam_visibility(plain.picture)) > 2.5


class KilledError(Exception):
    pass


def test_octaves_that_were_killed_go_on_to_the_very_same_picture(residual, tmp_path, monkeypatch):
    monkeypatch.setattr("artforge.engine.ascent.checkpoint.Checkpoint.is_due", lambda self: True)
    settings = {"model": residual, "ascent": chollet(num_steps=3), "size": (90, 64), "num_octaves": 2, "seed": 5}
    [expected] = ascend_in_octaves([channel("late", 5)], **settings)
    calls = 0
    climb = Slopes.climb

    def interrupted(self, *args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == 7:
            raise KilledError
        return climb(self, *args, **kwargs)

    state = StateFile(tmp_path / "state")
    monkeypatch.setattr(Slopes, "climb", interrupted)
    with pytest.raises(KilledError):
        ascend_in_octaves([channel("late", 5)], **settings, state_file=state)
    assert len(list(tmp_path.iterdir())) == 2
    [again] = ascend_in_octaves([channel("late", 5)], **settings, state_file=state)
    assert calls < 12  # the first octave is not climbed again
    np.testing.assert_array_equal(again.raw, expected.raw)
    assert again.values == expected.values
    assert not list(tmp_path.iterdir())


def test_the_frames_of_a_path_share_the_scale_of_the_last(residual):
    ascent = chollet(num_steps=6)
    [result] = ascend([channel("late", 5)], model=residual, ascent=ascent, size=(24, 24), keep_every=2)
    frames = path_frames(result, ascent.finish)
    assert len(frames) == 4
    np.testing.assert_array_equal(frames[-1], result.picture)
    mean, spread = result.raw.mean(dtype=np.float64), result.raw.std(dtype=np.float64)
    by_hand = np.clip((result.path[0] - mean) * 0.1 / spread + 0.5, 0, 1)
    np.testing.assert_allclose(frames[0], by_hand, atol=1e-5)
    with pytest.raises(ChoiceError, match="keep_every"):
        path_frames(replace(result, path={}), Finish())


def test_a_ring_is_pure_at_its_stations_and_even_between():
    ring = [channel("late", index) for index in range(3)]
    weights = [[term.weight for term in on_ring(ring, turn).terms] for turn in (0, 1 / 3, 0.5, 2 / 3, 1)]
    np.testing.assert_allclose(weights, [[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 1], [1, 0, 0]], atol=1e-9)


def test_the_frames_of_a_ring_do_not_depend_on_how_many_there_are(residual):
    ring = [channel("late", 5), channel("late", 4)]
    settings = {"model": residual, "ascent": lucid(num_steps=6), "steps_per_frame": 3, "size": (24, 24)}
    few, many = (ring_frames(ring, num_frames=count, **settings) for count in (2, 4))
    for one, other in zip(few, many[::2], strict=True):
        assert np.abs(one - other).mean() < 1e-3  # Adam enlarges the rounding of another batch


def test_the_frames_of_a_ring_climb_in_groups(residual, monkeypatch):
    ring = [channel("late", 5), channel("late", 4)]
    settings = {"model": residual, "ascent": lucid(num_steps=6), "steps_per_frame": 3, "size": (24, 24)}
    steps = []
    together = ring_frames(ring, num_frames=4, **settings)
    monkeypatch.setattr("artforge.engine.ascent.groups.CLIMBING_MEMORY", 2 * 16 * bytes_of((24, 24)))
    in_groups = ring_frames(ring, num_frames=4, on_step=lambda step, _: steps.append(step), **settings)
    assert steps == [*range(6), *range(6, 12)]
    for one, other in zip(together, in_groups, strict=True):
        assert np.abs(one - other).mean() < 1e-3  # Adam enlarges the rounding of another batch


def test_groups_by_hand():
    assert bytes_of((1024, 1024)) == 12_582_912
    assert groups_of(10, (1024, 1024)) == [range(4), range(4, 8), range(8, 10)]  # 1e9 / (16 * 12.6e6) is 4.97
    assert groups_of(2, (16384, 16384)) == [range(1), range(1, 2)]
    assert groups_of(40, (64, 64), most=16) == [range(16), range(16, 32), range(32, 40)]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"num_frames": 1}, "at least 2 frames"), ({"objectives": [channel("late", 5)]}, "at least 2 objectives")],
    ids=["frames", "objectives"],
)
def test_a_ring_needs_two_of_both(residual, wrong, told):
    settings = {"objectives": [channel("late", 5), channel("late", 3)], "num_frames": 4} | wrong
    with pytest.raises(ChoiceError, match=told):
        ring_frames(settings.pop("objectives"), model=residual, ascent=lucid(num_steps=2), **settings)


LENGTHS = [2, 3, 7, 49, 100, 150, 161, 300, 2000]


@pytest.mark.parametrize("num_frames", LENGTHS)
def test_every_moment_of_a_loop_has_its_own_frame(num_frames):
    shown = [frame_number(frame / num_frames, num_frames, is_loop=True) for frame in range(num_frames + 1)]
    assert shown == [*range(num_frames), 0]


@pytest.mark.parametrize("num_frames", LENGTHS)
def test_every_moment_of_a_film_with_an_end_has_its_own_frame(num_frames):
    for last in (num_frames - 1, num_frames):  # as a timeline counts that ends, and one that is a loop
        shown = [frame_number(frame / last, num_frames, is_loop=False) for frame in range(num_frames)]
        assert shown == list(range(num_frames))
    assert frame_number(1.0, num_frames, is_loop=False) == num_frames - 1


@pytest.fixture
def zoom(paint):
    return Zoom(
        channel("late", 5), "filter 5 of late", paint(1, 24, 24), chollet(num_steps=2), num_frames=4, steps_per_frame=1
    )


def test_a_fall_has_as_many_frames_as_asked_for(residual, zoom):
    frames = list(zoom_frames(zoom, residual))
    assert len(frames) == 4
    assert all(frame.shape == (24, 24, 3) for frame in frames)


def test_a_looped_fall_ends_with_the_frames_before_its_beginning_by_hand(residual, zoom):
    steps = []
    looped = list(zoom_frames(replace(zoom, overlap=2), residual, on_step=lambda step, _: steps.append(step)))
    longer = list(zoom_frames(replace(zoom, num_frames=6), residual))
    assert steps == list(range(6))
    np.testing.assert_array_equal(looped[:2], longer[2:4])
    np.testing.assert_allclose(looped[2], longer[4] * 2 / 3 + longer[0] / 3, atol=1e-6)
    np.testing.assert_allclose(looped[3], longer[5] / 3 + longer[1] * 2 / 3, atol=1e-6)


def test_a_fall_goes_on_from_its_state(residual, zoom):
    zoom = replace(zoom, overlap=2)
    whole = fall_further(zoom, begin_fall(zoom, residual), 4, model=residual)
    half = fall_of(fall_further(zoom, begin_fall(zoom, residual), 2, model=residual).state())
    for name, picture in fall_further(zoom, half, 4, model=residual).state().items():
        np.testing.assert_array_equal(picture, whole.state()[name])


def test_a_fall_that_cannot_be_says_why(zoom, monkeypatch):
    with pytest.raises(ChoiceError, match="a factor above 0, received 0"):
        replace(zoom, factor=0.0)
    with pytest.raises(ChoiceError, match="at most half the film of 4 frames, received 3"):
        replace(zoom, overlap=3)
    monkeypatch.setattr("artforge.engine.ascent.zoom.HELD_BYTES", 10_000)
    with pytest.raises(ChoiceError, match=r"2 frames of 24x24 is .* take a shorter overlap or a smaller picture"):
        replace(zoom, overlap=2)


def test_a_shelf_drops_what_was_asked_for_longest_ago_by_hand(residual):
    shelf = Shelf(most_bytes=10)
    for name in ("one", "two"):
        shelf.put(residual, name, name, 4)
    assert shelf.find(residual, "one", str) == "one"
    assert shelf.find(residual, "one", list) is None
    shelf.put(residual, "three", "three", 4)
    assert [shelf.find(residual, name, str) for name in ("one", "two", "three")] == ["one", None, "three"]
    shelf.put(residual, "large", "large", 99)
    assert [shelf.find(residual, name, str) for name in ("one", "three", "large")] == [None, None, "large"]


def test_what_a_shelf_holds_goes_with_its_network(keras):
    shelf = Shelf()
    model = wrap_model(keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]))
    shelf.put(model, "thing", {1, 2}, 4)
    assert len(shelf._held) == 1
    del model
    gc.collect()
    assert len(shelf._held) == 0
