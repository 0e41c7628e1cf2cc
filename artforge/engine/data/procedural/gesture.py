"""How a hand moves: the sigma-lognormal model of rapid human movement.

A movement is a sum of pulses, each a command from the nervous system that the muscles answer with a lognormal burst of
speed while the direction turns from a start to an end angle. Pulses overlap in time, so corners round off, speed rises
and falls in bells, and the pen slows where the path bends. The noise of the motor system and the 8-12 Hz tremor of a
held hand are laid on top. These are simulated gestures, not recordings of people.

Sources: Plamondon, A kinematic theory of rapid human movements (1995), Biol. Cybern. 72; O'Reilly & Plamondon,
Development of a Sigma-Lognormal representation for on-line signatures (2009), Pattern Recognition 42; McAuley &
Marsden, Physiological and pathological tremors (2000), Brain 123, for the tremor's band.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TREMOR_BAND = (8.0, 12.0)  # Hz
DRIFT_BAND = (0.6, 3.0)  # Hz
PULSE_MU = -1.9  # ln seconds: a pulse's bell peaks about 0.14 s after its onset
PULSE_SIGMA = 0.28
PULSE_REACH = 3.2  # a pulse is drawn from exp(mu - 3.2 sigma) to exp(mu + 3.2 sigma): all but 0.15 % of its way


@dataclass(frozen=True)
class Pulses:
    """Lognormal pulses; every field has the shape (..., num_pulses).

    Attributes:
        onset: t0, seconds.
        mu, sigma: of the logarithm of the time since onset, in ln seconds.
        length: D, the way the pulse covers, in units.
        angle_start, angle_end: direction of travel at its begin and end, radians.
    """

    onset: Array
    mu: Array
    sigma: Array
    length: Array
    angle_start: Array
    angle_end: Array


@dataclass(frozen=True)
class Hand:
    """Who draws.

    Attributes:
        looseness: relative error of a pulse's length, and its error of direction in radians (standard deviation).
        tremor: amplitude of the tremor in units.
        drift: amplitude of the slow wavering of a hand that corrects itself by eye, in units.
        overlap: [0, 1): share of a pulse that runs while the next has begun; 0 stops at every corner.
    """

    looseness: float = 0.05
    tremor: float = 0.0012
    drift: float = 0.0035
    overlap: float = 0.45


@dataclass(frozen=True)
class Strokes:
    """Movements performed at one pace.

    Attributes:
        points: (num_strokes, num_samples, 2), units, evenly spaced in time: dense where the hand is slow.
        speed: (num_strokes, num_samples), units per second.
    """

    points: Array
    speed: Array

    @property
    def relative_speed(self) -> Array:
        """Speed over each stroke's own peak, [0, 1]."""
        return np.asarray(self.speed / np.maximum(self.speed.max(axis=-1, keepdims=True), 1e-12))


def erf(values: Array) -> Array:
    """The error function within 1.5e-7. Source: Abramowitz & Stegun (1964), 7.1.26."""
    size = np.abs(values)
    t = 1 / (1 + 0.3275911 * size)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.asarray(np.sign(values) * (1 - series * np.exp(-size * size)))


def log_age(times: Array, pulses: Pulses) -> Array:
    """(ln(t - t0) - mu) / sigma, very negative before the onset: (..., num_pulses, num_times)."""
    since = np.maximum(times[..., None, :] - pulses.onset[..., None], 1e-9)
    return (np.log(since) - pulses.mu[..., None]) / pulses.sigma[..., None]


def pulse_speed(times: Array, pulses: Pulses) -> Array:
    """Speed of each pulse, D times the lognormal density: it peaks at t0 + exp(mu - sigma^2) and integrates to D.

    Args:
        times: (..., num_times), seconds.

    Returns:
        (..., num_pulses, num_times), units per second.
    """
    since = times[..., None, :] - pulses.onset[..., None]
    width = pulses.sigma[..., None] * np.sqrt(2 * np.pi) * np.maximum(since, 1e-9)
    density = np.exp(-0.5 * log_age(times, pulses) ** 2) / width
    return np.where(since > 0, pulses.length[..., None] * density, 0.0)


def pulse_progress(times: Array, pulses: Pulses) -> Array:
    """Share of each pulse's way already covered, [0, 1]: the lognormal distribution. (..., num_pulses, num_times)."""
    return 0.5 * (1 + erf(log_age(times, pulses) / np.sqrt(2)))


def velocity(times: Array, pulses: Pulses) -> Array:
    """The vector sum of all pulses' velocities, (..., num_times, 2), units per second."""
    turn = (pulses.angle_end - pulses.angle_start)[..., None]
    angle = pulses.angle_start[..., None] + turn * pulse_progress(times, pulses)
    speed = pulse_speed(times, pulses)
    return np.stack([(speed * np.cos(angle)).sum(axis=-2), (speed * np.sin(angle)).sum(axis=-2)], axis=-1)


