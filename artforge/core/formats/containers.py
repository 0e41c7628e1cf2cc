"""Where XMP stands in files that neither Pillow nor PyAV writes it into: each has its place for it, and one function.

Sources: XMP Specification Part 3, Storage in Files (Adobe, 2020), sections 1.1.2 GIF, 1.1.3 JPEG, 2.1 MP4;
PNG (Third Edition), 11.3.3.4 iTXt; WebP Container Specification; ISO/IEC 14496-12, 4.2 boxes.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import zlib
from html import escape
from pathlib import Path
from typing import IO

from artforge.core.errors import PictureError
from artforge.core.formats.xmp import MAX_PACKET

PNG_KEYWORD = "XML:com.adobe.xmp"
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER = len(_PNG_SIGNATURE) + 8 + 13 + 4  # with IHDR, which is always first

_GIF_XMP = b"\x21\xff\x0bXMP DataXMP"
_GIF_TRAILER = bytes([1, *range(255, -1, -1), 0])
"""Readers that know no XMP take the packet for blocks; wherever they land in this ramp, it leads them to its end."""

_MP4_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_WEBP_XMP_FLAG = 0x04
_MAX_BOXES = 10_000

_JPEG_EXTENDED = b"http://ns.adobe.com/xmp/extension/\x00"
_JPEG_PART = 65_000
_SVG_START = re.compile(r"<svg\b[^>]*?(/?)>")
_SVG_PACKET = re.compile(rb"<x:xmpmeta\b.*?</x:xmpmeta>", re.DOTALL)


# -- PNG and APNG ----------------------------------------------------------------------------------------------------


def put_into_png(path: Path, packet: bytes) -> None:
    """Add a text chunk behind the header of a PNG or APNG file."""
    _insert(path, _PNG_HEADER, png_chunk(b"iTXt", png_words(packet)))


def png_words(packet: bytes) -> bytes:
    """A packet as the content of a text chunk; not compressed: the specification asks for it."""
    return PNG_KEYWORD.encode() + b"\x00\x00\x00\x00\x00" + packet


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk with its length and its checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))


# -- GIF -------------------------------------------------------------------------------------------------------------


def put_into_gif(path: Path, packet: bytes) -> None:
    """Add an application extension before the first picture of a GIF file."""
    with path.open("rb") as file:
        offset = _gif_start(file.read(13))
    _insert(path, offset, _GIF_XMP + packet + _GIF_TRAILER)


def find_in_gif(path: Path) -> bytes | None:
    """The packet of a GIF file, whose extensions are looked through up to the first picture."""
    with path.open("rb") as file:
        file.seek(_gif_start(file.read(13)))
        while True:
            start = file.tell()
            introducer = file.read(len(_GIF_XMP))
            if introducer == _GIF_XMP:
                content = file.read(MAX_PACKET + len(_GIF_TRAILER))
                end = content.find(_GIF_TRAILER)
                return content[:end] if end >= 0 else None
            if introducer[:1] != b"\x21":
                return None
            file.seek(start + 2)
            while size := file.read(1):
                if size == b"\x00":
                    break
                file.seek(size[0], os.SEEK_CUR)


def _gif_start(header: bytes) -> int:
    """Where the blocks begin: behind the header and the table of colours."""
    if len(header) < 13:
        raise PictureError("the file is cut short")
    flags = header[10]
    return 13 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0)


# -- WebP ------------------------------------------------------------------------------------------------------------


def put_into_webp(path: Path, packet: bytes) -> None:
    """Add a chunk at the end of an animated WebP file, whose header says that it is there."""
    with path.open("r+b") as file:
        header = file.read(30)
        if header[12:16] != b"VP8X":
            raise PictureError("not a WebP file of the extended kind, which animations are")
        file.seek(20)
        file.write(bytes([header[20] | _WEBP_XMP_FLAG]))
        file.seek(0, os.SEEK_END)
        file.write(b"XMP " + struct.pack("<I", len(packet)) + packet + b"\x00" * (len(packet) % 2))
        size = file.tell() - 8
        file.seek(4)
        file.write(struct.pack("<I", size))


# -- MP4 -------------------------------------------------------------------------------------------------------------


def put_into_mp4(path: Path, packet: bytes) -> None:
    """Add a box at the end of an MP4 file: nothing in front of it moves."""
    with path.open("ab") as file:
        file.write(struct.pack(">I", 8 + len(_MP4_XMP) + len(packet)) + b"uuid" + _MP4_XMP + packet)


def find_in_mp4(path: Path) -> bytes | None:
    """The packet of an MP4 file, looked for among its outermost boxes."""
    end = path.stat().st_size
    with path.open("rb") as file:
        for _ in range(_MAX_BOXES):
            start = file.tell()
            header = file.read(16)
            if len(header) < 8:
                return None
            (size,) = struct.unpack(">I", header[:4])
            if size == 1 and len(header) == 16:
                (size,) = struct.unpack(">Q", header[8:])
            elif size == 0:
                size = end - start
            if header[4:8] == b"uuid":
                file.seek(start + 8)
                if file.read(len(_MP4_XMP)) == _MP4_XMP:
                    return file.read(max(0, min(size - 24, MAX_PACKET + 1)))
            if size < 8 or start + size > end:
                return None
            file.seek(start + size)
    return None


# -- JPEG ------------------------------------------------------------------------------------------------------------


def jpeg_segments(extension: bytes) -> bytes:
    """XMP that is too long for one segment of a JPEG file, as the segments that extend the first packet."""
    digest = jpeg_guid(extension).encode()
    segments = []
    for offset in range(0, len(extension), _JPEG_PART):
        part = extension[offset : offset + _JPEG_PART]
        content = _JPEG_EXTENDED + digest + struct.pack(">II", len(extension), offset) + part
        segments.append(b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content)
    return b"".join(segments)


def jpeg_guid(extension: bytes) -> str:
    """The name by which a JPEG's first packet calls its extension."""
    return hashlib.md5(extension, usedforsecurity=False).hexdigest().upper()


