"""Drawings as SVG: sizes in millimetres, and a layer of Inkscape for each pen, as programs for plotters read them.

Sources: Scalable Vector Graphics (SVG) 2, https://www.w3.org/TR/SVG2/; the namespaces are those of Inkscape.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

import numpy as np

from artforge.core.drawings import Drawing, Layer, Points
from artforge.core.files import write_text
from artforge.core.formats.containers import put_into_svg
from artforge.core.formats.xmp import Label, to_packet
from artforge.core.pen_paths import pen_paths

DECIMALS = 2
"""Of a coordinate in mm: a hundredth is finer than what a plotter moves by."""
_NAMESPACES = (
    'xmlns="http://www.w3.org/2000/svg" '
    'xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" '
    'xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd"'
)


def write_svg(path: Path, drawing: Drawing, label: Label | None = None) -> None:
    """Write a drawing as SVG, whole or not at all; the same drawing and words always give the same bytes.

    The paper's colour is the page's background, not a shape: a plotter would fill it.

    Args:
        path: where it goes.
        drawing: at least one layer.
        label: what it says of itself; nothing where None.

    Raises:
        OutputError: the folder cannot be written to.
    """
    text = "\n".join(_lines(drawing, label))
    write_text(path, text if label is None else put_into_svg(text, to_packet(label), label.title))


def layer_name(number: int, layer: Layer) -> str:
    """`1 #1d3557 0.3 mm`: plotters draw layers by the numbers that their names begin with."""
    return f"{number} {layer.pen.color} {layer.pen.width:g} mm"


def told_work(drawing: Drawing) -> str:
    """How much there is for the pens to do, in a sentence."""
    layers = drawing.layers
    lines, dots = sum(layer.num_lines for layer in layers), sum(len(layer.dots) for layer in layers)
    down = sum(layer.drawn_length() for layer in layers) / 1000
    up = sum(layer.travel() for layer in layers) / 1000
    before = [layer.travel_before for layer in layers]
    saved = f" ({sum(filter(None, before)) / 1000:,.1f} m before it was put in order)" if all(before) else ""
    pens = "1 pen" if len(layers) == 1 else f"{len(layers)} pens"
    return f"{pens}, {lines:,} lines and {dots:,} dots: {down:,.1f} m drawn, {up:,.1f} m between them{saved}."


def _lines(drawing: Drawing, label: Label | None) -> Iterator[str]:
    width, height = _number(drawing.width), _number(drawing.height)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        f'<svg {_NAMESPACES} version="1.1" width="{width}mm" height="{height}mm" '
        f'viewBox="0 0 {width} {height}" style="background:{drawing.paper}">'
    )
    alt = f"{label.alt} " if label is not None and label.alt else ""
    yield f"<desc>{escape(alt, quote=False)}{told_work(drawing)}</desc>"
    yield f'<sodipodi:namedview pagecolor="{drawing.paper}" inkscape:document-units="mm"/>'
    for number, layer in enumerate(drawing.layers, 1):
        yield (
            f'<g id="pen{number}" inkscape:groupmode="layer" inkscape:label="{escape(layer_name(number, layer))}" '
            f'fill="none" stroke="{layer.pen.color}" stroke-width="{layer.pen.width:g}" '
            'stroke-linecap="round" stroke-linejoin="round">'
        )
        for points in pen_paths(layer):
            yield f'<path d="M{_coordinates(points)}"/>'
        yield "</g>"
    yield "</svg>\n"


def _coordinates(points: Points) -> str:
    rounded = (np.round(points.astype(np.float64), DECIMALS) + 0.0).tolist()  # no -0
    if len(rounded) == 2 and rounded[0][1] == rounded[1][1]:  # as a touch of the pen is: there are thousands
        return f"{rounded[0][0]:g},{rounded[0][1]:g}H{rounded[1][0]:g}"
    return " ".join(f"{x:g},{y:g}" for x, y in rounded)


def _number(value: float) -> str:
    return f"{round(value, 4):.10g}"