def trajectory(times: Array, pulses: Pulses, origin: Array) -> Array:
    """Where the pen is: the velocity integrated in closed form, for each pulse turns at a rate proportional to its
    speed.

    Args:
        times: (..., num_times), seconds.
        origin: (..., 2), where the movement starts.

    Returns:
        (..., num_times, 2), units.
    """
    progress = pulse_progress(times, pulses)
    turn = (pulses.angle_end - pulses.angle_start)[..., None]
    start = pulses.angle_start[..., None]
    half = turn * progress / 2
    # An arc's chord: D * progress * sinc(half turn so far), pointing along the mean direction so far.
    chord = pulses.length[..., None] * progress * np.sinc(half / np.pi)
    x, y = chord * np.cos(start + half), chord * np.sin(start + half)
    return np.stack([x.sum(axis=-2), y.sum(axis=-2)], axis=-1) + origin[..., None, :]


def aim(targets: Array, hand: Hand, rng: np.random.Generator, *, closed: bool = False, smooth: bool = True) -> Pulses:
    """Plan one pulse from each target to the next, with the errors of a human hand.

    Args:
        targets: (..., num_pulses + 1, 2), the points aimed at; between overlapping pulses the pen only passes near
        them. closed: whether the last target is the first, so that the path bends there as anywhere else.
        smooth: bend each pulse by the turn at its ends, as on a curve; otherwise straight pulses and sharp aims.
    """
    way = np.diff(targets, axis=-2)
    distance = np.hypot(way[..., 0], way[..., 1])
    direction = np.arctan2(way[..., 1], way[..., 0])
    bend = half_turn(direction, closed) if smooth else np.zeros_like(direction)
    shape = direction.shape
    bend = bend + hand.looseness * rng.standard_normal(shape)
    direction = direction + 0.5 * hand.looseness * rng.standard_normal(shape)
    length = distance / np.sinc(bend / np.pi) * np.exp(0.6 * hand.looseness * rng.standard_normal(shape))
    mu = PULSE_MU + 0.08 * rng.standard_normal(shape)
    sigma = PULSE_SIGMA * np.exp(0.1 * rng.standard_normal(shape))
    gap = np.exp(mu) * (1.6 * (1 - hand.overlap)) * np.exp(0.1 * rng.standard_normal(shape))
    onset = np.cumsum(gap, axis=-1) - gap
    return Pulses(onset, mu, sigma, length, direction - bend, direction + bend)


def half_turn(direction: Array, closed: bool) -> Array:
    """Half the mean turn at both ends of each pulse, within +-1.2 rad: a circle's pulses become arcs of that circle."""
    turn = (np.diff(direction, axis=-1) + np.pi) % (2 * np.pi) - np.pi
    if closed:
        last = (direction[..., :1] - direction[..., -1:] + np.pi) % (2 * np.pi) - np.pi
    else:
        last = np.zeros_like(direction[..., :1])
    before, after = np.concatenate([last, turn], axis=-1), np.concatenate([turn, last], axis=-1)
    return np.asarray(np.clip((before + after) / 4, -1.2, 1.2))


def shake(times: Array, amplitude: float, band: tuple[float, float], rng: np.random.Generator) -> Array:
    """Three sines for each axis, of random phase and of frequencies within `band` Hz: (..., num_times, 2), units."""
    shape = (*times.shape[:-1], 1, 2, 3)  # (..., time, axis, sine)
    frequency, phase = rng.uniform(*band, shape), rng.uniform(0, 2 * np.pi, shape)
    waves = np.sin(2 * np.pi * frequency * times[..., None, None] + phase)
    return np.asarray(amplitude * waves.sum(axis=-1) / np.sqrt(3))


def perform(
    targets: Array,
    hand: Hand,
    rng: np.random.Generator,
    *,
    num_samples: int,
    closed: bool = False,
    smooth: bool = True,
) -> Strokes:
    """Draw a stroke through each row of targets.

    Args:
        targets: (num_strokes, num_pulses + 1, 2), units.
        num_samples: points per stroke, evenly spaced in time.
    """
    pulses = aim(targets, hand, rng, closed=closed, smooth=smooth)
    spread = PULSE_REACH * pulses.sigma
    begin = (pulses.onset + np.exp(pulses.mu - spread)).min(axis=-1, keepdims=True)
    end = (pulses.onset + np.exp(pulses.mu + spread)).max(axis=-1, keepdims=True)
    # A long movement is sampled where the pen travels, not through the last pulse's slow tail.
    times = begin + (end - begin) * np.linspace(0, 1, num_samples)
    points = trajectory(times, pulses, targets[..., 0, :])
    points += shake(times, hand.tremor, TREMOR_BAND, rng) + shake(times, hand.drift, DRIFT_BAND, rng)
    motion = velocity(times, pulses)
    return Strokes(points, np.hypot(motion[..., 0], motion[..., 1]))