def join_jpeg_segments(segments: list[tuple[str, bytes]]) -> bytes | None:
    """The extension that is spread over a JPEG's segments, or None where there is no whole one."""
    parts: dict[int, bytes] = {}
    total = 0
    for name, content in segments:
        if name == "APP1" and content.startswith(_JPEG_EXTENDED):
            body = content[len(_JPEG_EXTENDED) + 32 :]
            if len(body) >= 8:
                total, offset = struct.unpack(">II", body[:8])
                parts[offset] = body[8:]
    joined = b"".join(parts[offset] for offset in sorted(parts))
    return joined if parts and len(joined) == total <= MAX_PACKET else None


# -- SVG -------------------------------------------------------------------------------------------------------------


def put_into_svg(text: str, packet: bytes, title: str = "") -> str:
    """An SVG's text with title and metadata as the first things in it.

    Raises:
        PictureError: it is no SVG with something in it.
    """
    found = _SVG_START.search(text)
    if found is None or found[1]:
        raise PictureError("not an SVG with something in it")
    named = f"<title>{escape(title, quote=False)}</title>" if title else ""
    return f"{text[: found.end()]}{named}<metadata>{packet.decode()}</metadata>{text[found.end() :]}"


def find_in_svg(path: Path) -> bytes | None:
    """The packet of an SVG file."""
    with path.open("rb") as file:
        found = _SVG_PACKET.search(file.read(MAX_PACKET))
    return found[0] if found else None


def _insert(path: Path, offset: int, inserted: bytes) -> None:
    """Put bytes into the middle of a file; what follows moves back, from its end on, piece by piece."""
    piece = 1 << 20
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        while end > offset:
            start = max(offset, end - piece)
            _move(file, start, end - start, by=len(inserted))
            end = start
        file.seek(offset)
        file.write(inserted)


def _move(file: IO[bytes], start: int, count: int, *, by: int) -> None:
    file.seek(start)
    content = file.read(count)
    file.seek(start + by)
    file.write(content)
