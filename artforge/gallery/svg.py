"""SVG files of drawings on their way into a site: nothing but lines comes in, and they are inked for the wall."""

from __future__ import annotations

import re
import xml.parsers.expat
from pathlib import Path

import numpy as np

from artforge.core.drawings import Drawing, Pen, Points, layer_of
from artforge.core.errors import PictureError

MAX_BYTES = 64_000_000

_SHAPES = frozenset({"svg", "g", "path", "desc", "title", "metadata", "sodipodi:namedview"})
_BACKGROUND = re.compile(r"background:(#[0-9a-fA-F]{6})")
_PATH = re.compile(r"M([-+0-9.e, ]+)(?:H([-+0-9.e]+))?")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def read_drawing(path: Path) -> Drawing:
    """A drawing from an SVG that artforge wrote: its page, pens and lines.

    Raises:
        PictureError: it is none of those, damaged, or holds anything that is not a line: a script, a link, a picture.
    """
    if path.stat().st_size > MAX_BYTES:
        raise PictureError(f"{path}: more than the {MAX_BYTES // 10**6} MB of SVG that are read at most")
    reader = _Reader()
    try:
        reader.parse(path.read_bytes())
        return reader.drawing()
    except (xml.parsers.expat.ExpatError, ValueError) as error:
        raise PictureError(f"{path}: not an SVG of lines as artforge writes them ({error})") from error


class _Reader:
    """Collects pens and lines while the file is parsed."""

    def __init__(self) -> None:
        self._page: tuple[float, float] | None = None
        self._paper = "#ffffff"
        self._layers: list[tuple[Pen, list[Points]]] = []
        self._in_metadata = 0

    def parse(self, content: bytes) -> None:
        parser = xml.parsers.expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = self._refuse_entity
        parser.Parse(content, True)

    def drawing(self) -> Drawing:
        if self._page is None or not self._layers:
            raise ValueError("no page or no layer in it")
        return Drawing(*self._page, tuple(layer_of(pen, lines) for pen, lines in self._layers), self._paper)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._in_metadata or name == "metadata":
            self._in_metadata += 1
            return
        odd = next((key for key in attributes if key.lower().startswith("on") or key.endswith("href")), None)
        if name not in _SHAPES or odd:
            raise ValueError(f"<{name}{f' {odd}' if odd else ''}> has no place in it")
        if name == "svg":
            _, _, width, height = map(float, attributes.get("viewBox", "").split())
            if not (0 < width < 1e5 and 0 < height < 1e5):
                raise ValueError(f"a page of {width:g} x {height:g} mm")
            self._page = width, height
            background = _BACKGROUND.fullmatch(attributes.get("style", "").rstrip(";"))
            self._paper = background[1] if background else self._paper
        elif name == "g":
            color, width = attributes.get("stroke", ""), float(attributes.get("stroke-width", "0"))
            if not _COLOR.fullmatch(color) or not 0 < width < 1e4:
                raise ValueError(f"a pen of {color!r}, {width:g} mm wide")
            self._layers.append((Pen(color, width), []))
        elif name == "path":
            self._add_path(attributes.get("d", ""))

    def _add_path(self, text: str) -> None:
        found = _PATH.fullmatch(text)
        if found is None or not self._layers:
            raise ValueError("a path that is no line of a pen")
        numbers = found[1].replace(",", " ").split()
        if found[2]:  # level to the right or left, as a touch of the pen is written
            numbers += [found[2], numbers[-1]]
        points = np.array(numbers, np.float32).reshape(-1, 2)
        if len(points) < 2 or not np.isfinite(points).all():
            raise ValueError("a line without two points")
        self._layers[-1][1].append(points)

    def _end(self, _: str) -> None:
        self._in_metadata = max(0, self._in_metadata - 1)

    def _refuse_entity(self, *_: object) -> None:
        raise ValueError("it declares entities")
