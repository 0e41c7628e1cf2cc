"""What an SVG draws, element by element, without the words that it carries: title, description and metadata."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat

from artforge.core.errors import PictureError

_PIECE = 1 << 16
_BETWEEN = " "  # of the namespace and the name
_SVG = f"http://www.w3.org/2000/svg{_BETWEEN}"
_LABEL = f"http://www.inkscape.org/namespaces/inkscape{_BETWEEN}label"
_WORDS = frozenset({f"{_SVG}title", f"{_SVG}desc", f"{_SVG}metadata"})


class Element(NamedTuple):
    """One thing in an SVG, in the order in which it is drawn.

    Attributes:
        layer: the label of the innermost group that has one; empty outside.
        number: of those of this name in the layer, from 1.
        name: such as `path`; `text of tspan` of the letters in it, `end of g` where a group is closed.
        attributes: by name; letters stand under "".
    """

    layer: str
    number: int
    name: str
    attributes: dict[str, str]


def svg_elements(path: Path) -> Iterator[Element]:
    """The elements of an SVG one by one, however large it is; spaces between them count for nothing.

    Raises:
        PictureError: it cannot be read, is no XML, or declares entities.
    """
    listener = _Listener()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                listener.parser.Parse(piece, False)
                yield from listener.taken()
        listener.parser.Parse(b"", True)
        yield from listener.taken()
    except (expat.ExpatError, OSError, ValueError) as error:
        raise PictureError(f"{path}: not an SVG that can be read ({error})") from error


class _Listener:
    """Hears of the XML as it is parsed, and keeps what is drawn until it is taken."""

    def __init__(self) -> None:
        self._elements: list[Element] = []
        self._layers: list[tuple[str, Counter[str]]] = [("", Counter())]  # of each element that is open
        self._open: list[str] = [""]
        self._letters: list[str] = []
        self._depth_in_words = 0
        self.parser = expat.ParserCreate(namespace_separator=_BETWEEN)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._letters.append
        self.parser.ProcessingInstructionHandler = self._instruction
        self.parser.EntityDeclHandler = _refuse

    def taken(self) -> list[Element]:
        """What has come since the last time."""
        taken, self._elements = self._elements, []
        return taken

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._close_letters()
        if self._depth_in_words or name in _WORDS:
            self._depth_in_words += 1
            return
        label = attributes.get(_LABEL)
        self._layers.append(self._layers[-1] if label is None else (label, Counter()))
        self._open.append(name.removeprefix(_SVG))
        self._add(self._open[-1], attributes)

    def _end(self, _: str) -> None:
        self._close_letters()
        if self._depth_in_words:
            self._depth_in_words -= 1
            return
        self._add(f"end of {self._open.pop()}", {})
        self._layers.pop()

    def _instruction(self, target: str, data: str) -> None:
        if not self._depth_in_words:
            self._add(f"instruction {target}", {"": data})  # a style sheet, perhaps

    def _close_letters(self) -> None:
        letters = "".join(self._letters).strip()
        self._letters.clear()
        if letters and not self._depth_in_words:
            self._add(f"text of {self._open[-1]}", {"": letters})

    def _add(self, name: str, attributes: dict[str, str]) -> None:
        layer, counts = self._layers[-1]
        counts[name] += 1
        self._elements.append(Element(layer, counts[name], name, attributes))


def _refuse(*_: object) -> None:
    raise ValueError("it declares entities, which no drawing needs")
