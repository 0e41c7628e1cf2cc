"""Botanical: stems and leaves in pen over wash."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.hand_made.underpainting import underpaint
from artforge.engine.data.procedural.media import pen, wash
from artforge.engine.data.procedural.subjects import leaf

HAND = Hand(looseness=0.11, tremor=0.0014, overlap=0.5)


def botanical(canvas: Canvas, rng: np.random.Generator) -> None:
    """A few swaying stems whose leaves were first brushed in and then outlined, the two never in perfect register."""
    underpaint(canvas, rng)
    num_stems = int(rng.integers(1, 6))
    size = float(np.clip((canvas.coverage / num_stems) ** 0.5 * 0.62, 0.16, 0.36))
    plumpness = rng.uniform(0.3, 0.7)
    stems, leaves = [], []
    for stem in range(num_stems):
        x = canvas.margin + canvas.inner_size[0] * (stem + rng.uniform(0.3, 0.7)) / num_stems
        height = canvas.inner_size[1] * rng.uniform(0.75, 1.0)
        sway = np.cumsum(rng.normal(0, 0.035, 6))
        targets = np.stack([x + sway, canvas.height - canvas.margin - np.linspace(0, height, 6)], axis=-1)
        stems.append(targets)
        for number, share in enumerate(np.linspace(0.2, 1.0, int(rng.integers(5, 10)))):
            at = np.array([np.interp(share * 5, np.arange(6), targets[:, axis]) for axis in (0, 1)])
            heading = -np.pi / 2 + (1 if number % 2 else -1) * rng.uniform(0.5, 1.2) * (share < 0.99)
            leaves.append(at + leaf(size * (1.15 - 0.5 * share) * rng.uniform(0.8, 1.1), heading, plumpness))
    colours = rng.integers(0, len(canvas.inks), len(leaves))
    for index, ink in enumerate(canvas.inks):
        own = [outline for outline, colour in zip(leaves, colours, strict=True) if colour == index]
        if own:
            mask = canvas.blank_mask()
            for outline in own:
                canvas.polygon(mask, outline + 0.006 * rng.standard_normal(2), 1.0)
            wash(canvas, mask, ink, int(rng.integers(1 << 40)), strength=float(rng.uniform(0.65, 1.0)), wetness=0.008)
    nib = float(rng.choice([0.004, 0.006, 0.009]))
    pen(canvas, perform(np.stack(stems), HAND, rng, num_samples=72), nib * 1.3, canvas.ink(0), rng)
    pen(canvas, perform(np.stack(leaves), HAND, rng, num_samples=72), nib, canvas.ink(0), rng)
    veins = np.stack([outline[[0, 2, 4]] * [0.5, 0.5] + outline[[0, 6, 4]] * [0.5, 0.5] for outline in leaves])
    pen(canvas, perform(veins, HAND, rng, num_samples=20), nib * 0.7, canvas.ink(0), rng)
