"""Octaves and films: sizes, rings and loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from artforge.core.errors import ChoiceError
from artforge.engine.ascent.ascend import ascend
from artforge.engine.ascent.checkpoint import StateFile
from artforge.engine.ascent.deprocess import Finish
from artforge.engine.ascent.films import looped, on_ring, path_frames, ring_frames, zoom_frames
from artforge.engine.ascent.objectives import channel
from artforge.engine.ascent.octaves import ascend_in_octaves, dream, octave_sizes
from artforge.engine.ascent.presets import chollet, lucid
from artforge.engine.ascent.seams import seam_visibility
from artforge.engine.ascent.slopes import Slopes
from artforge.engine.ascent.tuning import made_seamless


def test_octaves_by_hand():
    assert octave_sizes((280, 140), 3) == [(143, 71), (200, 100), (280, 140)]
    assert octave_sizes((280, 140), 3, least=80) == [(200, 100), (280, 140)]
    assert octave_sizes((8, 8), 3, least=32) == [(8, 8)]
    for wrong in ({"num": 0}, {"num": 2, "scale": 1.0}):
        with pytest.raises(ChoiceError, match="octaves are at least 1"):
            octave_sizes((8, 8), **wrong)


def test_values_of_all_octaves_are_told_in_a_row(residual, paint):
    ascent = chollet(num_steps=3)
    grown = ascend_in_octaves([channel("late", 5)], model=residual, ascent=ascent, size=(80, 60), num_octaves=3)
    assert len(grown[0].values) == 6  # at a third octave the shorter edge would be below 32
    assert grown[0].picture.shape == (80, 60, 3)
    [dreamt] = dream([channel("late", 5)], [paint(1, 64, 90)], model=residual, ascent=ascent, num_octaves=2)
    assert len(dreamt.values) == 6


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


@pytest.mark.parametrize("wrong", [{"num_frames": 1}, {"objectives": [channel("late", 5)]}])
def test_a_ring_needs_two_of_both(residual, wrong):
    settings = {"objectives": [channel("late", 5), channel("late", 3)], "num_frames": 4} | wrong
    with pytest.raises(ChoiceError, match="at least 2 objectives and 2 frames"):
        ring_frames(settings.pop("objectives"), model=residual, ascent=lucid(num_steps=2), **settings)


def test_a_loop_is_faded_into_its_beginning_by_hand():
    frames = [np.full((1, 1, 3), value, np.float32) for value in (0.0, 0.1, 0.2, 0.8, 1.0)]
    joined = [float(frame[0, 0, 0]) for frame in looped(frames, 2)]
    np.testing.assert_allclose(joined, [0.8 * 2 / 3, 1.0 / 3 + 0.1 * 2 / 3, 0.2], atol=1e-6)
    assert len(looped(frames, 0)) == 5


def test_a_zoom_film_has_as_many_frames_as_asked_for(residual, paint):
    ascent = chollet(num_steps=2)
    frames = zoom_frames(
        channel("late", 5), paint(1, 24, 24), model=residual, ascent=ascent, num_frames=4, steps_per_frame=1, overlap=2
    )
    assert len(frames) == 4
    with pytest.raises(ChoiceError, match="a zoom needs"):
        zoom_frames(channel("late", 5), paint(1, 24, 24), model=residual, ascent=ascent, num_frames=4, zoom=0.0)
