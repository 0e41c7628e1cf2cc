"""Time: loops close, films end where they should, keys are reached and eased between."""

from __future__ import annotations

from itertools import pairwise

import pytest

from artforge.recipes.easing import EASINGS
from artforge.recipes.timeline import Keyframes, Timeline, parse_moment

LOOP = Timeline(num_frames=8, fps=4, loop=True)
FILM = Timeline(num_frames=9, fps=4, loop=False)


def test_loop_never_draws_its_first_moment_twice():
    moments = [LOOP.moment(frame) for frame in range(LOOP.num_frames)]
    assert moments[0] == 0
    assert moments[-1] == 7 / 8


def test_film_shows_its_first_and_its_last_moment():
    assert [FILM.moment(frame) for frame in (0, 4, 8)] == [0, 0.5, 1]
    assert Timeline(1, 25, loop=False).moment(0) == 0


@pytest.mark.parametrize(("text", "share"), [("25%", 0.25), ("0.5s", 0.25), ("4f", 0.5), ("100%", 1)])
def test_moment_means_the_same_in_percent_seconds_and_frames(text, share):
    assert LOOP.share(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["25", "1m", "%", "", "1.2.3s"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ValueError, match="moment"):
        parse_moment(text)


@pytest.mark.parametrize("name", EASINGS)
def test_easing_starts_at_0_ends_at_1_and_never_turns_back(name):
    ease = EASINGS[name]
    curve = [ease(index / 200) for index in range(201)]
    assert curve[0] == pytest.approx(0, abs=1e-12)
    assert curve[-1] == pytest.approx(1)
    assert all(later >= earlier - 1e-12 for earlier, later in pairwise(curve))


@pytest.mark.parametrize("name", [name for name in EASINGS if name.endswith("_in_out")])
def test_in_out_easing_is_point_symmetric(name):
    ease = EASINGS[name]
    for share in (0.1, 0.3, 0.45):
        assert ease(share) + ease(1 - share) == pytest.approx(1)


def test_keys_are_reached_held_before_the_first_and_after_the_last():
    keys = Keyframes((0.25, 0.5), (1.0, 3.0), "linear")
    values = [keys.value_at(share, loop=False) for share in (0, 0.25, 0.375, 0.5, 1)]
    assert values == pytest.approx([1, 1, 2, 3, 3])


def test_keys_of_a_loop_lead_from_the_last_back_to_the_first():
    keys = Keyframes((0.0, 0.5), (0.0, 1.0), "linear")
    values = [keys.value_at(LOOP.moment(frame), loop=True) for frame in range(8)]
    assert values == pytest.approx([0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25])


def test_way_around_a_loop_crosses_its_seam():
    keys = Keyframes((0.25, 0.75), (0.0, 1.0), "linear")
    assert keys.value_at(0.0, loop=True) == pytest.approx(0.5)
    assert keys.value_at(0.999999, loop=True) == pytest.approx(0.5, abs=1e-4)
