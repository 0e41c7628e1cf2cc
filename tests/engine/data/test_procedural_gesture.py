"""The sigma-lognormal model, checked against what its formulas promise."""

from __future__ import annotations

import numpy as np
import pytest

from artforge.core.seeds import generator
from artforge.engine.data.procedural.gesture import (
    TREMOR_BAND,
    Hand,
    Pulses,
    aim,
    erf,
    perform,
    pulse_progress,
    pulse_speed,
    shake,
    trajectory,
    velocity,
)

STILL_HAND = Hand(looseness=0.0, tremor=0.0, drift=0.0, overlap=0.0)


def one_pulse(
    *, length: float = 0.7, mu: float = -1.6, sigma: float = 0.3, onset: float = 0.2, turn: float = 0.0
) -> Pulses:
    return Pulses(*(np.array([value]) for value in (onset, mu, sigma, length, 0.4 - turn / 2, 0.4 + turn / 2)))


TIMES = np.linspace(0.0, 4.0, 40001)


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, 0.0), (0.5, 0.5204998778), (-1.0, -0.8427007929), (3.0, 0.9999779095)]
)
def test_erf_has_its_tabulated_values(value, expected):
    assert erf(np.array([value]))[0] == pytest.approx(expected, abs=2e-7)


@pytest.mark.parametrize(("mu", "sigma"), [(-1.6, 0.3), (-2.1, 0.15), (-1.2, 0.5)])
def test_a_pulses_speed_integrates_to_its_amplitude(mu, sigma):
    speed = pulse_speed(TIMES, one_pulse(length=0.7, mu=mu, sigma=sigma))[0]
    assert np.trapezoid(speed, TIMES) == pytest.approx(0.7, rel=1e-3)


@pytest.mark.parametrize(("mu", "sigma", "onset"), [(-1.6, 0.3, 0.2), (-2.1, 0.15, 0.0), (-1.2, 0.5, 1.0)])
def test_a_pulse_is_fastest_at_the_lognormal_mode(mu, sigma, onset):
    speed = pulse_speed(TIMES, one_pulse(mu=mu, sigma=sigma, onset=onset))[0]
    assert TIMES[speed.argmax()] == pytest.approx(onset + np.exp(mu - sigma**2), abs=2e-4)


def test_nothing_moves_before_the_onset():
    pulses = one_pulse(onset=0.5)
    before = np.linspace(0, 0.5, 50)
    assert pulse_speed(before, pulses).max() == 0
    assert pulse_progress(before, pulses).max() < 1e-12


def test_a_straight_pulse_draws_a_straight_line_of_its_amplitude():
    path = trajectory(TIMES, one_pulse(length=0.7), np.array([0.1, 0.2]))
    np.testing.assert_allclose(path[0], [0.1, 0.2], atol=1e-9)
    np.testing.assert_allclose(path[-1], [0.1 + 0.7 * np.cos(0.4), 0.2 + 0.7 * np.sin(0.4)], atol=1e-5)
    across = (path - path[0]) @ [-np.sin(0.4), np.cos(0.4)]
    assert np.abs(across).max() < 1e-9


def test_a_turning_pulse_is_an_arc_as_long_as_its_amplitude():
    path = trajectory(TIMES, one_pulse(length=0.7, turn=1.5), np.zeros(2))
    assert np.hypot(*np.diff(path, axis=0).T).sum() == pytest.approx(0.7, rel=1e-3)
    assert np.hypot(*path[-1]) == pytest.approx(0.7 * np.sin(0.75) / 0.75, rel=1e-3)


def test_the_closed_form_trajectory_is_the_integral_of_the_velocity():
    pulses = Pulses(*np.array([[0.1, 0.25], [-1.6, -1.8], [0.3, 0.2], [0.5, 0.3], [0.0, 1.0], [0.8, 2.5]]))
    speed = velocity(TIMES, pulses)
    steps = (speed[1:] + speed[:-1]) / 2 * np.diff(TIMES)[:, None]
    integrated = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    np.testing.assert_allclose(trajectory(TIMES, pulses, np.zeros(2)), integrated, atol=2e-5)


def test_a_hand_without_error_arrives_where_it_aims():
    targets = np.array([[[0.1, 0.1], [0.6, 0.2], [0.7, 0.8], [0.2, 0.5]]])
    strokes = perform(targets, STILL_HAND, generator(0), num_samples=400)
    np.testing.assert_allclose(strokes.points[0, 0], targets[0, 0], atol=2e-3)
    np.testing.assert_allclose(strokes.points[0, -1], targets[0, -1], atol=2e-3)


def test_pulses_around_a_circle_bend_with_the_circle():
    angle = np.linspace(0, 2 * np.pi, 9)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)[None]
    pulses = aim(circle, STILL_HAND, generator(0), closed=True)
    np.testing.assert_allclose(pulses.angle_end - pulses.angle_start, 2 * np.pi / 8)
    np.testing.assert_allclose(pulses.length, 2 * np.pi / 8)


def test_a_drawn_strokes_speed_is_one_bell():
    targets = generator(1).random((20, 2, 2))
    speed = perform(targets, Hand(), generator(2), num_samples=200).speed
    peak = speed.argmax(axis=1)
    assert (speed[:, 0] < 0.05 * speed.max(axis=1)).all()
    assert (speed[:, -1] < 0.05 * speed.max(axis=1)).all()
    for profile, top in zip(speed, peak, strict=True):
        assert (np.diff(profile[: top + 1]) >= 0).all()
        assert (np.diff(profile[top:]) <= 0).all()
    # A lognormal bell leans forward: it rises faster than it falls.
    assert (peak < 100).all()


def test_tremor_shakes_between_8_and_12_hz():
    times = np.arange(4096) / 256.0
    movement = shake(times, 0.01, TREMOR_BAND, generator(3))
    spectrum = np.abs(np.fft.rfft(movement[:, 0] * np.hanning(len(times))))
    frequency = np.fft.rfftfreq(len(times), 1 / 256)[spectrum.argmax()]
    assert TREMOR_BAND[0] - 0.1 <= frequency <= TREMOR_BAND[1] + 0.1
    assert np.abs(movement).max() <= 0.01 * np.sqrt(3)


def test_a_looser_hand_misses_by_more():
    targets = np.tile([[0.2, 0.2], [0.8, 0.3], [0.5, 0.9]], (200, 1, 1))
    misses = [
        np.hypot(
            *(
                perform(targets, Hand(looseness=loose, tremor=0, drift=0), generator(4), num_samples=60).points[:, -1]
                - [0.5, 0.9]
            ).T
        ).mean()
        for loose in (0.0, 0.05, 0.2)
    ]
    assert misses[0] < 0.005 < misses[1] < misses[2] / 2
