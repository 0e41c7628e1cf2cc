"""A drawing as a picture: every line and dot antialiased, in the colour of its pen, over the colour of the paper."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from artforge.core.drawings import Drawing, Layer
from artforge.core.errors import ChoiceError
from artforge.core.papers import MM_PER_INCH
from artforge.core.values import Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCREEN_DPI = 150.0
"""How finely a drawing is inked where no size is asked for."""
_BAND_ROWS = 2048
"""Rows that are inked at a time: a large print takes no more memory for it than a small one."""
_DPI, _POINTS = 64, 72  # pixels and points in an inch of the figure; with a power of two its edges come out whole
_LEAST_CORNERS, _MOST_CORNERS = 12, 96


def size_in_pixels(drawing: Drawing, long_edge: int | None = None) -> tuple[int, int]:
    """(height, width) of a drawing as a picture.

    Args:
        drawing: the drawing.
        long_edge: length of its longer edge in pixels; None takes `SCREEN_DPI`.
    """
    scale = _pixels_per_mm(drawing, long_edge)
    return max(1, round(drawing.height * scale)), max(1, round(drawing.width * scale))


def ink(drawing: Drawing, long_edge: int | None = None) -> Image:
    """Draw a drawing.

    Args:
        drawing: lines and dots in mm.
        long_edge: length of the picture's longer edge in pixels; None takes `SCREEN_DPI`.

    Returns:
        float32 (H, W, 3), sRGB, [0, 1].

    Raises:
        ChoiceError: no such length.
    """
    if long_edge is not None and long_edge < 1:
        raise ChoiceError(f"long_edge must be a whole number of at least 1, received {long_edge!r}")
    height, width = size_in_pixels(drawing, long_edge)
    scale = _pixels_per_mm(drawing, long_edge)
    image = np.empty((height, width, 3), np.float32)
    for top in range(0, height, _BAND_ROWS):
        band = image[top : top + _BAND_ROWS]
        np.divide(_inked_rows(drawing, scale, top, *band.shape[:2]), np.float32(255), out=band)
    return image


def _pixels_per_mm(drawing: Drawing, long_edge: int | None) -> float:
    return SCREEN_DPI / MM_PER_INCH if long_edge is None else long_edge / max(drawing.width, drawing.height)


def _inked_rows(drawing: Drawing, scale: float, top: int, height: int, width: int) -> NDArray[np.uint8]:
    """uint8 (height, width, 3): the rows of the picture from `top` on."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - a second that only drawings pay
    from matplotlib.figure import Figure  # noqa: PLC0415

    # Agg cuts lines off at the border of its canvas, and with them the half of the pen that reaches in
    edge = math.ceil(scale * max((layer.pen.width for layer in drawing.layers), default=0)) + 2
    size = ((width + 2 * edge) / _DPI, (height + 2 * edge) / _DPI)
    figure = Figure(figsize=size, dpi=_DPI, facecolor=drawing.paper)
    canvas: Any = FigureCanvasAgg(figure)  # its methods have no types
    for layer in drawing.layers:
        _add(figure, layer, scale, (edge, edge - top), height + 2 * edge)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[edge : edge + height, edge : edge + width, :3]


def _add(figure: Figure, layer: Layer, scale: float, shift: tuple[int, int], height: int) -> None:
    """Put a layer on a canvas of `height` rows, on which the page's upper left corner stands at `shift` (x, y)."""
    from matplotlib.collections import LineCollection, PolyCollection  # noqa: PLC0415
    from matplotlib.transforms import Affine2D  # noqa: PLC0415

    place = Affine2D().scale(scale, -scale).translate(shift[0], height - shift[1])  # a figure's y goes up
    above, below = -shift[1] / scale, (height - shift[1]) / scale
    lines = [line for line in layer.lines() if line[:, 1].max() >= above and line[:, 1].min() <= below]
    if lines:
        figure.add_artist(
            LineCollection(
                lines,
                colors=layer.pen.color,
                linewidths=layer.pen.width * scale * _POINTS / _DPI,
                capstyle="round",
                joinstyle="round",
                transform=place,
                snap=False,
            )
        )
    for polygons in _discs(layer.dots, scale):
        figure.add_artist(
            PolyCollection(list(polygons), facecolors=layer.pen.color, linewidths=0, transform=place, snap=False)
        )


def _discs(dots: NDArray[np.float32], scale: float) -> list[NDArray[np.float32]]:
    """Dots as regular polygons of their area, (n, corners, 2) for each number of corners: large ones need more."""
    corners = np.clip(4 * np.ceil(1.5 * np.sqrt(dots[:, 2] * scale)), _LEAST_CORNERS, _MOST_CORNERS).astype(int)
    groups = []
    for number in np.unique(corners):
        own = dots[corners == number]
        angles = 2 * np.pi * np.arange(number) / number
        radius = own[:, 2] / 2 * np.sqrt(np.pi / (number / 2 * np.sin(2 * np.pi / number)))
        circle = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        groups.append((own[:, None, :2] + radius[:, None, None] * circle).astype(np.float32))
    return groups
