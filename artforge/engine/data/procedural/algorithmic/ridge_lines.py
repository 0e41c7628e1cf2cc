"""Ridge lines: a landscape of formulas, line behind line."""

from __future__ import annotations

import numpy as np

from artforge.engine.data.procedural.canvas import Canvas

NUM_SAMPLES = 160


def ridge_lines(canvas: Canvas, rng: np.random.Generator) -> None:
    """Stacked horizontal profiles, each hiding what lies behind, over a sum of sines under a bell.

    Source: Craft's pulsar plot (1970 thesis), known from Saville's sleeve for Unknown Pleasures (1979).
    """
    num_lines = int(rng.choice([14, 24, 38]))
    width, height = canvas.inner_size
    x = np.linspace(0, 1, NUM_SAMPLES)
    spacing = height * 0.84 / num_lines
    lift = spacing * rng.uniform(2.0, 4.5)
    bell_at, bell_width = rng.uniform(0.3, 0.7), rng.uniform(0.12, 0.4)
    frequency = rng.uniform(8, 40, 5)
    drift, phase = rng.uniform(-0.5, 0.5, 5), rng.uniform(0, 2 * np.pi, 5)
    line_width = float(np.clip(canvas.coverage * 0.45 * spacing, 0.0025, 0.014))
    filled = rng.random() < 0.6
    for number in range(num_lines):
        waves = np.sin(x[:, None] * frequency + phase + drift * number).sum(axis=-1) / 5 + 0.5
        bell = np.exp(-(((x - bell_at) / bell_width) ** 2))
        profile = np.clip(waves, 0, None) * (0.08 + bell) * lift
        base = canvas.margin + height * 0.14 + spacing * (number + 0.5)
        line = np.stack([canvas.margin + x * width, base - profile], axis=-1)
        skirt = np.concatenate([line, [[line[-1, 0], base + spacing], [line[0, 0], base + spacing]]])
        ink = canvas.ink(number * len(canvas.inks) // num_lines)
        # Painter's order: each profile wipes what it hides, toned more strongly the more of the sheet is to be covered.
        shade = canvas.colours.ground + (ink - canvas.colours.ground) * np.float32(canvas.coverage * filled)
        canvas.polygon(canvas.pixels, skirt, shade)
        mask = canvas.blank_mask()
        canvas.line(mask, line, line_width)
        canvas.lay(mask, canvas.ink(number * len(canvas.inks) // num_lines + (1 if filled else 0)))
