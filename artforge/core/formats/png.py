"""PNG of 16 bits a colour, which Pillow does not write; packed while its rows are made.

Source: PNG (Third Edition), https://www.w3.org/TR/png-3/
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from artforge.core.banded_images import BandedImage
from artforge.core.formats.containers import png_chunk, png_words
from artforge.core.formats.medium import Medium
from artforge.core.formats.profiles import convert_image
from artforge.core.formats.scanlines import deflated
from artforge.core.papers import MM_PER_INCH
from artforge.core.pictures import to_deep

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB, _METRE = 2, 1
_INCHES_IN_A_METRE = 1000 / MM_PER_INCH


def write_deep_png(part: Path, picture: BandedImage, packet: bytes, medium: Medium) -> None:
    """Write a PNG of 16 bits a colour.

    Args:
        part: the file.
        picture: its rows.
        packet: XMP; empty for none.
        medium: its resolution and the profile of its colours.
    """
    with part.open("wb") as file:
        file.write(_SIGNATURE)
        for kind, content in _head(picture, packet, medium):
            file.write(png_chunk(kind, content))
        for piece in deflated(to_deep(convert_image(band, medium.profile)) for _, band in picture.bands()):
            if piece:
                file.write(png_chunk(b"IDAT", piece))
        file.write(png_chunk(b"IEND", b""))


def _head(picture: BandedImage, packet: bytes, medium: Medium) -> Iterator[tuple[bytes, bytes]]:
    yield b"IHDR", struct.pack(">IIBBBBB", picture.width, picture.height, 16, _RGB, 0, 0, 0)
    yield b"iCCP", b"ICC Profile\x00\x00" + zlib.compress(medium.profile)
    if medium.dpi is not None:
        per_metre = round(medium.dpi * _INCHES_IN_A_METRE)
        yield b"pHYs", struct.pack(">IIB", per_metre, per_metre, _METRE)
    if packet:
        yield b"iTXt", png_words(packet)
