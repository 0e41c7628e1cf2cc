"""Drawings: lines and dots on a page in millimetres, each in a pen; what a plotter draws and a press prints sharp."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from artforge.core.errors import ShapeError
from artforge.core.values import Kind, array_fault

Points = NDArray[np.float32]
"""float32 (n, 2): x to the right and y down, in mm from the page's upper left corner."""

_PACKED_VERSION = 1


@dataclass(frozen=True)
class Pen:
    """What a layer is drawn with.

    Attributes:
        color: sRGB, as `#rrggbb`.
        width: of its line, in mm.
    """

    color: str
    width: float


@dataclass(frozen=True, eq=False)
class Layer:
    """What one pen draws, in this order: its lines, then its dots.

    Attributes:
        pen: the pen.
        points: float32 (n, 2), the corners of all lines one after the other, in mm.
        ends: int32 (num_lines,), rising: line i is `points[ends[i - 1]:ends[i]]`, at least two points.
        dots: float32 (num_dots, 3): x, y and diameter in mm; a dot as wide as the pen is one touch of it.
        travel_before: how far the raised pen went before the layer was put in order, in mm; None where nobody did.
    """

    pen: Pen
    points: Points
    ends: NDArray[np.int32]
    dots: NDArray[np.float32]
    travel_before: float | None = None

    @property
    def num_lines(self) -> int:
        """How many lines there are."""
        return len(self.ends)

    @property
    def starts(self) -> NDArray[np.int32]:
        """int32 (num_lines,): where each line begins in `points`."""
        return np.concatenate([np.zeros(1, np.int32), self.ends[:-1]]) if len(self.ends) else self.ends

    def lines(self) -> Iterator[Points]:
        """The lines, one by one."""
        for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True):
            yield self.points[start:end]

    def drawn_length(self) -> float:
        """How far the pen draws, in mm."""
        steps = np.hypot(*np.diff(self.points, axis=0).T)
        steps[self.ends[:-1] - 1] = 0  # from the end of a line to the start of the next
        return float(steps.sum(dtype=np.float64))

    def travel(self) -> float:
        """How far the raised pen goes, from the page's upper left corner to the last thing drawn, in mm."""
        dots = self.dots[:, :2]
        enter = np.concatenate([self.points[self.starts], dots]).astype(np.float64)
        leave = np.concatenate([np.zeros((1, 2)), self.points[self.ends - 1], dots])[:-1]
        return float(np.hypot(*(enter - leave).T).sum())


def layer_of(pen: Pen, lines: Sequence[NDArray[Any]] = (), dots: NDArray[Any] | None = None) -> Layer:
    """A layer from single lines.

    Args:
        pen: the pen.
        lines: (n, 2) each, at least two points, in mm.
        dots: (num_dots, 3) x, y and diameter in mm; None for none.
    """
    points = np.concatenate(lines) if len(lines) else np.zeros((0, 2))
    ends = np.cumsum([len(line) for line in lines], dtype=np.int32)
    own_dots = np.zeros((0, 3)) if dots is None else dots
    return Layer(pen, points.astype(np.float32), ends, np.ascontiguousarray(own_dots, np.float32))


@dataclass(frozen=True, eq=False)
class Drawing:
    """Layers on a page, the first at the bottom.

    Attributes:
        width, height: of the page, in mm.
        layers: what each pen draws.
        paper: the paper's colour where it is shown, as `#rrggbb`; a plotter takes whatever lies there.
    """

    KIND: ClassVar[Kind] = Kind.DRAWING

    width: float
    height: float
    layers: tuple[Layer, ...]
    paper: str = "#ffffff"

    @property
    def nbytes(self) -> int:
        """Memory that its numbers take."""
        return sum(layer.points.nbytes + layer.ends.nbytes + layer.dots.nbytes for layer in self.layers)

    def freeze(self) -> None:
        """Let nobody change its numbers: they are shared."""
        for layer in self.layers:
            for numbers in (layer.points, layer.ends, layer.dots):
                numbers.setflags(write=False)

    def with_layers(self, layers: Sequence[Layer]) -> Drawing:
        """The page with other layers."""
        return replace(self, layers=tuple(layers))


