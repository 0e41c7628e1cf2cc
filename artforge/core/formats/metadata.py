"""What a file says of itself, read from any of the formats that works are written as."""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image as PillowImage

from artforge.core.errors import PictureError
from artforge.core.formats.containers import find_in_gif, find_in_mp4, find_in_svg, join_jpeg_segments
from artforge.core.formats.signatures import SIGNATURE_BYTES, begins_pdf, begins_svg
from artforge.core.formats.video import WEBM_XMP_TAG
from artforge.core.formats.xmp import Label, from_packet

_PILLOW_FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF")
_CORRUPT = (OSError, SyntaxError, ValueError, IndexError, EOFError, MemoryError, RuntimeError)


def read_label(path: Path) -> Label:
    """The words in a file of any format that is written here; an empty label where it carries none.

    No pixel is decoded, except where Pillow must.

    Raises:
        PictureError: no such file, none of these formats, damaged, or its metadata is no XMP or too large.
    """
    try:
        with path.open("rb") as file:
            head = file.read(SIGNATURE_BYTES)
    except OSError as error:
        raise PictureError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        packet, extension = _packets(path, head)
        label = from_packet(packet) if packet else Label()
        return label if extension is None or label.record else from_packet(extension)
    except PictureError as error:
        told = str(error)
        raise PictureError(told if told.startswith(str(path)) else f"{path}: {told}") from error


def _packets(path: Path, head: bytes) -> tuple[bytes | None, bytes | None]:
    """The XMP packet of a file, and the one that extends it."""
    if head[:4] == b"GIF8":
        return find_in_gif(path), None
    if head[4:8] == b"ftyp" and head[8:12] not in (b"avif", b"avis"):
        return find_in_mp4(path), None
    if head[:4] == b"\x1aE\xdf\xa3":
        return _of_webm(path), None
    if begins_svg(head):
        return find_in_svg(path), None
    if begins_pdf(head):
        from artforge.core.formats.pdf import find_in_pdf  # noqa: PLC0415 - loads a library that only these files need

        return find_in_pdf(path), None
    return _of_picture(path)


def _of_picture(path: Path) -> tuple[bytes | None, bytes | None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata and large pictures: nothing is decoded here
            with PillowImage.open(path, formats=_PILLOW_FORMATS) as opened:
                packet = opened.info.get("xmp")
                segments = getattr(opened, "applist", [])
    except (*_CORRUPT, PillowImage.DecompressionBombError) as error:
        raise PictureError(f"not a picture or film that can be read ({error})") from error
    if isinstance(packet, str):
        packet = packet.encode()
    return packet, join_jpeg_segments(segments)


def _of_webm(path: Path) -> bytes | None:
    import av  # noqa: PLC0415 - a fifth of a second that only films pay

    try:
        with path.open("rb") as file, av.open(file, "r", format="matroska", metadata_errors="replace") as container:
            text = container.metadata.get(WEBM_XMP_TAG)
    except (av.error.FFmpegError, OSError) as error:
        raise PictureError(f"not a film that can be read ({error})") from error
    return text.encode() if text else None
