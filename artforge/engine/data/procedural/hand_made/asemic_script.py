"""Asemic script: handwriting without words."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas
from artforge.engine.data.procedural.gesture import Hand, perform
from artforge.engine.data.procedural.hand_made.underpainting import underpaint
from artforge.engine.data.procedural.media import bristles, pen
from artforge.engine.data.procedural.subjects import letters

HAND = Hand(looseness=0.11, tremor=0.0005, drift=0.0015, overlap=0.5)
NUM_LETTERS = 6


def asemic_script(canvas: Canvas, rng: np.random.Generator) -> None:
    """A page of slanted cursive in an invented alphabet, lines that climb and sag, some words underscored.

    Source: the sigma-lognormal model's home ground, Plamondon & Djioua (2006); Twombly and Michaux for the look.
    """
    underpaint(canvas, rng)
    width, height = canvas.inner_size
    num_lines = int(rng.choice([4, 7, 10, 14]))
    pitch = height / (num_lines + 0.5)
    size = pitch * rng.uniform(0.30, 0.42)
    nib = float(np.clip(size * canvas.coverage * 0.7, 0.004, 0.04))
    slant = rng.uniform(-0.1, 0.5)
    words, lines = [], []
    for line in range(num_lines):
        x, drift = canvas.margin + rng.uniform(0, 0.06), rng.normal(0, 0.02)
        end = canvas.width - canvas.margin - (rng.random() < 0.2) * rng.uniform(0, width / 2)
        while True:
            word = letters(NUM_LETTERS, rng)
            if x + size * (np.ptp(word[:, 0]) + 0.5) > end:
                break
            base = canvas.margin + pitch * (line + 0.85) + drift * (x - canvas.margin)
            words.append(np.stack([x + size * (word[:, 0] - slant * word[:, 1]), base + size * word[:, 1]], axis=-1))
            lines.append(line)
            x += size * (np.ptp(word[:, 0]) + rng.uniform(0.5, 1.0))
    owner = np.array(lines) * len(canvas.inks) // num_lines
    brushed = rng.random() < 0.3
    for index, ink in enumerate(canvas.inks):
        own = [word for word, of in zip(words, owner, strict=True) if of == index]
        if own:
            strokes = perform(np.stack(own), HAND, rng, num_samples=110)
            if brushed:
                bristles(canvas, strokes, nib * 1.6, ink, rng, num_bristles=5, dryness=0.3)
            else:
                pen(canvas, strokes, nib, ink, rng)
