"""Settings that move: keys in every unit, an ease for each way, computed key values; and loops that do not close."""

from __future__ import annotations

import re

import numpy as np
import pytest

from artforge.core.errors import RecipeError
from artforge.recipes.check import check_file
from artforge.recipes.plan import Planner
from artforge.recipes.seam import SeamMeter

BODY = """\
timeline: {duration: 8f, fps: 4, loop: LOOP}
steps:
  art: [{load: {path: $image}}]
  other: [{load: {path: two.png}}]
  tide: [$other, {blend: {base: $art, opacity: OPACITY}}]
outputs: {loop: {from: $tide, per: recipe, formats: [mp4]}}
"""


@pytest.fixture
def tide(write_recipe):
    """`tide(opacity)` checks a recipe whose opacity is written so, in a loop or not."""

    def check(opacity: str, *, loop: bool = True):
        return check_file(write_recipe(BODY.replace("OPACITY", opacity).replace("LOOP", str(loop).lower())))

    return check


def opacities(checked) -> list[float]:
    planner = Planner(checked)
    return [planner.node("tide", planner.base_variants[0], frame).settings["opacity"] for frame in range(8)]


def fault(check, opacity: str) -> str:
    with pytest.raises(RecipeError) as caught:
        check(opacity)
    return str(caught.value)


def test_keys_stand_in_percent_seconds_and_frames(tide):
    same = [opacities(tide(f"{{keys: {{0%: 0, {half}: 1}}}}")) for half in ("50%", "1s", "4f")]
    assert same[0] == pytest.approx([0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25])
    assert same[0] == same[1] == same[2]


def test_film_without_a_loop_reaches_at_its_last_frame_what_stands_at_its_last_second(tide):
    """`8f` would be a ninth frame, which is never drawn; `2s` is where the film ends."""
    same = [opacities(tide(f"{{keys: {{0%: 0, {end}: 1}}}}", loop=False)) for end in ("100%", "2s", "7f")]
    assert same[0] == pytest.approx([frame / 7 for frame in range(8)])
    assert same[0] == same[1] == same[2]
    with pytest.raises(RecipeError, match=r"8f lies outside the timeline \(0s to 2s, 0f to 7f\)"):
        tide("{keys: {0%: 0, 8f: 1}}", loop=False)


def test_equal_moments_of_a_wave_are_equal_frames(tide):
    up_and_down = opacities(tide("{keys: {0%: 0.1, 50%: 0.4}}"))
    assert up_and_down == [0.1, 0.175, 0.25, 0.325, 0.4, 0.325, 0.25, 0.175]


def test_last_frame_of_a_long_film_is_tried_too(tide, write_recipe):
    body = BODY.replace("8f", "700f").replace("LOOP", "false").replace("OPACITY", "=0.001/(1-t)")
    with pytest.raises(RecipeError, match="has no value at t=1: "):
        check_file(write_recipe(body))


def test_a_key_may_have_an_ease_of_its_own(tide):
    eased = opacities(tide("{keys: {0%: {value: 0, ease: hold}, 50%: 1}, ease: quad_in}"))
    assert eased == pytest.approx([0, 0, 0, 0, 1, 1 - 1 / 16, 0.75, 1 - 9 / 16])


def test_a_key_s_value_may_be_computed_from_params(tide):
    assert opacities(tide('{keys: {0%: 0, 50%: "=intensity/2 + 0.25"}}'))[4] == 0.5


def test_swing_beyond_the_range_is_found_before(tide):
    told = fault(tide, "{keys: {0%: 0, 50%: 1}, ease: back_out}")
    assert re.search(r"blend\.opacity: 1\.0876975 is out of range.*\(at frame 2\)", told)


@pytest.mark.parametrize(
    ("opacity", "message"),
    [
        ("{keys: {0%: 0, 50%: '=t'}}", "a key's value stands still"),
        ("{keys: {0%: {value: 0, eas: hold}}}", "a key has value and ease, not 'eas' - did you mean 'ease'?"),
        ("{keys: {0%: {ease: hold}}}", "a key with an ease of its own is written"),
        ("{keys: {0%: {value: 0, ease: hld}}}", "unknown ease 'hld' - did you mean 'hold'?"),
        ("{keys: {0%: $image}}", "$image is image, a key's value must be a number"),
        ("{keys: {0%: $intensty}}", "unknown param '$intensty' - did you mean 'intensity'?"),
        ("{keys: {0%: [1]}}", "a key's value is a number or a numeric param"),
        ("{keys: {0%: 0, 0s: 1}}", "two keys stand at the same moment"),
        ("{keys: {9s: 0}}", "9s lies outside the timeline (0s to 2s, 0f to 8f)"),
        ("{keys: {0%: 0}, eas: hold}", "a moving setting has keys and ease, not 'eas'"),
    ],
)
def test_wrong_keys_are_explained(tide, opacity, message):
    assert message in fault(tide, opacity)


@pytest.mark.parametrize("levels", ["{keys: {0%: 2, 50%: 8}}", '"=2+6*t"'])
def test_whole_number_that_would_move_between_two_is_told_how_it_stays_whole(write_recipe, levels):
    body = f"""\
    timeline: {{duration: 8f, fps: 4, loop: true}}
    steps:
      art: [{{load: {{path: "embedded:hand_made/gouache/3", long_edge: 32}}}}]
      lines: [$art, {{darkness: {{}}}}, {{isolines: {{num_levels: {levels}}}}}]
    outputs: {{film: {{from: $lines, per: recipe, formats: [mp4]}}}}
    """
    with pytest.raises(RecipeError) as caught:
        check_file(write_recipe(body))
    assert "(at frame 1): write =round(...), or keys with 'ease: hold'" in str(caught.value)


