"""Time: loops close, films end where they should, keys are reached and eased between."""

from __future__ import annotations

from itertools import pairwise

import pytest

from artforge.recipes.easing import EASINGS
from artforge.recipes.keyframes import Keyframes
from artforge.recipes.timeline import Timeline, parse_moment

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


@pytest.mark.parametrize("text", ["25", "1m", "%", "", "1.2.3s", "9" * 400 + "s"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ValueError, match="moment"):
        parse_moment(text)


IN_FORMS = {  # by hand, at 1/4, 1/2 and 3/4
    "sine": (0.0761205, 0.2928932, 0.6173166),
    "quad": (0.0625, 0.25, 0.5625),
    "cubic": (0.015625, 0.125, 0.421875),
    "quart": (0.00390625, 0.0625, 0.31640625),
    "quint": (0.0009765625, 0.03125, 0.2373046875),
    "expo": (0.0045521546, 31 / 1023, 0.1759719804),
    "circ": (0.0317541634, 0.1339745962, 0.3385621722),
    "back": (-0.0641365625, -0.0876975, 0.1825903125),
    "elastic": (-0.0055242717, -0.015625, 0.0883883476),
    "bounce": (0.02734375, 0.234375, 0.52734375),
}
WORKED = {
    "linear": (0.25, 0.5, 0.75),
    "hold": (0, 0, 0),
    "smoothstep": (0.15625, 0.5, 0.84375),
    **{f"{name}_in": values for name, values in IN_FORMS.items()},
    **{f"{name}_out": (1 - c, 1 - b, 1 - a) for name, (a, b, c) in IN_FORMS.items()},
    **{f"{name}_in_out": (b / 2, 0.5, 1 - b / 2) for name, (_, b, _) in IN_FORMS.items()},
}


@pytest.mark.parametrize("name", EASINGS)
def test_easing_has_the_values_worked_by_hand(name):
    curve = [EASINGS[name](share) for share in (0, 0.25, 0.5, 0.75, 1)]
    assert curve == pytest.approx([0, *WORKED[name], 1], abs=1e-7)


def test_there_is_a_curve_for_every_taste_and_each_is_another():
    assert len(EASINGS) >= 19
    assert WORKED.keys() == EASINGS.keys()
    curves = {tuple(round(ease(index / 16), 9) for index in range(17)) for ease in EASINGS.values()}
    assert len(curves) == len(EASINGS)


@pytest.mark.parametrize("name", [name for name in EASINGS if not name.startswith(("back", "elastic", "bounce"))])
def test_easing_never_turns_back(name):
    ease = EASINGS[name]
    curve = [ease(index / 200) for index in range(201)]
    assert all(later >= earlier - 1e-12 for earlier, later in pairwise(curve))


@pytest.mark.parametrize("name", [name for name in EASINGS if name.endswith("_in_out")])
def test_in_out_easing_is_point_symmetric(name):
    ease = EASINGS[name]
    for share in (0.1, 0.3, 0.45):
        assert ease(share) + ease(1 - share) == pytest.approx(1)


def test_keys_are_reached_held_before_the_first_and_after_the_last():
    keys = Keyframes((0.25, 0.5), (1.0, 3.0), ("linear", "linear"))
    values = [keys.value_at(share, loop=False) for share in (0, 0.25, 0.375, 0.5, 1)]
    assert values == pytest.approx([1, 1, 2, 3, 3])


def test_keys_of_a_loop_lead_from_the_last_back_to_the_first():
    keys = Keyframes((0.0, 0.5), (0.0, 1.0), ("linear", "linear"))
    values = [keys.value_at(LOOP.moment(frame), loop=True) for frame in range(8)]
    assert values == pytest.approx([0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25])


def test_way_around_a_loop_crosses_its_seam():
    keys = Keyframes((0.25, 0.75), (0.0, 1.0), ("linear", "linear"))
    assert keys.value_at(0.0, loop=True) == pytest.approx(0.5)
    assert keys.value_at(0.999999, loop=True) == pytest.approx(0.5, abs=1e-4)


def test_each_key_has_an_ease_of_its_own_for_the_way_to_the_next():
    keys = Keyframes((0.0, 0.5, 1.0), (0.0, 1.0, 0.0), ("hold", "quad_in", "linear"))
    values = [keys.value_at(share, loop=False) for share in (0.25, 0.49, 0.5, 0.75, 1.0)]
    assert values == pytest.approx([0, 0, 1, 0.75, 0])
