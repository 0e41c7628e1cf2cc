"""What the pages of a PDF show: their pictures, the operators that draw on them, and whatever those rest on.

Source: PDF 32000-1:2008, 7.7.3 page tree, 7.8 content streams, 8.9.5 image dictionaries, 14.6 marked content.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pikepdf
from numpy.typing import NDArray
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from artforge.core.errors import PictureError
from artforge.core.pictures import MAX_PIXELS

MOST_BYTES = 4 * MAX_PIXELS
"""Of one stream, unpacked: the largest picture, with the bytes that say how its rows are packed."""
_MOST_FACTS = 100_000
_MOST_DEPTH = 60
_PASSED_OVER = frozenset({"/Parent", "/Contents", "/Metadata", "/Length", "/LastModified", "/PieceInfo"})
_INHERITED = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
_BEGIN_LAYER = re.compile(rb"/OC /(\S+) BDC")
_END_LAYER = b"EMC"
_PIECE = 1 << 20


@dataclass(frozen=True)
class PdfPage:
    """A page.

    Attributes:
        pictures: uint8 (H, W, 3) each, in the numbers of their profile, by name.
        operators: the lines that draw on it, each with the name of its layer; empty outside of one.
        facts: what else there is, such as boxes and profiles: where it stands, and its value or its content's SHA-256.
    """

    pictures: dict[str, NDArray[np.uint8]]
    operators: list[tuple[str, bytes]]
    facts: dict[str, str]


def pdf_pages(path: Path) -> Iterator[PdfPage]:
    """The pages of a PDF, one by one.

    Raises:
        PictureError: it is damaged, locked by a password, or larger than what is read.
    """
    try:
        with Pdf.open(path) as pdf:
            for page in pdf.pages:
                yield _read(page.obj, pdf)
    except (pikepdf.PdfError, OSError, ValueError, TypeError, RuntimeError, KeyError, zlib.error) as error:
        raise PictureError(f"{path}: not a PDF that can be read ({error})") from error


def _read(page: Object, pdf: Pdf) -> PdfPage:
    inherited = {name: _inherited(page, name) for name in _INHERITED}
    resources = inherited["/Resources"] or Dictionary()
    pictures = dict(_pictures(resources))
    walk = _Walk({f"/Resources/XObject{name}" for name in pictures})
    for name, value in (*inherited.items(), ("", page), ("/OCProperties", pdf.Root.get("/OCProperties"))):
        walk.into(name, value, 0)
    return PdfPage(pictures, list(_operators(page, resources)), walk.facts)


def _inherited(page: Object, name: str) -> Object | None:
    """What a page says of itself, or else the nodes of the tree of pages above it."""
    for _ in range(_MOST_DEPTH):
        found, above = page.get(name), page.get("/Parent")
        if found is not None or above is None:
            return found
        page = above
    return None


def _pictures(resources: Object) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Those of three colours of 8 bits; others stand among the facts."""
    for name, found in resources.get("/XObject", Dictionary()).items():
        if not isinstance(found, Stream) or found.get("/Subtype") != Name.Image or found.get("/BitsPerComponent") != 8:
            continue
        width, height = int(found.get("/Width", 0)), int(found.get("/Height", 0))
        if not 0 < width * height <= MAX_PIXELS:
            continue
        content = _content(found)
        if len(content) == 3 * width * height:
            yield name, np.frombuffer(content, np.uint8).reshape(height, width, 3)


def _operators(page: Object, resources: Object) -> Iterator[tuple[str, bytes]]:
    contents = page.get("/Contents", Array())
    streams = [contents] if isinstance(contents, Stream) else list(contents)
    groups = resources.get("/Properties", Dictionary())
    layer = ""
    for line in b"\n".join(map(_content, streams)).splitlines():
        begun = _BEGIN_LAYER.fullmatch(line)
        if begun is not None:
            layer = str(groups.get(f"/{begun[1].decode('latin-1')}", Dictionary()).get("/Name", begun[1]))
        yield layer, line
        if line == _END_LAYER:
            layer = ""


def _content(stream: Object) -> bytes:
    """The content unpacked, or packed by whatever but Flate it was.

    Raises:
        ValueError: it is larger than what is read.
    """
    packed = stream.read_raw_bytes()
    filters = stream.get("/Filter")
    if isinstance(filters, Array) and len(filters) == 1:
        filters = filters[0]
    if filters != Name.FlateDecode:
        return packed
    _check_size(packed)
    return stream.read_bytes()


def _check_size(packed: bytes) -> None:
    """Raise before a small file becomes gigabytes in memory."""
    unpacker, size = zlib.decompressobj(), 0
    while packed and not unpacker.eof:
        size += len(unpacker.decompress(packed, _PIECE))
        packed = unpacker.unconsumed_tail
        if size > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES:,} bytes in one of its streams")


class _Walk:
    """Goes through the objects of a PDF once each, however they hang together."""

    def __init__(self, passed_over: set[str]) -> None:
        self.facts: dict[str, str] = {}
        self._seen: set[tuple[int, int]] = set()
        self._passed_over = passed_over

    def into(self, place: str, found: object, depth: int) -> None:
        """Note an object and all that it holds."""
        if depth > _MOST_DEPTH or len(self.facts) > _MOST_FACTS:
            raise ValueError("its objects are nested too deeply, or too many")
        if isinstance(found, Object) and found.is_indirect:
            if found.objgen in self._seen:
                return
            self._seen.add(found.objgen)
        if isinstance(found, Dictionary | Stream):
            for name, value in sorted(found.items()):
                if name not in _PASSED_OVER:
                    self.into(f"{place}{name}", value, depth + 1)
            if isinstance(found, Stream) and place not in self._passed_over:
                self.facts[f"content of {place}"] = f"sha256 {hashlib.sha256(_content(found)).hexdigest()[:12]}"
        elif isinstance(found, Array) and any(isinstance(each, Dictionary | Stream | Array) for each in found):
            for index, value in enumerate(found):
                self.into(f"{place}[{index}]", value, depth + 1)
        elif isinstance(found, Array):
            self.facts[place] = f"[{' '.join(map(str, found))}]"
        elif found is not None:
            self.facts[place] = str(found)
