"""Recursive subdivision: rectangles cut into rectangles."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.algorithmic.panel import rectangle
from artforge.engine.data.procedural.canvas import Canvas, Points

Box = tuple[float, float, float, float]
"""x, y, width, height in units."""


def subdivision(canvas: Canvas, rng: np.random.Generator) -> None:
    """A page cut again and again, its panes left bare, filled, ruled with parallel lines or set with a quarter disc.

    Source: Knowlton & Mohr's and Mondrian-style programs since Noll, Human or Machine (1966); the k-d tree of Bentley
    (1975).
    """
    width, height = canvas.inner_size
    panes = cut((canvas.margin, canvas.margin, float(width), float(height)), int(rng.integers(4, 7)), rng)
    gap = float(rng.choice([0.0, 0.005, 0.012]))
    quarter_turns = rng.random() < 0.5
    for pane in panes:
        x, y, pane_width, pane_height = pane
        inner = (x + gap, y + gap, pane_width - 2 * gap, pane_height - 2 * gap)
        if min(inner[2:]) < 0.01:
            continue
        fill(canvas, inner, canvas.coverage, quarter_turns, rng)
    rule = canvas.blank_mask()
    for pane in panes:
        canvas.line(rule, rectangle(*pane), 0.003 + gap / 4, closed=True)
    canvas.lay(rule, canvas.ink(0))


def cut(box: Box, depth: int, rng: np.random.Generator) -> list[Box]:
    """Cut across the longer side at a simple fraction, and on, until `depth` or by chance."""
    x, y, width, height = box
    if depth == 0 or (depth < 3 and rng.random() < 0.25) or max(width, height) < 0.06:
        return [box]
    share = float(rng.choice([0.5, 0.5, 1 / 3, 2 / 3, 0.382, 0.618]))
    if width > height:
        return cut((x, y, width * share, height), depth - 1, rng) + cut(
            (x + width * share, y, width * (1 - share), height), depth - 1, rng
        )
    return cut((x, y, width, height * share), depth - 1, rng) + cut(
        (x, y + height * share, width, height * (1 - share)), depth - 1, rng
    )


def fill(canvas: Canvas, box: Box, coverage: float, quarter_turns: bool, rng: np.random.Generator) -> None:
    """Fill one pane by chance, so that about `coverage` of the page ends up inked."""
    kind, ink = rng.random(), canvas.ink(int(rng.integers(len(canvas.inks))))
    x, y, width, height = box
    if kind < coverage * 0.75:
        canvas.polygon(canvas.pixels, rectangle(*box), ink)
    elif kind < coverage * 1.35:
        canvas.lines(mask := canvas.blank_mask(), ruled(box), 0.005)
        canvas.lay(mask, ink)
    elif kind < coverage * 1.6 and quarter_turns:
        radius, angle = min(width, height), np.linspace(0, np.pi / 2, 24)
        arc = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * radius
        canvas.polygon(canvas.pixels, np.vstack([np.zeros(2), arc]) + np.array([x, y]), ink)


def ruled(box: Box) -> Points:
    """Parallel lines along a box's longer side, 0.014 units apart: (num_lines, 2, 2)."""
    x, y, width, height = box
    along = np.array([width, 0]) if width > height else np.array([0, height])
    across = np.array([width, height]) - along
    share = np.linspace(0, 1, max(2, round(float(across.sum()) / 0.014)))
    starts = np.array([x, y]) + share[:, None] * across
    return np.stack([starts, starts + along], axis=1)
