"""How every chart looks: one typeface, quiet axes, lines named where they are, and the same bytes for the same data."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from artforge.core.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, QUIET, GRID, GROUND = "#222228", "#70707a", "#e6e6ea", "#ffffff"
BLUE, ORANGE, GREEN = "#1f5c99", "#d66016", "#22845c"
COLOURS = (BLUE, ORANGE, GREEN, "#8a3f97", "#b8324a", "#2a8f9e", "#8c6d1f", "#5a5fb0", "#c2558f", "#5b6b3a")
"""One for each line, told apart by most colour-blind eyes in the first five."""
DPI = 150
LINE = 1.8
SMALL, TEXT, HEADING = 8.0, 9.5, 12.5
"""Sizes of type in points."""
MARGIN = 0.14
"""Inches at the edges."""

_STYLE: Any = {
    "axes.edgecolor": GRID,
    "axes.facecolor": GROUND,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": QUIET,
    "axes.labelsize": TEXT,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.spines.left": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": TEXT + 1,
    "axes.titlepad": 10,
    "axes.unicode_minus": True,
    "figure.facecolor": GROUND,
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same letters on every machine
    "font.size": TEXT,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "lines.linewidth": LINE,
    "lines.solid_capstyle": "round",
    "lines.solid_joinstyle": "round",
    "savefig.dpi": DPI,
    "savefig.facecolor": GROUND,
    "text.color": INK,
    "text.parse_math": False,  # a class called $x$ is not a formula
    "xtick.color": GRID,
    "xtick.labelcolor": QUIET,
    "xtick.labelsize": SMALL,
    "xtick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.color": GRID,
    "ytick.labelcolor": QUIET,
    "ytick.labelsize": SMALL,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
}


@contextmanager
def chart_style() -> Iterator[None]:
    """Within it, what matplotlib draws looks like this; whatever a user has set for the rest of the program stays."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells of its font cache the first time
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # it leaves a box in its place
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield


def new_figure(
    size: tuple[float, float], *, title: str, rows: int = 1, columns: int = 1, **grid: Any
) -> tuple[Figure, list[Axes]]:
    """A figure with a heading and its panels, row by row; no window, and none of pyplot's shared state.

    Args:
        size: (width, height) in inches, at 150 pixels an inch.
        title: the heading.
        rows, columns: of panels.
        grid: more for `Figure.subplots`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.set(w_pad=MARGIN, h_pad=0.12, wspace=0.04, hspace=0.05)  # type: ignore[call-arg]
    panels = figure.subplots(rows, columns, squeeze=False, **grid)
    write_heading(figure, title)
    return figure, list(panels.flat)


def write_heading(figure: Figure, title: str) -> None:
    """One bold line at the top left of a figure, shortened to its width."""
    width, height = figure.get_size_inches()
    shown = shorten(title, round((width - 2 * MARGIN) * 8.9))
    place: dict[str, Any] = {"x": MARGIN / width, "ha": "left", "va": "top"}
    if figure.get_layout_engine() is None:  # else it finds the height, and makes room only for a heading without one
        place["y"] = 1 - 0.12 / height
    figure.suptitle(shown, **place, fontsize=HEADING, fontweight="bold", color=INK)


def png_bytes(figure: Figure) -> bytes:
    """The figure as a PNG file; the same figure always gives the same bytes."""
    stream = io.BytesIO()
    with chart_style():
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def write_chart(path: Path, figure: Figure) -> None:
    """Write the figure as a PNG file, whole or not at all.

    Raises:
        OutputError: the folder cannot be written to.
    """
    write_bytes(path, png_bytes(figure))


def shorten(text: str, most: int) -> str:
    """One printable line of at most `most` letters, with an ellipsis where something had to go."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def draw_diagonal(axes: Axes, name: str) -> None:
    """The dotted line from (0, 0) to (1, 1) of a square panel, with its name along it."""
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle=(0, (1, 3)))
    place: dict[str, Any] = {"xytext": (4.5, -4.5), "textcoords": "offset points", "ha": "center", "va": "center"}
    axes.annotate(name, (0.22, 0.22), **place, rotation=45, rotation_mode="anchor", color=QUIET, fontsize=SMALL)


def label_ends(axes: Axes, names: Sequence[str], heights: Sequence[float], colours: Sequence[str]) -> None:
    """Name lines at the right of a panel, beside where they end; names that would overlap move apart.

    Args:
        axes: its limits are settled.
        names: one a line.
        heights: where each ends, in data units.
        colours: of the lines.
    """
    low, high = axes.get_ylim()
    places = [(height - low) / (high - low) for height in heights]
    room = axes.get_position().height * float(axes.figure.get_figheight()) * 72  # type: ignore[union-attr]
    for name, place, colour in zip(names, spread(places, 1.25 * TEXT / room), colours, strict=True):
        axes.annotate(
            name,
            (1, place),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            fontsize=TEXT,
            annotation_clip=False,
        )


def spread(places: Sequence[float], distance: float) -> list[float]:
    """The places moved as little as can be so that none is nearer than `distance` to the next; the order stays."""
    order = np.argsort(places, kind="stable")
    steps = np.arange(len(order)) * distance
    wished = np.clip(np.asarray(places, np.float64), 0, 1)[order] - steps
    moved = np.empty(len(order))
    moved[order] = _rising(wished.tolist()) + steps
    return [float(value) for value in moved]


def _rising(values: Sequence[float]) -> np.ndarray:
    """The nearest sequence that never falls, by least squares: neighbours that fall are pooled into their mean."""
    pools: list[tuple[float, int]] = []
    for value in values:
        pools.append((value, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (left, num_left), (right, num_right) = pools[-2:]
            pools[-2:] = [((left * num_left + right * num_right) / (num_left + num_right), num_left + num_right)]
    return np.repeat([mean for mean, _ in pools], [count for _, count in pools])
