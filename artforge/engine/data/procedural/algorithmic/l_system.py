"""L-systems: a rewriting grammar read as the path of a turtle."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from artforge.engine.data.procedural.algorithmic.panel import lay_panel
from artforge.engine.data.procedural.canvas import Canvas, Points

CURVES: dict[str, tuple[str, dict[str, str], float, tuple[int, ...]]] = {
    # name: axiom, rules, turn in degrees, generations; A, B, F, G draw, + and - turn
    "dragon": ("F", {"F": "F+G", "G": "F-G"}, 90, (8, 9, 10, 11)),
    "terdragon": ("F", {"F": "F+F-F"}, 120, (5, 6)),
    "hilbert": ("X", {"X": "+YF-XFX-FY+", "Y": "-XF+YFY+FX-"}, 90, (4, 5)),
    "gosper": ("A", {"A": "A-B--B+A++AA+B-", "B": "+A-BB--B-A++A+B"}, 60, (3, 4)),
    "arrowhead": ("A", {"A": "B-A-B", "B": "A+B+A"}, 60, (5, 6, 7)),
    "koch_island": ("F-F-F-F", {"F": "F-F+F+FF-F-F+F"}, 90, (2, 3)),
    "snowflake": ("F--F--F", {"F": "F+F--F+F"}, 60, (3, 4)),
    "levy": ("F", {"F": "+F--F+"}, 45, (9, 10, 11)),
}
PLANTS: dict[str, tuple[str, dict[str, str], float, tuple[int, ...]]] = {
    "weed": ("F", {"F": "F[+F]F[-F]F"}, 25.7, (4,)),
    "twig": ("F", {"F": "FF-[-F+F+F]+[+F-F-F]"}, 22.5, (3, 4)),
    "fern": ("X", {"X": "F+[[X]-X]-F[-FX]+X", "F": "FF"}, 25, (5,)),
    "bush": ("X", {"X": "F[+X]F[-X]+X", "F": "FF"}, 20, (5, 6)),
}


def l_system(canvas: Canvas, rng: np.random.Generator) -> None:
    """A space-filling curve or a branching plant, every line of one length, drawn in one exact width.

    Source: Lindenmayer, Mathematical models for cellular interaction in development (1968); Prusinkiewicz &
    Lindenmayer, The Algorithmic Beauty of Plants (1990), for the plants.
    """
    lay_panel(canvas, rng)
    if rng.random() < 0.35:
        plant(canvas, rng)
    else:
        curve(canvas, rng)


def curve(canvas: Canvas, rng: np.random.Generator) -> None:
    """One long unbranched line, cut into stretches of different ink, sometimes doubled by a turned copy."""
    name = str(rng.choice(list(CURVES)))
    axiom, rules, turn, generations = CURVES[name]
    path = turtle(rewrite(axiom, tuple(rules.items()), int(rng.choice(generations))), turn)[0]
    turned = path @ rotation(rng.integers(0, 8) * np.pi / 4)
    path = fit([turned], canvas)[0]
    length = np.hypot(*np.diff(path, axis=0).T).sum()
    step = float(np.hypot(*(path[1] - path[0])))
    width = float(np.clip(canvas.coverage * 0.8 / length, 0.12 * step, 0.75 * step))
    for index, stretch in enumerate(np.array_split(np.arange(len(path)), len(canvas.inks))):
        mask = canvas.blank_mask()
        canvas.line(mask, path[stretch[0] : stretch[-1] + 2], width)
        canvas.lay(mask, canvas.ink(index))


def plant(canvas: Canvas, rng: np.random.Generator) -> None:
    """A bed of one to five plants of one species at exact spacing."""
    name = str(rng.choice(list(PLANTS)))
    axiom, rules, turn, generations = PLANTS[name]
    lines = turtle(rewrite(axiom, tuple(rules.items()), int(rng.choice(generations))), turn * rng.uniform(0.8, 1.2))
    upright = [line @ rotation(-np.pi / 2) for line in lines]
    num_plants = int(rng.choice([1, 2, 3, 5]))
    extent = np.ptp(np.concatenate(upright), axis=0)
    spacing = np.array([max(extent[0] * 0.8, extent[1] * 0.3), 0])
    fitted = fit([line + index * spacing for index in range(num_plants) for line in upright], canvas)
    length = sum(float(np.hypot(*np.diff(line, axis=0).T).sum()) for line in fitted)
    width = float(np.clip(canvas.coverage * 0.9 / length, 0.0022, 0.007))
    for index in range(num_plants):
        mask = canvas.blank_mask()
        canvas.lines(mask, fitted[index * len(upright) : (index + 1) * len(upright)], width)
        canvas.lay(mask, canvas.ink(index))


@functools.lru_cache(maxsize=64)
def rewrite(axiom: str, rules: tuple[tuple[str, str], ...], generations: int) -> str:
    """Replace every symbol by its rule, all at once, `generations` times."""
    table = str.maketrans(dict(rules))
    for _ in range(generations):
        axiom = axiom.translate(table)
    return axiom


def turtle(program: str, turn: float) -> list[Points]:
    """Walk a program: letters A, B, F, G step ahead by 1, + and - turn by `turn` degrees, [ and ] branch.

    Returns:
        One (n, 2) path for each unbroken line.
    """
    position, heading = 0j, 0.0
    stack: list[tuple[complex, float]] = []
    lines: list[list[complex]] = [[position]]
    for symbol in program:
        if symbol in "ABFG":
            position += complex(np.cos(heading), np.sin(heading)) if heading else 1
            lines[-1].append(position)
        elif symbol == "+":
            heading += np.radians(turn)
        elif symbol == "-":
            heading -= np.radians(turn)
        elif symbol == "[":
            stack.append((position, heading))
        elif symbol == "]":
            position, heading = stack.pop()
            lines.append([position])
    complete = [np.array(line) for line in lines if len(line) > 1]
    return [np.stack([line.real, line.imag], axis=-1) for line in complete]


def rotation(angle: float) -> NDArray[np.float64]:
    """The matrix that turns row vectors by `angle` radians."""
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def fit(paths: list[Points], canvas: Canvas) -> list[Points]:
    """Scale and move paths together so that they fill the sheet inside its margin."""
    everything = np.concatenate(paths)
    low, extent = everything.min(axis=0), np.maximum(np.ptp(everything, axis=0), 1e-9)
    inner = canvas.inner_size
    scale = float((inner / extent).min())
    start = canvas.margin + (inner - extent * scale) / 2
    return [(path - low) * scale + start for path in paths]
