"""One way to write a drawing as lines, in any format that holds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from artforge.core.drawings import Drawing, Layer
from artforge.core.formats.svg import layer_name, write_svg
from artforge.core.formats.xmp import Label
from artforge.core.papers import Page
from artforge.core.pen_paths import pen_paths


def write_drawing(path: Path, drawing: Drawing, file_format: str, label: Label | None = None) -> None:
    """Write a drawing as lines, whole or not at all; the same drawing and words always give the same bytes.

    Args:
        path: where it goes.
        drawing: at least one layer.
        file_format: one of `LINE_FORMATS`.
        label: what it says of itself; nothing where None.

    Raises:
        OutputError: the folder cannot be written to.
    """
    if file_format == "svg":
        write_svg(path, drawing, label)
        return
    from artforge.core.formats.pdf import VectorLayer, write_vector_pdf  # noqa: PLC0415 - only PDF files need it

    layers = [VectorLayer("paper", _paper(drawing))]
    layers += [
        VectorLayer(layer_name(number, layer), _operators(layer)) for number, layer in enumerate(drawing.layers, 1)
    ]
    write_vector_pdf(path, layers, Page(drawing.width, drawing.height), label)


def _paper(drawing: Drawing) -> bytes:
    """The paper's colour as a rectangle: a layer of its own, for whoever prints on coloured paper."""
    return f"{_color(drawing.paper)} rg 0 0 {drawing.width:.3f} {drawing.height:.3f} re f\n".encode()


def _operators(layer: Layer) -> bytes:
    lines = [f"{_color(layer.pen.color)} RG {layer.pen.width:.3f} w"]
    for points in pen_paths(layer):
        first, *others = np.round(points.astype(np.float64), 3).tolist()
        lines.append(f"{first[0]:.3f} {first[1]:.3f} m " + " ".join(f"{x:.3f} {y:.3f} l" for x, y in others) + " S")
    return ("\n".join(lines) + "\n").encode()


def _color(color: str) -> str:
    return " ".join(f"{int(color[at : at + 2], 16) / 255:.4g}" for at in (1, 3, 5))
