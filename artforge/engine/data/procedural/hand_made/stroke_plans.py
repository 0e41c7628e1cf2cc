"""Where short strokes go: targets for hatching and for sweeps of a broad tool."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.compositions import Tone, random_points

Array = NDArray[np.float64]


def hatch_targets(
    canvas: Canvas, tone: Tone, num_strokes: int, angle: float, length: float, pitch: float, rng: np.random.Generator
) -> Array:
    """Begin and end of hatching strokes in small bundles of one slant, most of them in the dark.

    Args:
        angle: the slant all bundles share but for a hand's inaccuracy, radians.
        length: of a stroke, units.
        pitch: from one stroke of a bundle to the next, units.

    Returns:
        (about num_strokes, 2, 2): first and last point of each stroke, units.
    """
    per_bundle = 7
    places = random_points(canvas, rng, 3 * num_strokes // per_bundle)
    wanted = tone.at(places) ** 1.3
    chance = wanted / max(wanted.sum(), 1e-9) * (num_strokes / per_bundle)
    places = places[rng.random(len(places)) < chance]
    slant = angle + 0.10 * rng.standard_normal(len(places))
    along = np.stack([np.cos(slant), np.sin(slant)], axis=-1)[:, None]
    across = np.stack([-np.sin(slant), np.cos(slant)], axis=-1)[:, None]
    step = pitch * np.exp(0.2 * rng.standard_normal((len(places), 1, 1)))
    order = np.arange(per_bundle)[None, :, None] - (per_bundle - 1) / 2
    shape = (len(places), per_bundle, 1)
    middles = places[:, None] + across * step * (order + 0.25 * rng.standard_normal(shape))
    reach = along * length / 2 * np.exp(0.2 * rng.standard_normal(shape))
    slip = along * 0.12 * length * rng.standard_normal(shape)
    ends = np.stack([middles - reach + slip, middles + reach + slip], axis=2).reshape(-1, 2, 2)
    low = canvas.margin * 0.6
    return np.asarray(np.clip(ends, low, np.array([canvas.width, canvas.height]) - low))


def sweeps(places: Array, angle: float | Array, length: float, rng: np.random.Generator) -> Array:
    """Three-point targets of slightly bent sweeps around `places`: (num_places, 3, 2).

    Args:
        angle: direction in radians, one for all or (num_places, 1).
    """
    slant = (angle + 0.2 * rng.standard_normal((len(places), 1)))[:, 0]
    reach = length / 2 * rng.uniform(0.5, 1.4, (len(places), 1))
    along = np.stack([np.cos(slant), np.sin(slant)], axis=-1)
    across = np.stack([-np.sin(slant), np.cos(slant)], axis=-1)
    bow = 0.15 * reach * rng.standard_normal((len(places), 1))
    offsets = np.array([-1.0, 0.0, 1.0])
    lengthwise = along[:, None] * (offsets * reach)[..., None]
    return np.asarray(places[:, None] + lengthwise + across[:, None] * (bow * (1 - offsets**2))[..., None])
