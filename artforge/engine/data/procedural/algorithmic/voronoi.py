"""Voronoi cells: each point's own territory."""

from __future__ import annotations

import cv2
import numpy as np

from artforge.engine.data.procedural.canvas import Canvas, Points
from artforge.engine.data.procedural.compositions import plan_tone, random_points
from artforge.engine.data.procedural.tones import ramp


def voronoi(canvas: Canvas, rng: np.random.Generator) -> None:
    """A stained-glass web of straight-edged cells, each filled, outlined or nested, after one or two steps of
    relaxation.

    Source: Voronoi (1908); Lloyd, Least squares quantization in PCM (1982), for the relaxation.
    """
    points = random_points(canvas, rng, int(rng.choice([24, 50, 110, 200])))
    for _ in range(int(rng.integers(1, 3))):
        points = np.stack([cell.mean(axis=0) for cell in cells_of(points, canvas)])
    tone = plan_tone(canvas, rng).at(points)
    rings = int(rng.choice([1, 1, 2, 3, 4]))
    grout = rng.uniform(0.80, 0.95)
    # With r nested rings only every other one is inked.
    filled = np.sqrt(canvas.coverage * 1.15) if rings == 1 else grout
    bare_share = max(0.0, 1 - canvas.coverage * 1.6 / grout**2) if rings == 1 else 0.0
    order = np.argsort(np.argsort(tone + 0.2 * rng.standard_normal(len(points)))) / len(points)
    ground = canvas.colours.ground
    shaded = rng.random() < 0.5
    for cell, rank, colour in zip(cells_of(points, canvas), order, rng.integers(0, 6, len(points)), strict=True):
        middle = cell.mean(axis=0)
        if rank < bare_share:
            continue
        for ring in range(rings):
            size = grout * (1 - ring / rings) if rings > 1 else max(grout, filled)
            ink = ramp(canvas, float(rank)) if shaded else canvas.ink(int(colour) + ring // 2)
            hue = ink if ring % 2 == 0 else ground
            canvas.polygon(canvas.pixels, middle + (cell - middle) * size, hue)


def cells_of(points: Points, canvas: Canvas) -> list[Points]:
    """The Voronoi cell of every point, clipped to the sheet inside its margin: a list of (n, 2)."""
    low = np.full(2, canvas.margin)
    high = np.array([canvas.width, canvas.height]) - canvas.margin
    # Mirror images across the four sides make the cells end exactly there.
    sides = [points * [-1, 1] + [2 * edge, 0] for edge in (low[0], high[0])]
    sides += [points * [1, -1] + [0, 2 * edge] for edge in (low[1], high[1])]
    everything = np.concatenate([points, *sides]).astype(np.float32)
    width, height = int(canvas.width) + 2, int(canvas.height) + 2
    plane = cv2.Subdiv2D((-width, -height, 3 * width, 3 * height))
    plane.insert([(float(x), float(y)) for x, y in everything])
    facets, centres = plane.getVoronoiFacetList([])
    nearest = {(round(float(x), 5), round(float(y), 5)): facet for facet, (x, y) in zip(facets, centres, strict=True)}
    own = [nearest[round(float(x), 5), round(float(y), 5)] for x, y in everything[: len(points)]]
    return [np.clip(np.asarray(facet, np.float64), low, high) for facet in own]
