"""How a hand's tools leave pigment: width from pressure and speed, grain from the paper, uneven edges and overlaps."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.procedural.canvas import Canvas, Field, Mask
from artforge.engine.data.procedural.gesture import Strokes
from artforge.engine.data.procedural.noise import fractal_noise, smoothstep, value_noise

Array = NDArray[np.float64]
Colour = NDArray[np.float32]

NUM_SIDE_PATHS = 9  # lines that make up the band of a stick on its side


def pressure(strokes: Strokes, rng: np.random.Generator, *, attack: float = 0.08, release: float = 0.25) -> Array:
    """How hard the tool is pressed, (num_strokes, num_samples), [0, 1].

    It rises at the attack, falls at the release, gives way where the hand is fast, and wavers by a few percent on the
    way.

    Args:
        attack, release: share of the way over which the tool comes down and lifts off.
    """
    way = way_covered(strokes)
    shape = (len(way), 1)
    attack_each = attack * np.exp(0.4 * rng.standard_normal(shape))
    release_each = release * np.exp(0.4 * rng.standard_normal(shape))
    down = np.clip(way / attack_each, 0, 1) ** 0.6
    lift = np.clip((1 - way) / release_each, 0, 1) ** 0.8
    waver = 0.07 * np.sin(way * rng.uniform(6, 24, shape) + rng.uniform(0, 6, shape))
    weight = np.exp(0.12 * rng.standard_normal(shape))
    return np.asarray(np.clip(down * lift * weight * (1 - 0.28 * strokes.relative_speed + waver), 0, 1))


def way_covered(strokes: Strokes) -> Array:
    """Share of each stroke's length already drawn, (num_strokes, num_samples), [0, 1]."""
    steps = np.hypot(*np.moveaxis(np.diff(strokes.points, axis=1), -1, 0))
    way = np.concatenate([np.zeros((len(steps), 1)), np.cumsum(steps, axis=1)], axis=1)
    return np.asarray(way / np.maximum(way[:, -1:], 1e-9))


def pen(canvas: Canvas, strokes: Strokes, width: float, ink: Colour, rng: np.random.Generator) -> None:
    """A steel nib: wider where it is slow or pressed, small blots where it rests, the edge feathered by the paper."""
    force = pressure(strokes, rng, attack=0.03, release=0.10)
    widths = width * (0.45 + 0.75 * force + 0.30 * (1 - strokes.relative_speed) ** 4)
    mask = canvas.blank_mask()
    canvas.strokes(mask, strokes.points, widths, np.ones(1))
    canvas.lay(share_covered(mask) * np.minimum(1, 0.40 + 0.95 * canvas.tooth), ink)


def graphite(
    canvas: Canvas, strokes: Strokes, width: float, ink: Colour, rng: np.random.Generator, *, hardness: float = 0.5
) -> None:
    """A pencil: pressure shades it, the paper's hollows stay bare; `hardness` 0 is a dark lead, 1 a pale one."""
    force = pressure(strokes, rng)
    mask = canvas.blank_mask()
    canvas.strokes(mask, strokes.points, width * (0.6 + 0.5 * force), 0.25 + 0.75 * force)
    canvas.lay(catch_on_tooth(mask, canvas.tooth, roughness=0.6, softness=0.8), ink, 1.0 - 0.3 * hardness)


def dry_stick(
    canvas: Canvas,
    strokes: Strokes,
    width: float,
    ink: Colour,
    rng: np.random.Generator,
    *,
    roughness: float,
    smear: float = 0.0,
    on_its_side: bool = False,
) -> None:
    """Charcoal, pastel or wax crayon: a stick that touches only the paper's peaks unless pressed.

    Args:
        roughness: [0, 1], how much of the paper shows through.
        smear: units, how far a finger has rubbed the dust; 0 for wax.
        on_its_side: drag the stick's long side: a square-ended band, pressed harder toward one edge.
    """
    force = pressure(strokes, rng, attack=0.05, release=0.12)
    mask = canvas.blank_mask()
    if on_its_side:
        paths, weights = side_by_side(strokes, width, rng)
        canvas.strokes(
            mask, paths, np.full(1, width / NUM_SIDE_PATHS * 1.5), np.repeat(force, NUM_SIDE_PATHS, axis=0) * weights
        )
    else:
        canvas.strokes(mask, strokes.points, width * (0.75 + 0.3 * force), 0.3 + 0.7 * force)
    if smear > 0:
        dust = blur(share_covered(mask), smear * canvas.scale)
        canvas.lay(dust, ink, 0.28)
    canvas.lay(catch_on_tooth(mask, canvas.tooth, roughness=roughness, softness=0.35), ink)