Value = NDArray[np.float32] | Drawing
"""What a step may give."""


def value_fault(value: object, kind: Kind) -> str | None:
    """What is wrong with `value` as a `kind`, or None; of a stack, as `array_fault`."""
    return drawing_fault(value) if kind is Kind.DRAWING else array_fault(value, kind)


def drawing_fault(value: object) -> str | None:
    """What is wrong with `value` as a drawing, or None: dtypes, shapes, finite numbers, lines of two points or more."""
    if not isinstance(value, Drawing):
        return f"a drawing must be a Drawing, received {type(value).__name__}"
    if not (value.width > 0 and value.height > 0 and np.isfinite([value.width, value.height]).all()):
        return f"a drawing's page must have a size in mm, received {value.width} x {value.height}"
    for number, layer in enumerate(value.layers, 1):
        fault = _layer_fault(layer)
        if fault is not None:
            return f"layer {number} of a drawing: {fault}"
    return None


def _layer_fault(layer: Layer) -> str | None:
    if not (np.isfinite(layer.pen.width) and layer.pen.width > 0):
        return f"the pen's width must be more than 0 mm, received {layer.pen.width!r}"
    for what, numbers, columns, dtype in (
        ("points", layer.points, 2, np.float32),
        ("dots", layer.dots, 3, np.float32),
        ("ends", layer.ends, None, np.int32),
    ):
        shape = (len(numbers),) if columns is None else (len(numbers), columns)
        if numbers.dtype != dtype or numbers.shape != shape:
            return f"{what} must be {np.dtype(dtype)} {shape}, received {numbers.dtype} {numbers.shape}"
        if not np.isfinite(numbers).all():
            return f"{what} must be finite"
    lengths = np.diff(layer.ends, prepend=0)
    if len(layer.points) != (layer.ends[-1] if len(layer.ends) else 0) or (lengths < 2).any():
        return "every line must have at least two points, and every point a line"
    if (layer.dots[:, 2] <= 0).any():
        return "every dot must have a diameter of more than 0 mm"
    return None


def same_page(drawings: Sequence[Drawing]) -> tuple[float, float]:
    """(width, height) of the page that drawings share, in mm.

    Raises:
        ShapeError: they have different ones.
    """
    sizes = {(drawing.width, drawing.height) for drawing in drawings}
    if len(sizes) > 1:
        told = " and ".join(f"{width:g} x {height:g} mm" for width, height in sorted(sizes))
        raise ShapeError(f"drawings that are laid over each other share a page, received {told}: give them one 'page'")
    return sizes.pop()


def pack_drawing(drawing: Drawing) -> bytes:
    """A drawing as bytes: a NumPy archive of plain arrays, the words among them as JSON."""
    head = {
        "version": _PACKED_VERSION,
        "width": drawing.width,
        "height": drawing.height,
        "paper": drawing.paper,
        "layers": [[each.pen.color, each.pen.width, each.travel_before] for each in drawing.layers],
    }
    arrays: dict[str, NDArray[Any]] = {"head": np.frombuffer(json.dumps(head).encode(), np.uint8)}
    for number, layer in enumerate(drawing.layers):
        arrays |= {f"points{number}": layer.points, f"ends{number}": layer.ends, f"dots{number}": layer.dots}
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    return content.getvalue()


def unpack_drawing(content: bytes) -> Drawing:
    """The drawing that `pack_drawing` packed.

    Raises:
        ValueError, KeyError, zipfile.BadZipFile: it is none.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        head = json.loads(arrays["head"].tobytes())
        layers = tuple(
            Layer(
                Pen(color, width), arrays[f"points{number}"], arrays[f"ends{number}"], arrays[f"dots{number}"], before
            )
            for number, (color, width, before) in enumerate(head["layers"])
        )
    return Drawing(head["width"], head["height"], layers, head["paper"])
