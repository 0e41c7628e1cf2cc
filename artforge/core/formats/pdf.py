"""PDF for print: one page of an exact size with its trim and bleed, a picture without loss or vector drawings on it.

Source: PDF 32000-1:2008, 7.7.3.3 page objects, 8.9.5 image dictionaries, 8.11 optional content, 14.11.2 page
boundaries.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, String

from artforge.core.banded_images import BandedImage
from artforge.core.errors import PictureError
from artforge.core.files import atomic_path
from artforge.core.formats.medium import Medium
from artforge.core.formats.profiles import convert, srgb_profile
from artforge.core.formats.scanlines import deflated
from artforge.core.formats.xmp import MAX_PACKET, Label, to_packet
from artforge.core.papers import MM_PER_INCH, Page
from artforge.core.pictures import to_bytes

_POINTS_IN_A_MM = 72 / MM_PER_INCH
_MOST_UNITS = 14_400  # of an edge: what readers take
_VERSION = "1.6"
_PNG_FILTERS = 15
_LEVEL = 9
_ROUND = b"1 J 1 j\n"  # ends and corners of lines


class VectorLayer(NamedTuple):
    """Drawings that can be shown or hidden together, such as all that one pen draws.

    Attributes:
        name: as viewers list it.
        operators: of PDF, in millimetres from the trimmed sheet's top left corner, y downwards; colours are sRGB.
    """

    name: str
    operators: bytes


def write_picture_pdf(path: Path, picture: BandedImage, label: Label | None, medium: Medium) -> None:
    """Write a page that a picture fills to the edge of its bleed, every pixel kept.

    Args:
        path: the file; written in place.
        picture: with its bleed.
        label: what it says of itself; nothing where None.
        medium: its page, or the dpi that tells its size, and the profile of its colours.
    """
    packed = b"".join(deflated(convert(to_bytes(band), medium.profile) for _, band in picture.bands()))
    picture.let_go()
    with Pdf.new() as pdf:
        image = pdf.make_stream(
            packed,
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=picture.width,
            Height=picture.height,
            BitsPerComponent=8,
            ColorSpace=_colors(pdf, medium.profile),
            Filter=Name.FlateDecode,
            DecodeParms=Dictionary(Predictor=_PNG_FILTERS, Colors=3, BitsPerComponent=8, Columns=picture.width),
        )
        page = medium.page_of(picture.height, picture.width)
        width, height = (_number(edge) for edge in _media(page))
        placed = f"q {width} 0 0 {height} 0 0 cm /Picture Do Q\n".encode()
        _add_page(pdf, page, placed, Dictionary(XObject=Dictionary(Picture=image)))
        _save(pdf, path, label)


def write_vector_pdf(path: Path, layers: Sequence[VectorLayer], page: Page, label: Label | None = None) -> None:
    """Write a page of vector drawings, whole or not at all; the same drawings always give the same bytes.

    Args:
        path: where it goes.
        layers: the lowest first; lines have round ends and corners unless their operators say otherwise.
        page: the sheet; what lies beyond its bleed is cut off.
        label: what it says of itself; nothing where None.

    Raises:
        OutputError: the folder cannot be written to.
    """
    scale = _units_in_a_mm(page)
    left, top = page.bleed * scale, (page.height + page.bleed) * scale
    unit = _number(scale)
    parts = [f"q {unit} 0 0 -{unit} {_number(left)} {_number(top)} cm\n".encode(), _ROUND]
    with atomic_path(path) as part, Pdf.new() as pdf:
        groups = [pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String(layer.name))) for layer in layers]
        for index, layer in enumerate(layers):
            parts += [f"/OC /L{index} BDC\nq\n".encode(), layer.operators, b"\nQ\nEMC\n"]
        resources = Dictionary(
            ColorSpace=Dictionary(DefaultRGB=_colors(pdf, srgb_profile())),
            Properties=Dictionary({f"/L{index}": group for index, group in enumerate(groups)}),
        )
        _add_page(pdf, page, b"".join([*parts, b"Q\n"]), resources)
        shown = Dictionary(Order=Array(groups), ON=Array(groups))
        pdf.Root.OCProperties = Dictionary(OCGs=Array(groups), D=shown)
        _save(pdf, part, label)


def find_in_pdf(path: Path) -> bytes | None:
    """The XMP packet of a PDF file, or None.

    Raises:
        PictureError: it is damaged, locked by a password, or its packet is too large.
    """
    try:
        with Pdf.open(path) as pdf:
            stream = pdf.Root.get("/Metadata")
            if not isinstance(stream, pikepdf.Stream):
                return None
            content = stream.read_raw_bytes()
            kind = stream.get("/Filter")
    except (pikepdf.PdfError, OSError, ValueError, TypeError, RuntimeError, KeyError) as error:
        raise PictureError(f"not a PDF that can be read ({error})") from error
    if kind is None:
        return content
    if kind != Name.FlateDecode:
        return None
    try:
        return zlib.decompressobj().decompress(content, MAX_PACKET + 1)
    except zlib.error as error:
        raise PictureError(f"not a PDF that can be read ({error})") from error


def _points_in_a_unit(page: Page) -> int:
    """1, or more where the page is longer than 200 inches in points."""
    longest = max(page.width, page.height) + 2 * page.bleed
    return max(1, math.ceil(round(longest * _POINTS_IN_A_MM / _MOST_UNITS, 6)))


def _units_in_a_mm(page: Page) -> float:
    return _POINTS_IN_A_MM / _points_in_a_unit(page)


def _media(page: Page) -> tuple[float, float]:
    """Width and height of the whole sheet in the page's units."""
    scale = _units_in_a_mm(page)
    return (page.width + 2 * page.bleed) * scale, (page.height + 2 * page.bleed) * scale


def _add_page(pdf: Pdf, page: Page, operators: bytes, resources: Dictionary) -> None:
    width, height = _media(page)
    bleed = page.bleed * _units_in_a_mm(page)
    whole, trimmed = _box(0, 0, width, height), _box(bleed, bleed, width - bleed, height - bleed)
    content = pdf.make_stream(zlib.compress(operators, _LEVEL), Filter=Name.FlateDecode)
    described = Dictionary(
        Type=Name.Page,
        MediaBox=whole,
        BleedBox=whole,
        TrimBox=trimmed,
        Resources=resources,
        Contents=content,
    )
    points = _points_in_a_unit(page)
    if points > 1:
        described.UserUnit = points
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(described)))


def _box(*corners: float) -> Array:
    return Array([pikepdf.Object.parse(_number(corner).encode()) for corner in corners])


def _number(value: float) -> str:
    """Without an exponent, which PDF does not know; a hundred-thousandth of a point is finer than any press."""
    return f"{value:.5f}".rstrip("0").rstrip(".") or "0"


def _colors(pdf: Pdf, profile: bytes) -> Array:
    stream = pdf.make_stream(zlib.compress(profile, _LEVEL), N=3, Alternate=Name.DeviceRGB, Filter=Name.FlateDecode)
    return Array([Name.ICCBased, stream])


def _save(pdf: Pdf, path: Path, label: Label | None) -> None:
    """Write the file: its words as they are, for whoever looks for them, and nothing of the time."""
    if label is not None:
        pdf.Root.Metadata = pdf.make_stream(to_packet(label), Type=Name.Metadata, Subtype=Name.XML)
        words = {"/Title": label.title, "/Author": label.creator, "/Subject": label.description, "/Creator": label.tool}
        for name, text in words.items():
            if text:
                pdf.docinfo[name] = String(text)
    pdf.save(path, min_version=_VERSION, compress_streams=False, deterministic_id=True)
