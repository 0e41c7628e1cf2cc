"""Stills at the edge: an Image goes out in any format, with the words that belong to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image as PillowImage
from PIL import PngImagePlugin

from artforge.core.files import atomic_path
from artforge.core.formats.containers import PNG_KEYWORD, jpeg_guid, jpeg_segments
from artforge.core.formats.known import FORMATS, StillFormat
from artforge.core.formats.xmp import Label, to_packet
from artforge.core.pictures import to_bytes
from artforge.core.values import Image

_JPEG_MOST = 65_000
"""Bytes of XMP that a JPEG's first segment holds; the record goes into further ones where it is longer."""
_TIFF_XMP, _TIFF_PREDICTOR = 700, 317
_ENCODER_THREADS = 4  # fixed: the bytes must not hang on the machine's cores


def write_still(
    path: Path, image: Image, still_format: StillFormat, label: Label | None = None, quality: int | None = None
) -> None:
    """Write a picture of 8 bits, whole or not at all.

    The same pixels, words and quality always give the same bytes with the same libraries.

    Args:
        path: where it goes.
        image: float32 (H, W, 3), sRGB, [0, 1].
        still_format: a name of `FORMATS`.
        label: what it says of itself; nothing where None.
        quality: from 1 to 100, of a format that loses something; None takes the format's own.

    Raises:
        OutputError: the folder cannot be written to.
    """
    picture = PillowImage.fromarray(to_bytes(image))
    with atomic_path(path) as part:
        _WRITERS[still_format](part, picture, label, quality or FORMATS[still_format].quality or 0)


def _png(part: Path, picture: PillowImage.Image, label: Label | None, _: int) -> None:
    chunks = PngImagePlugin.PngInfo()
    if label is not None:
        chunks.add_itxt(PNG_KEYWORD, to_packet(label).decode())
    picture.save(part, format="PNG", pnginfo=chunks, compress_level=6)


def _jpeg(part: Path, picture: PillowImage.Image, label: Label | None, quality: int) -> None:
    words: dict[str, bytes] = {}
    if label is not None:
        packet = to_packet(label)
        if len(packet) > _JPEG_MOST:
            extension = to_packet(label)
            packet = to_packet(label, extension=jpeg_guid(extension))
            words["extra"] = jpeg_segments(extension)
        words["xmp"] = packet
    # a chroma sample for every pixel: heat is drawn in thin bright lines of colour
    picture.save(part, format="JPEG", quality=quality, subsampling=0, optimize=True, **words)


def _webp(part: Path, picture: PillowImage.Image, label: Label | None, quality: int) -> None:
    picture.save(part, format="WEBP", quality=quality, method=4, xmp=_packet(label))


def _avif(part: Path, picture: PillowImage.Image, label: Label | None, quality: int) -> None:
    picture.save(
        part,
        format="AVIF",
        quality=quality,
        subsampling="4:4:4",
        speed=6,
        max_threads=_ENCODER_THREADS,
        autotiling=False,
        xmp=_packet(label),
    )


def _tiff(part: Path, picture: PillowImage.Image, label: Label | None, _: int) -> None:
    tags: dict[int, int | bytes] = {_TIFF_PREDICTOR: 2}  # differences of neighbours pack better
    if label is not None:
        tags[_TIFF_XMP] = to_packet(label)
    picture.save(part, format="TIFF", compression="tiff_adobe_deflate", tiffinfo=tags)


def _packet(label: Label | None) -> bytes:
    return b"" if label is None else to_packet(label)


_WRITERS: dict[StillFormat, Callable[[Path, PillowImage.Image, Label | None, int], None]] = {
    "png": _png,
    "jpeg": _jpeg,
    "webp": _webp,
    "avif": _avif,
    "tiff": _tiff,
}
