"""Crayon: zigzag fillings in wax."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.compositions import cell_frames
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.media import dry_stick

HAND = Hand(looseness=0.10, tremor=0.0016, overlap=0.35)


def crayon(canvas: Canvas, rng: np.random.Generator) -> None:
    """Patches filled to and fro in wax that misses the corners and runs over the edge, the paper grinning through."""
    num_across = int(rng.choice([2, 3, 4]))
    corners, cell = cell_frames(canvas, num_across)
    corners = corners.reshape(-1, 2)
    chosen = rng.permutation(len(corners))[: max(2, round(len(corners) * min(1, canvas.coverage * 2.2)))]
    stick = float(rng.choice([0.014, 0.020, 0.028]))
    num_turns = int(np.clip(cell / stick * 1.1, 5, 34))
    zigzag = np.stack([np.arange(num_turns) % 2, np.linspace(0, 1, num_turns)], axis=-1)
    inks = rng.integers(0, len(canvas.inks), len(chosen))
    for index, ink in enumerate(canvas.inks):
        own = corners[chosen[inks == index]]
        if len(own) == 0:
            continue
        jitter = np.array([0.10, 0.02]) * rng.standard_normal((len(own), num_turns, 2))
        angle = rng.uniform(0, 2 * np.pi, len(own))
        local = (zigzag + jitter - 0.5) * rng.uniform(0.75, 1.0, (len(own), 1, 1))
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        turned = np.stack(
            [local[..., 0] * cos - local[..., 1] * sin, local[..., 0] * sin + local[..., 1] * cos], axis=-1
        )
        strokes = perform(own[:, None] + cell / 2 + cell * turned, HAND, rng, num_samples=7 * num_turns, smooth=False)
        dry_stick(canvas, strokes, stick, ink, rng, roughness=0.8)