def side_by_side(strokes: Strokes, width: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Each stroke as parallel paths across a stick held at right angles to its mean direction.

    Returns:
        (num_strokes * NUM_SIDE_PATHS, num_samples, 2) paths, and (num_strokes * NUM_SIDE_PATHS, 1) weights [0, 1].
    """
    way = strokes.points[:, -1] - strokes.points[:, 0]
    heading = np.arctan2(way[:, 1], way[:, 0]) + np.pi / 2 + 0.15 * rng.standard_normal(len(way))
    stick = np.stack([np.cos(heading), np.sin(heading)], axis=-1) * width / 2
    place = np.linspace(-1, 1, NUM_SIDE_PATHS)
    paths = strokes.points[:, None] + place[:, None, None] * stick[:, None, None]
    lean = rng.uniform(-0.45, 0.45, (len(way), 1))
    weights = np.clip(0.85 + lean * place, 0, 1)
    return paths.reshape(-1, *strokes.points.shape[1:]), weights.reshape(-1, 1)


def catch_on_tooth(mask: Mask, tooth: Field, *, roughness: float, softness: float) -> Field:
    """Where dry pigment stays: pressure must outweigh the depth of the paper's hollows. float32, [0, 1]."""
    force = share_covered(mask)
    return np.where(
        mask > 0, smoothstep(0, softness, force * 1.05 - np.float32(roughness) * (1 - tooth)), np.float32(0)
    )


def bristles(
    canvas: Canvas,
    strokes: Strokes,
    width: float,
    ink: Colour,
    rng: np.random.Generator,
    *,
    num_bristles: int,
    dryness: float,
) -> None:
    """A brush as a bundle of bristles side by side, each with a load of its own that runs out along the stroke.

    Args:
        width: of the whole brush, units.
        dryness: 0 a full wet brush, 1 one that breaks up before the middle of the stroke.

    Source: Strassmann, Hairy Brushes (1986), SIGGRAPH.
    """
    force = pressure(strokes, rng, attack=0.06, release=0.2)
    num_strokes, num_samples = force.shape
    heading = np.gradient(strokes.points, axis=1)
    heading /= np.maximum(np.hypot(heading[..., 0], heading[..., 1])[..., None], 1e-9)
    normal = np.stack([-heading[..., 1], heading[..., 0]], axis=-1)
    place = np.linspace(-1, 1, num_bristles) + 1.4 / num_bristles * rng.standard_normal((num_strokes, num_bristles))
    splay = width / 2 * (0.55 + 0.5 * force)
    paths = strokes.points[:, None] + (place[:, :, None] * splay[:, None])[..., None] * normal[:, None]
    load = rng.uniform(0.75, 1.5, (num_strokes, num_bristles, 1)) - 0.25 * np.abs(place[..., None]) ** 3
    flicker = np.sin(way_covered(strokes)[:, None] * rng.uniform(8, 30, load.shape) + rng.uniform(0, 6, load.shape))
    left = (
        load
        - dryness * 1.5 * way_covered(strokes)[:, None] * rng.uniform(0.5, 1.3, load.shape)
        + dryness * 0.3 * flicker
    )
    strengths = np.clip(left * np.clip(force[:, None] * 3, 0, 1), 0, 1)
    hair = width / num_bristles * rng.gamma(6.0, 0.3, load.shape) * (1.2 - 0.35 * dryness)
    mask = canvas.blank_mask()
    flat = (num_strokes * num_bristles, num_samples)
    canvas.strokes(
        mask, paths.reshape(*flat, 2), np.broadcast_to(hair, strengths.shape).reshape(flat), strengths.reshape(flat)
    )
    canvas.lay(catch_on_tooth(mask, canvas.tooth, roughness=0.4 + 0.35 * dryness, softness=0.5), ink)


def felt_tip(canvas: Canvas, strokes: Strokes, width: float, ink: Colour, rng: np.random.Generator) -> None:
    """A marker: even width, transparent ink that darkens wherever two passes overlap and where the tip rests."""
    force = pressure(strokes, rng, attack=0.01, release=0.02)
    # Neighbouring strokes go on different layers, so that each overlap is stained twice.
    for layer in range(2):
        mask = canvas.blank_mask()
        canvas.strokes(mask, strokes.points[layer::2], width * (0.88 + 0.12 * force[layer::2]), np.ones(1))
        share = share_covered(mask)
        rim = np.clip(share - blur(share, 0.006 * canvas.scale), 0, 1)
        canvas.stain(share * (0.62 + 0.30 * canvas.tooth) + 0.3 * rim, ink)


def wash(canvas: Canvas, mask: Mask, ink: Colour, seed: int, *, strength: float, wetness: float) -> None:
    """A pool of watercolour: wandering edge, a dark rim where it dried, granulation in the paper's hollows, soft
    blooms.

    Args:
        mask: the shape the brush has wetted.
        strength: [0, 1], pigment in the water.
        wetness: units, how far the edge wanders.

    Source: Curtis et al., Computer-Generated Watercolor (1997), SIGGRAPH, for the effects; here drawn, not simulated.
    """
    extent, shape = (canvas.height, canvas.width), (mask.shape[0], mask.shape[1])
    wander = fractal_noise(seed, 9, 5, extent, shape, gain=0.6)
    bloom = value_noise(seed + 1, 4, extent, shape)
    soft = blur(share_covered(mask), wetness * canvas.scale)
    # Noise bends the edge only where there is an edge: it must not raise islands on dry paper.
    pool = smoothstep(0.36, 0.60, soft + np.float32(0.9) * wander * soft * (1 - soft))
    rim = np.clip(pool - blur(pool, 0.010 * canvas.scale), 0, 1)
    body = 0.74 + np.float32(0.24) * bloom + np.float32(0.30) * (0.5 - canvas.tooth)
    canvas.stain(np.clip(pool * body + 0.85 * rim, 0, 1), ink, strength)


def share_covered(mask: Mask) -> Field:
    """A mask as float32 in [0, 1]."""
    return np.asarray(mask * np.float32(1 / 255), np.float32)


def blur(values: Field, radius: float) -> Field:
    """Two box filters, about a Gaussian of deviation 0.8 radius (pixels), at a cost that does not grow with it."""
    side = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.blur(cv2.blur(values, (side, side)), (side, side)), np.float32)