def test_number_that_moves_out_of_its_range_is_not_told_to_be_whole(write_recipe):
    body = """\
    timeline: {duration: 8f, fps: 4, loop: true}
    steps:
      art: [{load: {path: "embedded:hand_made/gouache/3", long_edge: 32}}]
      mix: [$art, {blend: {base: $art, opacity: {keys: {0%: 0.1, 50%: 1.6}}}}]
    outputs: {film: {from: $mix, per: recipe, formats: [mp4]}}
    """
    with pytest.raises(RecipeError) as caught:
        check_file(write_recipe(body))
    assert "is out of range: it must be at most 1 (at frame 3)\n" in str(caught.value)


def told_of_loops(checked) -> tuple[str, ...]:
    return tuple(warning for warning in checked.warnings if "is read by nothing" not in warning)


# -- loops ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opacity", ['"=t"', '"=frame/8"', "{keys: {0%: 0, 100%: 1}}", '"=sin(tau*t/4)"', '"=t*t"'])
def test_a_setting_that_jumps_at_the_seam_is_warned_of(tide, opacity):
    (warning,) = told_of_loops(tide(opacity))
    assert re.search(r"tide\.yaml:\d+:\d+: warning: tide\.blend\.opacity does not close the loop", warning)
    assert "starts again at 0" in warning
    assert "^" in warning


@pytest.mark.parametrize(
    "opacity",
    [
        '"=0.5-0.5*cos(tau*t)"',
        '"=0.5+0.5*sin(2*tau*t)"',
        '"=(4*t) % 1"',
        "{keys: {0%: 0, 50%: 1}}",
        "{keys: {0%: 1, 50%: 0, 100%: 1}}",
        "{keys: {25%: 0, 75%: 1}, ease: hold}",
        "0.5",
        '"=intensity"',
    ],
)
def test_a_setting_that_comes_back_is_not(tide, opacity):
    assert told_of_loops(tide(opacity)) == ()


def test_a_film_that_is_no_loop_may_end_where_it_likes(tide):
    assert told_of_loops(tide('"=t"', loop=False)) == ()


def test_a_setting_that_goes_round_may_go_all_the_way(write_recipe):
    body = """\
    timeline: {duration: 8f, fps: 4, loop: true}
    steps:
      turn: [{pull: {model: net, left: human, right: machine, angle: "=360*t"}}]
      half: [{pull: {model: net, left: human, right: machine, angle: "=180*t"}}]
    outputs: {loop: {from: $turn, per: recipe, formats: [mp4]}}
    """
    (warning,) = told_of_loops(check_file(write_recipe(body)))
    assert "half.pull.angle does not close the loop: it leads to 180" in warning


def test_a_hatching_may_go_round_and_grain_may_change_in_every_frame(write_recipe):
    body = """\
    timeline: {duration: 8f, fps: 4, loop: true}
    steps:
      art: [{load: {path: "embedded:hand_made/gouache/3", long_edge: 32}}]
      film: [$art, {grain: {frame: "=frame"}}]
      heat: [{smooth_grad: {image: $art, model: net, seed: "=frame"}}, {normalize: {}}]
      lines: [{hatch: {heatmap: $heat, angle: "=360*t"}}]
    outputs:
      grained: {from: $film, per: recipe, formats: [mp4]}
      hatched: {from: $lines, per: recipe, formats: [mp4]}
    """
    assert told_of_loops(check_file(write_recipe(body))) == ()


def frames_of(levels):
    return [np.full((4, 6, 3), level, np.float32) for level in levels]


def measured(levels):
    meter = SeamMeter()
    for index, frame in enumerate(frames_of(levels)):
        meter.look(index, frame)
    return meter.seam()


def test_seam_of_a_wheel_is_one_step_and_of_a_ramp_all_of_them():
    wheel, ramp = measured([0, 0.25, 0.5, 0.25]), measured([0, 0.1, 0.2, 0.3, 0.4])
    assert (wheel.step, wheel.median, wheel.ratio) == pytest.approx((0.25, 0.25, 1))
    assert (ramp.step, ramp.median, ramp.ratio) == pytest.approx((0.4, 0.1, 4))
    assert ramp.is_rough
    assert not wheel.is_rough
    assert str(ramp) == "the seam is 4.00 x the median step (102.00 and 25.50 of 255)"


def test_steps_that_no_eye_sees_are_no_rough_seam():
    assert not measured([0, 0, 0, 1e-4]).is_rough


def test_a_film_that_is_looked_through_twice_is_measured_once():
    meter = SeamMeter()
    for _ in range(2):
        for index, frame in enumerate(frames_of([0, 0.25, 0.5, 0.25])):
            meter.look(index, frame)
    assert meter.seam() == measured([0, 0.25, 0.5, 0.25])


def test_two_frames_have_no_seam():
    assert measured([0, 1]) is None


def test_large_frames_are_looked_at_in_part_and_agree():
    rng = np.random.default_rng(3)
    field = rng.random((700, 900, 3), dtype=np.float32)
    meter = SeamMeter()
    for index in range(4):
        meter.look(index, field * np.float32(0.2 + 0.2 * index))
    assert meter.seam().ratio == pytest.approx(3, rel=0.02)
